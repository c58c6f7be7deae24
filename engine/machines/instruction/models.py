"""Payment batches (one message to a bank each), attempts (历史支付记录) and the evidence."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel


def _key() -> Column[int]:
    return Column(BigInteger, Identity(), primary_key=True)


def _instant(*, nullable: bool = False) -> Column[dt.datetime]:
    return Column(DateTime(timezone=True), nullable=nullable)


def _to(target: str, *, nullable: bool = False, index: bool = False) -> Column[int]:
    return Column(BigInteger, ForeignKey(target), nullable=nullable, index=index)


class PaymentBatch(SQLModel, table=True):
    """A payment batch (支付批): one message to one bank about one own account.

    Everything but the three columns at the end is fixed at creation (database trigger), those
    are written once. Its state is derived: `batch_states` or the view payment_batch_state.
    """

    __tablename__ = "payment_batch"
    id: int | None = Field(default=None, sa_column=_key())
    org_id: str
    message_id: str = Field(unique=True)
    """PB20261123-000001: the id the bank knows the message by, 35 characters at most."""
    bank_id: str
    channel: str
    direction: str
    """pay | collect"""
    account_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    account_number: str
    account_name: str
    account_bank_code: str
    """CNAPS 联行号 of the own account's bank branch."""
    currency: str
    value_date: dt.date
    grouping_decision_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, nullable=True)
    )
    item_count: int
    """Items at creation; items taken out before sending are WITHDRAWN attempts."""
    total: int = Field(sa_column=Column(BigInteger, nullable=False))
    """Sum at creation, minor units."""
    created_at: dt.datetime = Field(sa_column=_instant())
    sent_at: dt.datetime | None = Field(default=None, sa_column=_instant(nullable=True))
    """When it was frozen and its sending committed, before the first byte."""
    request_sha256: str | None = None
    """Of the bytes kept as its bank_message of kind request; the same bytes are the copy."""
    layout_hash: str | None = None
    """Of a file: the layout it was written by (bank_layout_version)."""
    accepted_at: dt.datetime | None = Field(default=None, sa_column=_instant(nullable=True))
    """When the bank first said that it has it."""


class BankMessage(SQLModel, table=True):
    """Evidence: bytes that went to or came from a bank, or a person's proof (append-only)."""

    __tablename__ = "bank_message"
    id: int | None = Field(default=None, sa_column=_key())
    org_id: str
    batch_id: int = Field(sa_column=_to("payment_batch.id", index=True))
    attempt_id: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    """Set when the evidence is about one attempt alone."""
    kind: str
    """request | submit_answer | query_answer | no_answer | statement_line | manual | return_file"""
    at: dt.datetime = Field(sa_column=_instant())
    outcome: str
    """ACCEPTED | REJECTED | NOT_SENT | UNKNOWN | FOUND | NOT_FOUND | NO_ANSWER …"""
    note: str | None = None
    payload: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    sha256: str
    """Of `payload`; the database checks it."""


class Attempt(SQLModel, table=True):
    """One attempt to pay or collect one document, by one instruction id.

    Content is fixed at creation; the columns under "course" move with the state machine.
    """

    __tablename__ = "attempt"
    __table_args__ = (
        UniqueConstraint("document_id", "attempt_no"),
        Index(
            "attempt_one_live",
            "document_id",
            unique=True,
            postgresql_where=text(
                "state IN ('READY', 'SENDING', 'PROCESSING', 'UNKNOWN', 'REVIEW', 'PAID',"
                " 'CONFIRMED')"
            ),
        ),
    )
    id: int | None = Field(default=None, sa_column=_key())
    org_id: str
    batch_id: int = Field(sa_column=_to("payment_batch.id", index=True))
    document_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    document_no: str
    attempt_no: int
    """1 for the first attempt of the document, then 2 …"""
    instruction_id: str = Field(unique=True)
    """D20261123-000001-1: InstrId = EndToEndId at the bank, never used twice."""
    content_hash: str
    """Hash approved for the document, re-checked before sending."""
    amount: int = Field(sa_column=Column(BigInteger, nullable=False))
    """Minor units of the batch's currency, always positive."""
    counterparty_name: str
    counterparty_account: str
    counterparty_bank_code: str | None = None
    remittance: str
    # course
    state: str = "READY"
    changed_at: dt.datetime = Field(sa_column=_instant())
    bank_code: str | None = None
    """The bank's own code, or ours when nothing was sent (NOT_SENT, HASH_CHANGED …)."""
    bank_text: str | None = None
    bank_text_zh: str | None = None
    """In Chinese, where the words of `bank_text` are ours; None for a bank's or a person's."""
    bank_reference: str | None = None
    """The bank's own number for it, when told."""
    handling: str | None = None
    """retry_inside | return_to_source | query | confirm | review, by the failure ruleset."""
    decision_id: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    """The failure decision behind `handling`."""
    not_found_count: int = 0
    """Consecutive answers of the bank that do not know it."""
    evidence_id: int | None = Field(default=None, sa_column=_to("bank_message.id", nullable=True))
    """What the present state rests on; no exit from UNKNOWN or REVIEW without a new one."""
    match_no: str | None = None


class AttemptEvent(SQLModel, table=True):
    """One transition of an attempt (append-only, written by the transition trigger)."""

    __tablename__ = "attempt_event"
    id: int | None = Field(default=None, sa_column=_key())
    org_id: str
    attempt_id: int = Field(sa_column=_to("attempt.id", index=True))
    from_state: str
    to_state: str
    at: dt.datetime = Field(sa_column=_instant())
    bank_code: str | None = None
    bank_text: str | None = None
    evidence_id: int | None = Field(default=None, sa_column=_to("bank_message.id", nullable=True))


class AttemptResolution(SQLModel, table=True):
    """A dual-control decision about an attempt in REVIEW (append-only)."""

    __tablename__ = "attempt_resolution"
    id: int | None = Field(default=None, sa_column=_key())
    org_id: str
    attempt_id: int = Field(sa_column=_to("attempt.id"))
    verdict: str
    """paid | not_received"""
    evidence_id: int = Field(sa_column=_to("bank_message.id"))
    decided_by: str
    confirmed_by: str
    """Another person than `decided_by` (database check)."""
    at: dt.datetime = Field(sa_column=_instant())
