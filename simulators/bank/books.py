"""Accounts and bookings: every change of a balance is one row with the balance after it."""

import sqlite3
from dataclasses import asdict, dataclass, fields

from simulators.bank.clock import BankClock, moment
from simulators.common.fields import Fields, Refused
from simulators.common.money import BadAmount, is_currency, to_minor
from simulators.common.store import SqlValue, Store

_KINDS = ("own", "external")
_ACCOUNT_FIELDS = (
    *("number", "name", "currency", "balance", "bank_code"),
    *("kind", "state", "overdraft", "refuse"),
)
_STATES = ("active", "closed", "frozen")


@dataclass(frozen=True)
class Account:
    """An account at this bank, or a counterparty's it knows. A balance of None: enough."""

    number: str
    name: str
    currency: str
    kind: str
    state: str
    refuse: str
    bank_code: str
    overdraft: int
    opening: int | None
    balance: int | None
    created_at: int


@dataclass(frozen=True)
class Entry:
    """A booking to be made: signed minor units, and what the statement will say of it."""

    account: str
    amount: int
    kind: str
    counterparty_account: str = ""
    counterparty_name: str = ""
    remittance: str = ""
    message_id: str = ""
    instruction_id: str = ""
    end_to_end_id: str = ""
    return_code: str = ""
    return_text: str = ""
    item_count: int = 0
    """0 for a single booking; n when n items were booked as one."""


@dataclass(frozen=True)
class Booking:
    """A booking made: entry, running balance, instant, the bank's own reference."""

    bank_reference: str
    balance: int
    booked_at: int
    entry: Entry


def short_text(given: Fields, name: str, longest: int, default: str | None = None) -> str:
    """A text of at most so many characters; raises Refused."""
    text = given.text(name, default)
    if len(text) > longest:
        raise Refused(f"{name} is longer than {longest} characters")
    return text


def amount_of(given: Fields, name: str, currency: str, default: str | None = None) -> int:
    """Minor units of a decimal string; raises Refused."""
    try:
        return to_minor(given.text(name, default), currency)
    except BadAmount as error:
        raise Refused(f"{name}: {error}") from error


def _choice(given: Fields, name: str, choices: tuple[str, ...], default: str) -> str:
    value = given.text(name, default)
    if value not in choices:
        raise Refused(f"{name} must be one of {', '.join(choices)}")
    return value


class Books:
    """The bank's ledger; callers hold the transaction."""

    def __init__(self, store: Store, clock: BankClock, letter: str) -> None:
        self._store = store
        self._clock = clock
        self._letter = letter

    def account(self, number: str) -> Account | None:
        """The account of that number, if the bank knows it."""
        row = self._store.row("SELECT * FROM account WHERE number = ?", (number,))
        return None if row is None else Account(**dict(row))

    def own(self, number: str) -> Account | None:
        """The account of that number if it is ours at this bank."""
        found = self.account(number)
        return found if found is not None and found.kind == "own" else None

    def accounts(self) -> list[Account]:
        """All known accounts by number."""
        rows = self._store.rows("SELECT * FROM account ORDER BY number")
        return [Account(**dict(row)) for row in rows]

    def silence(self, counterparty_account: str) -> None:
        """Book payments with this counterparty with neither reference nor text from now on."""
        self._store.execute(
            "INSERT INTO silenced VALUES (?) ON CONFLICT DO NOTHING", (counterparty_account,)
        )

    def silenced(self, counterparty_account: str) -> bool:
        """Whether statement lines with this counterparty carry no reference and no text."""
        found = self._store.row(
            "SELECT 1 FROM silenced WHERE counterparty_account = ?", (counterparty_account,)
        )
        return found is not None

    def register(self, given: Fields) -> None:
        """Create or change an account; its balance is taken at creation only."""
        given.only(_ACCOUNT_FIELDS)
        number = short_text(given, "number", 34)
        known = self.account(number)
        currency = given.text("currency", known.currency if known else "CNY")
        if not number or not is_currency(currency):
            raise Refused("an account needs a number and a currency like CNY")
        if known is not None and known.currency != currency:
            raise Refused(f"{number}: the currency of an account cannot change", 409)
        kind = _choice(given, "kind", _KINDS, known.kind if known else "own")
        if known is not None and known.kind != kind:
            raise Refused(f"{number}: own and external cannot change", 409)
        if given.has("balance") or kind == "own":
            opening: int | None = amount_of(given, "balance", currency, "0")
        else:
            opening = None
        name = short_text(given, "name", 140, known.name if known else "")
        state = _choice(given, "state", _STATES, known.state if known else "active")
        refuse = short_text(given, "refuse", 4, known.refuse if known else "")
        bank_code = short_text(given, "bank_code", 35, known.bank_code if known else "")
        overdraft = (
            amount_of(given, "overdraft", currency, "0")
            if given.has("overdraft") or known is None
            else known.overdraft
        )
        described: dict[str, SqlValue] = {
            "name": name,
            "state": state,
            "refuse": refuse,
            "bank_code": bank_code,
            "overdraft": overdraft,
        }
        if known is not None:
            self._store.execute(
                """UPDATE account SET name = ?, state = ?, refuse = ?, bank_code = ?, overdraft = ?
                   WHERE number = ?""",
                (*described.values(), number),
            )
            return
        self._store.insert(
            "account",
            {
                "number": number,
                "currency": currency,
                "kind": kind,
                "opening": opening,
                "balance": opening,
                "created_at": self._clock.now(),
            }
            | described,
        )

    def move_external(self, account: Account | None, amount: int) -> None:
        """Change the balance of a counterparty whose balance the bank knows."""
        if account is not None and account.kind == "external" and account.balance is not None:
            self._change(account.number, amount)

    def book(self, entry: Entry, booked_at: int) -> Booking:
        """Book on an own account; returns the booking with its reference and balance."""
        balance = self._change(entry.account, entry.amount)
        number = self.next_number()
        reference = f"{self._letter}{moment(booked_at):%Y%m%d}{number:010d}"
        made: dict[str, SqlValue] = {
            "id": number,
            "bank_reference": reference,
            "balance": balance,
            "booked_at": booked_at,
            "recorded_at": self._clock.real(),
        }
        self._store.insert("booking", made | asdict(entry))
        return Booking(reference, balance, booked_at, entry)

    def next_number(self) -> int:
        """The number the next booking will have."""
        return self._store.number("SELECT coalesce(max(id), 0) + 1 FROM booking")

    def held(self, number: str) -> int:
        """Minor units of accepted payments of an account that are not processed yet."""
        return self._store.number(
            """SELECT sum(amount) FROM item
               WHERE state = 'pending' AND direction = 'pay' AND account = ?""",
            (number,),
        )

    def last_event(self) -> int:
        """The latest instant the bank has written anything at; its clock cannot go before."""
        return self._store.number(
            """SELECT max(instant) FROM (SELECT max(booked_at) AS instant FROM booking UNION ALL
               SELECT max(accepted_at) FROM message UNION ALL SELECT max(to_at) FROM statement)"""
        )

    def _change(self, number: str, amount: int) -> int:
        self._store.execute(
            "UPDATE account SET balance = balance + ? WHERE number = ?", (amount, number)
        )
        return self._store.number("SELECT balance FROM account WHERE number = ?", (number,))


def booking_of(row: sqlite3.Row) -> Booking:
    """A booking read back from its table."""
    entry = Entry(**{field.name: row[field.name] for field in fields(Entry)})
    return Booking(row["bank_reference"], row["balance"], row["booked_at"], entry)
