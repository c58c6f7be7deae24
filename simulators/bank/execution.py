"""Time passing at the bank: due items are executed or refused, day ends cut statements.

Everything happens at its own instant, in order, however late the bank is asked: a clock put
forward by three days executes and cuts what those days would have seen.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from simulators.bank.books import Account, Books, Entry
from simulators.bank.bounces import book_back
from simulators.bank.clock import BankClock, at, moment
from simulators.bank.profiles import Options
from simulators.bank.statements import Statements
from simulators.common.chance import percent
from simulators.common.money import to_minor
from simulators.common.store import Store


@dataclass(frozen=True)
class _Due:
    """An item whose time has come."""

    id: int
    message: int
    message_id: str
    payment_info_id: str
    instruction_id: str
    end_to_end_id: str
    direction: str
    account: str
    counterparty_account: str
    counterparty_name: str
    amount: int
    currency: str
    remittance: str

    @property
    def sign(self) -> int:
        """-1 when money leaves the own account, 1 when it comes in."""
        return -1 if self.direction == "pay" else 1


class Execution:
    """Moves the bank up to the present; callers hold the transaction."""

    def __init__(
        self,
        store: Store,
        books: Books,
        statements: Statements,
        clock: BankClock,
        options: Options,
        seed: int,
    ) -> None:
        self._store = store
        self._books = books
        self._statements = statements
        self._clock = clock
        self._options = options
        self._seed = seed

    def advance(self) -> None:
        """Do all that is due until now."""
        now = self._clock.now()
        while True:
            item_due = self._store.row(
                "SELECT min(due_at) FROM item WHERE state = 'pending' AND due_at <= ?", (now,)
            )
            due_at = None if item_due is None or item_due[0] is None else int(item_due[0])
            day_end, back_at = self._next_day_end(), self._next_bounce(now)
            first = min((one for one in (due_at, back_at) if one is not None), default=None)
            if day_end is not None and day_end <= now and (first is None or day_end <= first):
                self._statements.cut_all(day_end)
            elif back_at is not None and back_at == first:
                self._bounce(back_at)
            elif due_at is not None:
                self._process(due_at)
            else:
                break
        self._cut_automatically(now)

    def _next_bounce(self, now: int) -> int | None:
        found = self._store.row("SELECT min(due_at) FROM bounce_due WHERE due_at <= ?", (now,))
        return None if found is None or found[0] is None else int(found[0])

    def _bounce(self, due_at: int) -> None:
        """Book back what comes back now, unless an administrator was quicker."""
        rows = self._store.rows(
            """SELECT i.* FROM item i JOIN bounce_due b ON b.item = i.id
               WHERE b.due_at = ? AND i.bounced_at IS NULL ORDER BY i.id""",
            (due_at,),
        )
        for item in rows:
            book_back(self._store, self._books, item, "AC04", due_at)
        self._store.execute("DELETE FROM bounce_due WHERE due_at = ?", (due_at,))

    def _plan_bounces(self, executed: Iterable[_Due], due_at: int) -> None:
        """Some payments come back days later; which ones is decided by seed and instruction."""
        day = moment(due_at).date() + timedelta(days=self._options.bounce_days)
        back_at = max(at(day, self._options.opens), due_at)
        for item in executed:
            drawn = percent(self._seed, "bounce", item.instruction_id)
            if item.direction == "pay" and drawn < self._options.bounce_percent:
                self._store.insert("bounce_due", {"item": item.id, "due_at": back_at})

    def _next_day_end(self) -> int | None:
        """The first day end after the oldest booking that is in no statement yet."""
        if self._options.day_end is None:
            return None
        oldest = self._store.row("SELECT min(booked_at) FROM booking WHERE statement IS NULL")
        if oldest is None or oldest[0] is None:
            return None
        booked_at = int(oldest[0])
        day = moment(booked_at).date()
        end = at(day, self._options.day_end)
        return end if end > booked_at else at(day + timedelta(days=1), self._options.day_end)

    def _cut_automatically(self, now: int) -> None:
        if self._options.auto_cut_seconds is None:
            return
        ripe = self._clock.real() - self._options.auto_cut_seconds * 1000
        rows = self._store.rows(
            """SELECT account FROM booking WHERE statement IS NULL
               GROUP BY account HAVING min(recorded_at) <= ?""",
            (ripe,),
        )
        for row in rows:
            account = self._books.account(row["account"])
            if account is not None:
                self._statements.cut(account, now)

    def _process(self, due_at: int) -> None:
        rows = self._store.rows(
            """SELECT i.id, i.message, m.message_id, i.payment_info_id, i.instruction_id,
                 i.end_to_end_id, i.direction, i.account, i.counterparty_account,
                 i.counterparty_name, i.amount, i.currency, i.remittance
               FROM item i JOIN message m ON m.id = i.message
               WHERE i.state = 'pending' AND i.due_at = ? ORDER BY i.id""",
            (due_at,),
        )
        due = [_due(row) for row in rows]
        if not self._options.batch_booking:
            for item in due:
                self._process_together([item], due_at, as_one=False)
            return
        for _, group in groupby(due, key=lambda i: (i.message, i.payment_info_id, i.account)):
            self._process_together(group, due_at, as_one=True)

    def _process_together(self, items: Iterable[_Due], due_at: int, as_one: bool) -> None:
        """Judge each item; book those executed, each by itself or as one amount."""
        executed: list[_Due] = []
        committed = 0
        for item in items:
            own = self._books.account(item.account)
            counterparty = self._books.account(item.counterparty_account)
            code = self._judge(item, own, counterparty, committed)
            if code:
                self._store.execute(
                    "UPDATE item SET state = 'refused', code = ? WHERE id = ?", (code, item.id)
                )
                continue
            executed.append(item)
            committed += item.sign * item.amount
            self._move_counterparty(item, own, counterparty, due_at)
        if not executed:
            return
        first = executed[0]
        lost = percent(self._seed, "lose reference", self._books.next_number())
        silenced = not as_one and self._books.silenced(first.counterparty_account)
        shown = lost >= self._options.lose_reference_percent and not silenced
        entry = Entry(
            account=first.account,
            amount=committed,
            kind="payment" if first.direction == "pay" else "collection",
            counterparty_account="" if as_one else first.counterparty_account,
            counterparty_name="" if as_one else first.counterparty_name,
            remittance="" if as_one or silenced else first.remittance,
            message_id=first.message_id if shown else "",
            instruction_id=first.instruction_id if shown and not as_one else "",
            end_to_end_id=first.end_to_end_id if shown and not as_one else "",
            item_count=len(executed) if as_one else 0,
        )
        reference = self._books.book(entry, due_at).bank_reference
        self._store.execute_many(
            "UPDATE item SET state = 'executed', executed_at = ?, bank_reference = ? WHERE id = ?",
            [(due_at, reference, item.id) for item in executed],
        )
        self._plan_bounces(executed, due_at)

    def _judge(
        self, item: _Due, own: Account | None, counterparty: Account | None, committed: int
    ) -> str:
        """The ISO code an item is refused with, or empty. The own account is looked at first,
        then the counterparty's account, its name, the limit, and last the money."""
        if own is None or own.state == "closed":
            return "AC04"
        if own.state == "frozen" and item.direction == "pay":
            return "AC06"
        if counterparty is not None:
            if counterparty.refuse:
                return counterparty.refuse
            if counterparty.state == "closed":
                return "AC04"
            if counterparty.state == "frozen":
                return "AC06"
            if counterparty.name and counterparty.name != item.counterparty_name:
                return "BE01"
            if counterparty.currency != item.currency:
                return "AM03"
        limit = self._options.item_limit
        if limit is not None and item.amount > to_minor(str(limit), item.currency):
            return "AM02"
        if item.direction == "pay":
            covered = (own.balance or 0) + committed + own.overdraft >= item.amount
        else:
            covered = (
                counterparty is None
                or counterparty.balance is None
                or counterparty.balance + counterparty.overdraft >= item.amount
            )
        return "" if covered else "AM04"

    def _move_counterparty(
        self, item: _Due, own: Account | None, counterparty: Account | None, due_at: int
    ) -> None:
        """The other side: a known balance changes, an own account gets a booking of its own."""
        self._books.move_external(counterparty, -item.sign * item.amount)
        if counterparty is None or counterparty.kind != "own" or own is None:
            return
        self._books.book(
            Entry(
                account=counterparty.number,
                amount=-item.sign * item.amount,
                kind="receipt" if item.direction == "pay" else "debit",
                counterparty_account=own.number,
                counterparty_name=own.name,
                remittance=item.remittance,
                end_to_end_id=item.end_to_end_id,
            ),
            due_at,
        )


def _due(row: sqlite3.Row) -> _Due:
    return _Due(**dict(row))
