"""Which business event was posted as which voucher (append-only)."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey
from sqlmodel import Field, SQLModel


class PostedEvent(SQLModel, table=True):
    """An event and its voucher; the way from a document or line to the ledger and back."""

    __tablename__ = "posted_event"
    event_id: str = Field(primary_key=True)
    org_id: str
    event: str
    """payment_confirmed, collection_confirmed, fee_charged … or reversal."""
    subject_kind: str
    """document | statement_line"""
    subject_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    group_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("match_group.id"), nullable=True)
    )
    decision_id: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    """None for reversals: they are generated, never ruled."""
    voucher_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("voucher.id"), unique=True, nullable=False)
    )
    at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
