"""Bank accounts and their balances as the bank reported them."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, Column, DateTime, Identity, UniqueConstraint
from sqlmodel import Field, SQLModel


class BankAccount(SQLModel, table=True):
    """One bank account of the group."""

    __tablename__ = "bank_account"
    __table_args__ = (UniqueConstraint("bank_id", "number"),)
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    org_id: str = Field(foreign_key="organisation.id")
    legal_entity_id: str = Field(foreign_key="legal_entity.id")
    bank_id: str
    """Profile name under bank_templates/ (bank_a, bank_b)."""
    number: str
    name: str
    currency: str
    nature: str
    """collection | disbursement | basic | guarantee_deposit | special_purpose | separate"""
    state: str = "active"
    """active | frozen | closed"""
    direct: bool = True
    """Bank-direct: a connector reaches it. Otherwise statements come by file."""
    cnaps: str
    """12-digit bank branch clearing code 联行号."""
    ledger_account: str
    """General ledger account of this bank account, e.g. 100201."""
    statement_sequence: int = 0
    """Sequence of the last imported statement."""


class AccountBalance(SQLModel, table=True):
    """A balance report of the bank (append-only). Minor units."""

    __tablename__ = "account_balance"
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    org_id: str
    account_id: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    as_of: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    bank_booked: int = Field(sa_column=Column(BigInteger, nullable=False))
    """ISO CLBD/ITBD."""
    bank_available: int = Field(sa_column=Column(BigInteger, nullable=False))
    """ISO CLAV/ITAV."""
    source: str
    """connector | statement | manual"""
