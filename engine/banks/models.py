"""What persons set of banks while the product runs."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, Column, DateTime, Identity
from sqlmodel import Field, SQLModel


class BankParameter(SQLModel, table=True):
    """One change (append-only). The newest of its kind stands; without value it says nothing."""

    __tablename__ = "bank_parameter"
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    org_id: str
    bank_id: str
    channel: str = ""
    """Empty: every channel."""
    name: str
    currency: str = ""
    value: str | None = None
    changed_by: str
    reason: str
    changed_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
