"""General ledger accounts, vouchers and their lines. Amounts are minor units."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Identity
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class GlAccount(SQLModel, table=True):
    """An account of the general ledger 会计科目."""

    __tablename__ = "gl_account"
    code: str = Field(primary_key=True)
    org_id: str
    name_en: str
    name_zh: str
    nature: str
    """asset | liability | equity | income | expense"""


class VoucherCounter(SQLModel, table=True):
    """The last voucher number of a legal entity in a month."""

    __tablename__ = "voucher_counter"
    legal_entity_id: str = Field(primary_key=True)
    month: dt.date = Field(primary_key=True)
    """First day of the month."""
    org_id: str
    last_number: int = Field(sa_column=Column(BigInteger, nullable=False))


class Voucher(SQLModel, table=True):
    """A voucher 凭证 (append-only). It balances at commit, or the commit is refused."""

    __tablename__ = "voucher"
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    org_id: str
    legal_entity_id: str
    number: str = Field(unique=True)
    """<legal entity>-<year and month>-<running number>, e.g. SH-202611-000017."""
    event_id: str = Field(unique=True)
    """The business event posted; the same event is never posted twice."""
    content_hash: str
    """SHA-256 of the draft, to tell a repeated event from a changed one."""
    currency: str
    voucher_date: dt.date
    voucher_type: str
    text: str
    """摘要"""
    reversal_of: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("voucher.id"), unique=True)
    )
    created_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class VoucherLine(SQLModel, table=True):
    """A line of a voucher (append-only): exactly one of debit and credit is above zero."""

    __tablename__ = "voucher_line"
    voucher_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("voucher.id"), primary_key=True)
    )
    line_no: int = Field(primary_key=True)
    org_id: str
    account: str = Field(foreign_key="gl_account.code")
    debit: int = Field(sa_column=Column(BigInteger, nullable=False))
    credit: int = Field(sa_column=Column(BigInteger, nullable=False))
    currency: str
    dimensions: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    """Organisation, bank account, counterparty, cash-flow item …"""
    text: str
