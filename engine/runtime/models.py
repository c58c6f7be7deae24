"""Rows of the runtime: actions, schedules and their runs, holds, inbox, outbox, audit.

`org_id` is None where a row belongs to the system and to no organisation.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from sqlalchemy import BigInteger, Column, DateTime, FetchedValue, Identity
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


def _instant(*, nullable: bool = False) -> Column[dt.datetime]:
    return Column(DateTime(timezone=True), nullable=nullable)


class Action(SQLModel, table=True):
    """A consequence to carry out. States: ready → leased → done, ready again, or dead."""

    __tablename__ = "action"
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    org_id: str | None = None
    kind: str
    key: str = Field(unique=True)
    payload: Mapping[str, object] = Field(sa_column=Column(JSONB, nullable=False))
    due_at: dt.datetime | None = Field(default=None, sa_column=_instant(nullable=True))
    """Business instant; None is at once."""
    state: str = "ready"
    """ready | leased | done | dead (given up; somebody must look)"""
    lease_until: dt.datetime | None = Field(default=None, sa_column=_instant(nullable=True))
    """Database time."""
    worker: str | None = None
    epoch: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    """Raised at every claim; a worker holding an older one is fenced off."""
    attempts: int = 0
    crashes: int = 0
    last_error: str | None = None
    created_at: dt.datetime | None = Field(
        default=None,
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=FetchedValue()),
    )
    finished_at: dt.datetime | None = Field(default=None, sa_column=_instant(nullable=True))


class ScheduleRow(SQLModel, table=True):
    """A schedule the system has seen, and since when it is due."""

    __tablename__ = "schedule"
    name: str = Field(primary_key=True)
    org_id: str | None = None
    since: dt.datetime = Field(sa_column=_instant())


class Run(SQLModel, table=True):
    """One firing of a schedule (append-only); the primary key lets it fire once."""

    __tablename__ = "run"
    schedule: str = Field(primary_key=True, foreign_key="schedule.name")
    due_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), primary_key=True))
    org_id: str | None = None
    fired_at: dt.datetime = Field(sa_column=_instant())
    asked_by: str | None = None
    """Who had it run outside its times; None: it was due."""


class WorkHold(SQLModel, table=True):
    """What no worker begins until it is released (append-only; released once)."""

    __tablename__ = "work_hold"
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    org_id: str | None = None
    scope: str
    """kind | action | schedule"""
    name: str
    """The kind, the action's key, or the schedule's name."""
    reason: str
    held_by: str
    held_at: dt.datetime = Field(sa_column=_instant())
    released_by: str | None = None
    released_at: dt.datetime | None = Field(default=None, sa_column=_instant(nullable=True))
    release_reason: str | None = None


class InboxMessage(SQLModel, table=True):
    """A message received once; the answer is written once."""

    __tablename__ = "inbox_message"
    source: str = Field(primary_key=True)
    message_id: str = Field(primary_key=True)
    org_id: str | None = None
    payload_hash: str
    answer: Mapping[str, object] | None = Field(default=None, sa_column=Column(JSONB))
    received_at: dt.datetime = Field(sa_column=_instant())
    answered_at: dt.datetime | None = Field(default=None, sa_column=_instant(nullable=True))


class OutboxMessage(SQLModel, table=True):
    """A message to another system, sent until acknowledged. pending → acked | dead."""

    __tablename__ = "outbox_message"
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    message_id: str = Field(unique=True)
    org_id: str
    destination: str
    aggregate: str
    """What the message is about; messages of one aggregate arrive in order."""
    kind: str
    body: Mapping[str, object] = Field(sa_column=Column(JSONB, nullable=False))
    state: str = "pending"
    attempts: int = 0
    replays: int = 0
    next_at: dt.datetime | None = Field(default=None, sa_column=_instant(nullable=True))
    last_error: str | None = None
    created_at: dt.datetime = Field(sa_column=_instant())
    acked_at: dt.datetime | None = Field(default=None, sa_column=_instant(nullable=True))
    answer: Mapping[str, object] | None = Field(default=None, sa_column=Column(JSONB))


class AuditEntry(SQLModel, table=True):
    """Who did what to what, and why (append-only; the seal is set once by the sealer)."""

    __tablename__ = "audit_entry"
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    org_id: str | None = None
    at: dt.datetime = Field(sa_column=_instant())
    actor: str
    action: str
    subject_kind: str
    subject_id: str
    before: Mapping[str, object] | None = Field(default=None, sa_column=Column(JSONB))
    after: Mapping[str, object] | None = Field(default=None, sa_column=Column(JSONB))
    reason: str | None = None
    sequence: int | None = Field(default=None, sa_column=Column(BigInteger, unique=True))
    previous_hash: str | None = None
    hash: str | None = None
