"""Cutting statements: a numbered run of bookings whose opening is the previous closing."""

import sqlite3
from dataclasses import dataclass

from simulators.bank.books import Account, Booking, Books, booking_of
from simulators.common.store import Store


@dataclass(frozen=True)
class Statement:
    """One closed statement; opening and closing in minor units."""

    id: int
    account: str
    sequence: int
    from_at: int
    to_at: int
    opening: int
    closing: int


class Statements:
    """Cut and read statements; callers hold the transaction."""

    def __init__(self, store: Store, books: Books) -> None:
        self._store = store
        self._books = books

    def cut(self, account: Account, now: int, empty: bool = False) -> Statement | None:
        """Close a statement with all bookings not in one yet; None when there are none."""
        count = self._store.number(
            "SELECT count(*) FROM booking WHERE account = ? AND statement IS NULL",
            (account.number,),
        )
        if count == 0 and not empty:
            return None
        last = self._last(account.number)
        opening = last.closing if last else account.opening or 0
        total = self._store.number(
            "SELECT sum(amount) FROM booking WHERE account = ? AND statement IS NULL",
            (account.number,),
        )
        sequence = last.sequence + 1 if last else 1
        from_at = min(last.to_at if last else account.created_at, now)
        closing = opening + total
        statement = self._store.execute(
            """INSERT INTO statement (account, sequence, from_at, to_at, opening, closing)
               VALUES (?,?,?,?,?,?)""",
            (account.number, sequence, from_at, now, opening, closing),
        )
        self._store.execute(
            "UPDATE booking SET statement = ? WHERE account = ? AND statement IS NULL",
            (statement, account.number),
        )
        return Statement(statement, account.number, sequence, from_at, now, opening, closing)

    def cut_all(self, now: int, empty: bool = False) -> list[Statement]:
        """Cut every own account."""
        cuts = [self.cut(a, now, empty) for a in self._books.accounts() if a.kind == "own"]
        return [statement for statement in cuts if statement is not None]

    def after(self, account: str, sequence: int, limit: int = -1) -> list[Statement]:
        """Statements of an account with a higher sequence, oldest first (limit -1: all)."""
        rows = self._store.rows(
            "SELECT * FROM statement WHERE account = ? AND sequence > ? ORDER BY sequence LIMIT ?",
            (account, sequence, limit),
        )
        return [_statement(row) for row in rows]

    def find(self, account: str, sequence: int) -> Statement | None:
        """One statement of an account."""
        row = self._store.row(
            "SELECT * FROM statement WHERE account = ? AND sequence = ?", (account, sequence)
        )
        return None if row is None else _statement(row)

    def bookings(self, statement: Statement) -> list[Booking]:
        """The lines of a statement in booking order."""
        rows = self._store.rows(
            "SELECT * FROM booking WHERE statement = ? ORDER BY id", (statement.id,)
        )
        return [booking_of(row) for row in rows]

    def _last(self, account: str) -> Statement | None:
        row = self._store.row(
            "SELECT * FROM statement WHERE account = ? ORDER BY sequence DESC LIMIT 1", (account,)
        )
        return None if row is None else _statement(row)


def _statement(row: sqlite3.Row) -> Statement:
    return Statement(**dict(row))
