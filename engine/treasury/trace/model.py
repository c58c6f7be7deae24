"""One payment from the source document to the ledger and back, as typed steps in order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from engine.base.text import Text


@dataclass(frozen=True, slots=True)
class SourceStep:
    """What came in."""

    source_system: str
    source_document_no: str
    document_batch_no: str
    channel: str
    received_at: dt.datetime
    received_from: str


@dataclass(frozen=True, slots=True)
class DocumentStep:
    """The document itself. `amount` in minor units."""

    id: int
    document_no: str
    org_id: str
    direction: str
    state: str
    business_type: str
    counterparty_name: str | None
    counterparty_account: str | None
    amount: int
    currency: str
    channel: str | None
    account: str | None
    """Our paying or receiving account, bank/number."""
    content_hash: str | None
    waiting: Text | None
    """Code and sentence of what it waits for."""


@dataclass(frozen=True, slots=True)
class DecisionStep:
    """A decision about the document, its batch or its line: which rows fired, by which text."""

    id: int
    kind: str
    ruleset: str
    version: int
    hash: str
    rows: tuple[str, ...]
    facts: Mapping[str, object]
    outcome: object
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class EventStep:
    """One step of the document's course."""

    from_state: str | None
    to_state: str
    actor: str
    at: dt.datetime
    code: str | None
    reason: str | None
    reason_zh: str | None


@dataclass(frozen=True, slots=True)
class ApprovalStep:
    """A step of an approval request, with who decided it, in whose place, and when."""

    round: int
    position: int
    role: str
    state: str
    user: str | None
    on_behalf_of: str | None
    delegation_id: int | None
    verdict: str | None
    comment: str | None
    at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class BankMessageStep:
    """Evidence: what went to or came from the bank."""

    id: int
    kind: str
    outcome: str
    note: str | None
    sha256: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class AttemptStep:
    """One attempt, the payment batch it left in, and the evidence."""

    id: int
    attempt_no: int
    instruction_id: str
    state: str
    bank_code: str | None
    bank_text: str | None
    bank_text_zh: str | None
    bank_reference: str | None
    handling: str | None
    batch_id: int
    message_id: str
    bank_id: str
    batch_items: int
    sent_at: dt.datetime | None
    messages: tuple[BankMessageStep, ...]


@dataclass(frozen=True, slots=True)
class LineStep:
    """A line of the bank's statement. `amount` in minor units."""

    id: int
    booking_date: dt.date
    direction: str
    amount: int
    currency: str
    bank_reference: str | None
    our_reference: str | None
    remittance: str | None
    statement: str | None
    statement_date: dt.date


@dataclass(frozen=True, slots=True)
class MatchStep:
    """A match of the document with statement lines."""

    match_no: str
    kind: str
    state: str
    rule_row: str | None
    matched_by: str
    matched_at: dt.datetime
    retire_reason: str | None
    lines: tuple[LineStep, ...]


@dataclass(frozen=True, slots=True)
class VoucherLineStep:
    """A voucher line, minor units."""

    account: str
    account_en: str
    account_zh: str
    debit: int
    credit: int
    text: str
    dimensions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class VoucherStep:
    """A voucher the document led to."""

    number: str
    event: str
    date: dt.date
    currency: str
    reverses: str | None
    lines: tuple[VoucherLineStep, ...]


@dataclass(frozen=True, slots=True)
class MessageStep:
    """A message to the source system."""

    message_id: str
    status: str
    state: str
    attempts: int
    created_at: dt.datetime
    acked_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Trace:
    """Everything about one document."""

    source: SourceStep
    document: DocumentStep
    decisions: tuple[DecisionStep, ...]
    approvals: tuple[ApprovalStep, ...]
    attempts: tuple[AttemptStep, ...]
    matches: tuple[MatchStep, ...]
    vouchers: tuple[VoucherStep, ...]
    messages: tuple[MessageStep, ...]
    events: tuple[EventStep, ...]
