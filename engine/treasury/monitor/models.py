"""Events, how far the monitor has read, and which rulesets the second engine may load."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Identity
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class Event(SQLModel, table=True):
    """Something that happened and that `alerts` rulesets may be asked about (append-only)."""

    __tablename__ = "event"
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    org_id: str = Field(foreign_key="organisation.id")
    org_path: str
    """Codes from the root, separated by "/": they choose the branch's parameters."""
    key: str = Field(unique=True)
    """The same key again is the same event."""
    matter: str
    """Events of one matter raise an alert of the same row once."""
    subject: str
    """balance | statement_line | unknown_payment"""
    subject_kind: str
    subject_id: str
    document_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("document.id"), nullable=True)
    )
    """The document it is about, when it is about one."""
    facts: dict[str, object] = Field(sa_column=Column(JSONB, nullable=False))
    """As in the decision log: money as decimal text in major units."""
    revision_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("revision.id"), nullable=True)
    )
    """The revision that was live."""
    business_date: dt.date
    occurred_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    xact: int | None = Field(
        default=None,
        sa_column=Column(BigInteger, server_default=sa.FetchedValue(), nullable=False),
    )
    """The transaction that wrote it."""


class MonitorCursor(SQLModel, table=True):
    """The last row of a stream ("events", "decisions") that was handled, in commit order."""

    __tablename__ = "monitor_cursor"
    name: str = Field(primary_key=True)
    org_id: str | None = None
    xact: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    id: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    handled: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    by_rete: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    """Of those handled, how many the second engine gave its opinion on."""
    disagreed: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    undecided: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    """Of those handled, how many no ruleset could judge."""
    last_at: dt.datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )
    """When the last row handled had happened."""


class SecondOpinion(SQLModel, table=True):
    """What the second engine made of a ruleset version with its parents and parameters."""

    __tablename__ = "second_opinion"
    ruleset_hash: str = Field(primary_key=True, foreign_key="ruleset_version.hash")
    variant: str = Field(primary_key=True)
    """See opinions.variant_of."""
    org_id: str
    state: str = "new"
    """new | good | refused (it cannot take it) | crashed (it killed the process)"""
    tries: int = 0
    """Times it was begun with and not ended."""
    why: str | None = None
    condemned: int = 0
    """Times it became `crashed`."""
