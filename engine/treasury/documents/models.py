"""Documents (单据) that pay or collect, their events, and document batches (单据批)."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Identity, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from engine.base.text import Text


class DocumentBatch(SQLModel, table=True):
    """What came in together or was entered together."""

    __tablename__ = "document_batch"
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    batch_no: str = Field(unique=True)
    """DB20261123-000001"""
    org_id: str
    source_system: str
    """file:ORG | page:ORG | the technical user's id (see intake.typing)"""
    source_channel: str
    """import | page | api"""
    file_name: str | None = None
    file_hash: str | None = Field(default=None, unique=True)
    """SHA-256 of the imported file: the same file again gets 409 and the first answer."""
    answer: dict[str, object] | None = Field(default=None, sa_column=Column(JSONB))
    """The answer given at import, repeated for the same file."""
    created_by: str
    created_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    business_date: dt.date


class RefusedRow(SQLModel, table=True):
    """A row of an import that could not become a document (append-only)."""

    __tablename__ = "refused_row"
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    org_id: str
    document_batch_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("document_batch.id"), nullable=False)
    )
    row_number: int
    raw: dict[str, object] = Field(sa_column=Column(JSONB, nullable=False))
    reasons: list[dict[str, object]] = Field(sa_column=Column(JSONB, nullable=False))
    """[{"code", "column", "message_en", "message_zh"}]"""


class Document(SQLModel, table=True):
    """A payment or collection document.

    Content columns never change once the row exists (database trigger); only void. The columns
    under "course" move with the state machine; a trigger holds the transition table, and channel
    and account_id may change only before approval starts (routing).
    """

    __tablename__ = "document"
    __table_args__ = (UniqueConstraint("source_system", "source_document_no"),)
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    document_no: str = Field(unique=True)
    """D20261123-000001"""
    org_id: str = Field(foreign_key="organisation.id")
    document_batch_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("document_batch.id"), nullable=False)
    )
    direction: str
    """pay | collect"""
    source_system: str
    source_document_no: str
    payload_hash: str
    """SHA-256 of the canonical content as received: same key + same hash = same answer."""
    business_type: str
    creditor_type: str | None = None
    counterparty_name: str | None = None
    counterparty_account: str | None = None
    counterparty_bank_code: str | None = None
    """CNAPS 联行号 of the counterparty's bank branch."""
    amount: int = Field(sa_column=Column(BigInteger, nullable=False))
    """Minor units."""
    currency: str
    payment_method: str
    """transfer | cash | cheque | wallet"""
    urgency: str = "normal"
    due_date: dt.date
    purpose: str | None = None
    business_reference: str | None = None
    """Claim, policy or invoice number."""
    payee_is_insured: bool | None = None
    replaces_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("document.id"))
    )
    created_by: str
    created_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    business_date: dt.date
    # course
    state: str = "DRAFT"
    waiting_code: str | None = None
    """Why it does not move on: NO_RULESET, HELD, BLOCKED, NO_ACCOUNT ... with a sentence."""
    waiting_en: str | None = None
    waiting_zh: str | None = None
    channel: str | None = None
    account_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("bank_account.id"))
    )
    """Paying (or receiving) account, by routing."""
    content_hash: str | None = None
    """SHA-256 over content + channel + account, as submitted for approval."""
    match_no: str | None = None
    voucher_no: str | None = None
    booking_date: dt.date | None = None
    """Date of the statement line that confirmed it."""

    @property
    def waiting(self) -> Text | None:
        """Why it does not move on, in both languages; None when nothing holds it up."""
        if self.waiting_code is None:
            return None
        return Text(self.waiting_en or self.waiting_code, self.waiting_zh or self.waiting_code)


class DocumentEvent(SQLModel, table=True):
    """One step of a document's course (append-only)."""

    __tablename__ = "document_event"
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    org_id: str
    document_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("document.id"), nullable=False, index=True)
    )
    from_state: str | None = None
    to_state: str
    actor: str
    at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    reason_code: str | None = None
    reason: str | None = None
    reason_zh: str | None = None
    """In Chinese, where `reason` is ours; None for words of a bank or a person."""
    decision_ids: list[int] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))
