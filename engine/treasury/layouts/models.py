"""Bank layouts in time: drafts with their samples, versions, and what became live when."""

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
from sqlalchemy import Text as TextColumn
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel


class LayoutDraft(SQLModel, table=True):
    """A layout that somebody is writing; it may have errors, and several persons may edit it."""

    __tablename__ = "bank_layout_draft"
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    org_id: str
    name: str
    """Empty while the text cannot be read."""
    text: str
    text_hash: str
    author: str
    editors: list[str] = Field(sa_column=Column(ARRAY(TextColumn), nullable=False))
    """Everybody who wrote at it, the author among them."""
    state: str = "open"
    """open, submitted or dropped."""
    submitted_hash: str | None = None
    created_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    updated_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class LayoutSample(SQLModel, table=True):
    """A file of the bank that the layout has to read, as it came (append-only)."""

    __tablename__ = "bank_layout_sample"
    __table_args__ = (UniqueConstraint("draft_id", "sha256"),)
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    org_id: str
    draft_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("bank_layout_draft.id"), nullable=False)
    )
    name: str
    sha256: str
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    added_by: str
    added_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class LayoutVersion(SQLModel, table=True):
    """A layout's text under its content hash. Nothing changes but that a second person signs it
    or returns it, once."""

    __tablename__ = "bank_layout_version"
    hash: str = Field(primary_key=True)
    """SHA-256 of the text with LF line ends."""
    org_id: str
    """The scope's organisation."""
    bank_id: str
    name: str
    use: str
    """payment_order, payment_return or statement."""
    version: int
    effective_from: dt.date
    file: str
    text: str
    author: str
    editors: list[str] = Field(
        default_factory=list, sa_column=Column(ARRAY(TextColumn), nullable=False)
    )
    """Everybody who wrote at it besides the author; none of them may sign it."""
    draft_id: int | None = Field(
        default=None,
        sa_column=Column(BigInteger, ForeignKey("bank_layout_draft.id"), nullable=True),
    )
    reason: str
    created_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    shipped: bool = False
    """Came with the product: kept here from its first use on."""
    reviewer: str | None = None
    reviewed_at: dt.datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )
    returned_by: str | None = None
    returned_at: dt.datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )
    return_reason: str | None = None


class LayoutActivation(SQLModel, table=True):
    """What became live (append-only). The newest of an organisation and a name stands; without a
    hash the name has none."""

    __tablename__ = "bank_layout_activation"
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    org_id: str
    bank_id: str
    name: str
    hash: str | None = Field(default=None, foreign_key="bank_layout_version.hash")
    cause: str
    """approved, undo or retired."""
    activated_by: str
    reason: str
    at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
