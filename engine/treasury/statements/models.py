"""Statements of bank accounts and their lines (append-only). Amounts are minor units."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    LargeBinary,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class Statement(SQLModel, table=True):
    """One statement as imported. A quarantined one has no lines here, only its `content`."""

    __tablename__ = "statement"
    __table_args__ = (UniqueConstraint("account_id", "content_hash", "state"),)
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    org_id: str
    account_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    bank_statement_id: str | None = None
    sequence: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    """The bank's running number of the account's statements, when it has one."""
    statement_date: dt.date
    currency: str
    opening: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    closing: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    """Balances; a quarantined statement may lack them."""
    line_count: int
    """Lines the bank sent."""
    new_lines: int
    """Of these, lines not known from earlier statements."""
    content_hash: str
    """SHA-256 of `content`."""
    source: str
    """connector | file | manual"""
    state: str
    """accepted | quarantined"""
    quarantine_code: str | None = None
    quarantine_en: str | None = None
    quarantine_zh: str | None = None
    content: dict[str, object] = Field(sa_column=Column(JSONB, nullable=False))
    """The whole statement as read, amounts as decimal text in major units."""
    imported_by: str
    imported_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    file_id: int | None = Field(
        default=None,
        sa_column=Column(BigInteger, ForeignKey("statement_file.id"), nullable=True),
    )
    """The file it was read from."""
    decision_id: int | None = Field(
        default=None,
        sa_column=Column(
            BigInteger, ForeignKey("statement_decision.id", use_alter=True), nullable=True
        ),
    )
    """Two persons took it as it is."""
    difference: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    """What lies between the last closing balance and this one and no line explains."""


class StatementDecision(SQLModel, table=True):
    """What becomes of a quarantined statement: asked by one person, confirmed by another."""

    __tablename__ = "statement_decision"
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    org_id: str
    statement_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("statement.id"), nullable=False)
    )
    wanted: str
    """take | refuse (for good)"""
    reason: str
    proposed_by: str = Field(foreign_key="user_account.id")
    proposed_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    state: str = "open"
    """open | done | declined"""
    decided_by: str | None = Field(default=None, foreign_key="user_account.id")
    decided_at: dt.datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )
    decision_reason: str | None = None


class StatementFile(SQLModel, table=True):
    """A statement file as it came (append-only), and what read it."""

    __tablename__ = "statement_file"
    __table_args__ = (UniqueConstraint("org_id", "sha256", "format"),)
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    org_id: str
    name: str
    sha256: str
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    format: str
    """Of a known format its name, else the layout's."""
    layout_hash: str | None = Field(default=None, foreign_key="bank_layout_version.hash")
    left_out: list[dict[str, object]] = Field(sa_column=Column(JSONB, nullable=False))
    """Lines that are no bookings, each with its reason."""
    imported_by: str
    imported_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class StatementLine(SQLModel, table=True):
    """One booking of the bank. `identity` and `occurrence` tell it from every other."""

    __tablename__ = "statement_line"
    __table_args__ = (
        UniqueConstraint("account_id", "identity", "occurrence"),
        UniqueConstraint("statement_id", "line_no"),
    )
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    org_id: str
    statement_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("statement.id"), nullable=False)
    )
    account_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    line_no: int
    """Place in its statement, from 1."""
    identity: str
    """SHA-256 over what tells lines apart; see engine.treasury.statements.identity."""
    occurrence: int
    """1 for the first line of this identity, 2 for a truly equal second one …"""
    booking_date: dt.date
    value_date: dt.date
    direction: str
    """debit | credit"""
    amount: int = Field(sa_column=Column(BigInteger, nullable=False))
    currency: str
    balance_after: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    bank_reference: str | None = None
    """The bank's own number of the booking."""
    our_reference: str | None = None
    """Our instruction id, or our message id when a batch was booked in one sum."""
    batch_reference: str | None = None
    counterparty_name: str | None = None
    counterparty_account: str | None = None
    remittance: str | None = None
    return_reason: str | None = None
    """Reason code of a returned payment; set on bounces only."""
