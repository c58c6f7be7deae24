"""What a connector does and how it answers. Nothing here raises for what a bank does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from engine.banks.profile import BankProfile
from engine.base.text import SluiceError
from engine.formats.iso20022.pain002 import Reading
from engine.formats.payment import ItemFault, PaymentMessage
from engine.formats.reading import ReadFinding
from engine.formats.statement import BalanceReport, Statement


class BankError(SluiceError):
    """A profile or an endpoint that cannot be used."""


class Submitted(StrEnum):
    """What became of sending a message."""

    ACCEPTED = "ACCEPTED"
    """The bank says it has the message and works on it."""
    REJECTED = "REJECTED"
    """The bank says, about this very message, that it does not carry it out."""
    NOT_SENT = "NOT_SENT"
    """Proven: no byte of the message left this machine."""
    UNKNOWN = "UNKNOWN"
    """Everything else: time-out, broken connection, 5xx, an answer nobody can read."""


@dataclass(frozen=True, slots=True)
class SubmitAnswer:
    """Outcome of a submission. `status` and `reason` are the bank's codes, `raw` its bytes."""

    outcome: Submitted
    status: str | None
    reason: str | None
    text: str | None
    raw: bytes


class Queried(StrEnum):
    """What became of asking about a message."""

    FOUND = "FOUND"
    NOT_FOUND = "NOT_FOUND"
    """The bank says it has never seen the id. Proves nothing by itself."""
    NO_ANSWER = "NO_ANSWER"


@dataclass(frozen=True, slots=True)
class ItemStatus:
    """The bank's word about one item; `reading` bounds what any ruleset may make of it."""

    instruction_id: str
    reading: Reading
    status: str | None
    reason: str | None
    text: str | None
    bank_reference: str | None


@dataclass(frozen=True, slots=True)
class QueryAnswer:
    """What the bank says about a message.

    `whole` is its word about the message as a whole when it names no items (its
    instruction_id is empty then); an item the bank is silent about is unknown.
    """

    outcome: Queried
    whole: ItemStatus | None
    items: tuple[ItemStatus, ...]
    text: str | None
    raw: bytes


@dataclass(frozen=True, slots=True)
class FetchedStatement:
    """A statement with the bytes it came in and what the reader noticed."""

    statement: Statement
    raw: bytes
    findings: tuple[ReadFinding, ...]


def of_statement(findings: Sequence[ReadFinding], place: int) -> tuple[ReadFinding, ...]:
    """What was noticed in the statement at `place` of a message."""
    return tuple(one for one in findings if one.statement == place)


@dataclass(frozen=True, slots=True)
class FetchedStatements:
    """Statements in the bank's order. `more`: ask again after the last one's sequence.

    `findings` are all there are, also those of no statement: what could not be read as one.
    """

    statements: tuple[FetchedStatement, ...]
    more: bool
    findings: tuple[ReadFinding, ...]


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The bank did not answer a question usably; ask again later. `raw` are its bytes."""

    text: str
    raw: bytes = b""


class Connector(Protocol):
    """One bank. Safe to use from several threads."""

    @property
    def profile(self) -> BankProfile:
        """The bank's profile."""
        ...

    def check(self, message: PaymentMessage) -> tuple[ItemFault, ...]:
        """Why items of `message` cannot be written for this bank; empty when all can."""
        ...

    def render(self, message: PaymentMessage) -> bytes:
        """The bytes of `message`, verified against it; FormatError when `check` has faults."""
        ...

    def submit(self, message_id: str, request: bytes) -> SubmitAnswer:
        """Send the rendered bytes once. Never repeats by itself."""
        ...

    def query(self, message_id: str) -> QueryAnswer:
        """Ask what became of a message."""
        ...

    def balance(self, account: str) -> BalanceReport | NoAnswer:
        """The account's balances."""
        ...

    def statements(self, account: str, after: int) -> FetchedStatements | NoAnswer:
        """Statements with a sequence above `after`, a bounded number."""
        ...

    def close(self) -> None:
        """Give connections back."""
        ...


def finality(profile: BankProfile, sent_at: dt.datetime, value_date: dt.date) -> dt.datetime:
    """From when on "not found" of this bank counts (aware, the zone of `sent_at`).

    The later of sending plus the profile's finality hours and the cut-off of the later of
    value date and day of sending (SEMANTICS §6, finality horizon).
    """
    local = sent_at.astimezone(profile.zone)
    day = max(value_date, local.date())
    cut_off = dt.datetime.combine(day, profile.cut_off, profile.zone)
    return max(sent_at + profile.finality, cut_off)


def quiet_until(profile: BankProfile, now: dt.datetime) -> dt.datetime | None:
    """When the quiet period that `now` (aware) lies in ends; None outside of one."""
    if profile.quiet is None:
        return None
    begins, ends = profile.quiet
    local = now.astimezone(profile.zone)
    time = local.time()
    over_night = ends < begins
    inside = (time >= begins or time < ends) if over_night else begins <= time < ends
    if not inside:
        return None
    day = local.date() + dt.timedelta(days=int(over_night and time >= begins))
    return dt.datetime.combine(day, ends, profile.zone)
