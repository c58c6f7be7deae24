"""Delegations of approval and what happened to them; both are only ever added to."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ARRAY, BigInteger, Column, DateTime, ForeignKey, Identity, UniqueConstraint
from sqlalchemy import Text as TextColumn
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class Delegation(SQLModel, table=True):
    """`delegate` may approve in the place of `principal`, from a date to a date."""

    __tablename__ = "delegation"
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    org_id: str = Field(foreign_key="organisation.id")
    """For subjects of this organisation and everything below it."""
    principal: str = Field(foreign_key="user_account.id")
    delegate: str = Field(foreign_key="user_account.id")
    roles: list[str] | None = Field(default=None, sa_column=Column(ARRAY(TextColumn)))
    """Steps of these roles; None: of every role the principal holds himself."""
    categories: list[str] | None = Field(default=None, sa_column=Column(ARRAY(TextColumn)))
    """Business types; None: all."""
    caps: dict[str, int] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    """Most by currency, minor units; a currency without a figure is not covered. None: no cap."""
    valid_from: dt.date
    valid_until: dt.date
    away_until: dt.date | None = None
    """From `valid_from` to this date the principal is away: steps do not count on him."""
    given_by: str = Field(foreign_key="user_account.id")
    """The principal, or an administrator: then a second person confirms."""
    given_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    reason: str


class DelegationEvent(SQLModel, table=True):
    """What happened to a delegation, each once, by whom (`system`: by date)."""

    __tablename__ = "delegation_event"
    __table_args__ = (UniqueConstraint("delegation_id", "kind", name="delegation_event_once"),)
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    org_id: str
    delegation_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("delegation.id"), nullable=False)
    )
    kind: str
    """confirmed | revoked | began | ended | returned"""
    actor: str
    at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    reason: str | None = None
