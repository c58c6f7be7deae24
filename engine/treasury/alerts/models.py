"""Alerts and the holds they place on documents."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Identity, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class Alert(SQLModel, table=True):
    """Something that deserves somebody's eyes. What it says never changes; its handling does."""

    __tablename__ = "alert"
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    org_id: str = Field(foreign_key="organisation.id")
    dedupe_key: str = Field(unique=True)
    """The same key again is the same alert."""
    code: str
    """Stable code: the template's name, or APPROVAL_BLOCKED and the like."""
    rule_id: str | None = None
    ruleset: str | None = None
    decision_id: int | None = Field(default=None, sa_column=Column(BigInteger))
    severity: str
    """low | medium | high"""
    action: str
    """hint | extra_approver | hold"""
    subject_kind: str
    subject_id: str
    message_en: str
    message_zh: str
    notify: list[str] = Field(sa_column=Column(JSONB, nullable=False))
    """Roles to tell."""
    channels: list[str] = Field(sa_column=Column(JSONB, nullable=False))
    """page | email | sms"""
    template: str | None = None
    state: str = "open"
    """open | acknowledged | resolved"""
    raised_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    acked_by: str | None = Field(default=None, foreign_key="user_account.id")
    acked_at: dt.datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    resolved_by: str | None = None
    resolved_at: dt.datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    note: str | None = None


class DocumentHold(SQLModel, table=True):
    """A document stands still until another person releases it, with a reason."""

    __tablename__ = "document_hold"
    __table_args__ = (UniqueConstraint("document_id", "alert_id"),)
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    org_id: str
    document_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("document.id"), nullable=False)
    )
    alert_id: int = Field(sa_column=Column(BigInteger, ForeignKey("alert.id"), nullable=False))
    placed_by: str
    placed_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    released_by: str | None = Field(default=None, foreign_key="user_account.id")
    released_at: dt.datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    release_reason: str | None = None
