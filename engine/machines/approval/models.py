"""Approval requests, their steps, and what people said to them."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Identity, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class ApprovalRequest(SQLModel, table=True):
    """One submission of one subject for approval; resubmitting opens the next round."""

    __tablename__ = "approval_request"
    __table_args__ = (UniqueConstraint("subject_kind", "subject_id", "round"),)
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    org_id: str = Field(foreign_key="organisation.id")
    subject_kind: str
    """document, and later batch, account request, plan …"""
    subject_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    subject_no: str
    batch_id: int | None = Field(default=None, sa_column=Column(BigInteger))
    """What it came in with: worklists group by it."""
    round: int
    content_hash: str
    """Hash of the content as submitted; every verdict repeats it."""
    maker: str
    editor: str | None = None
    submitter: str | None = None
    beneficiary_account: str | None = None
    """Account that would be paid: its owner may not approve."""
    amount: int | None = Field(default=None, sa_column=Column(BigInteger))
    """Minor units."""
    currency: str | None = None
    category: str | None = None
    """What sort of subject it is (a document's business type): delegations may be limited to it."""
    rows: list[str] = Field(sa_column=Column(JSONB, nullable=False))
    """Rules that named the steps, as ruleset:row."""
    decision_ids: list[int] = Field(sa_column=Column(JSONB, nullable=False))
    state: str
    """OPEN | BLOCKED | APPROVED | REJECTED | WITHDRAWN"""
    opened_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    closed_at: dt.datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    closed_reason: str | None = None


class ApprovalStep(SQLModel, table=True):
    """One role's turn. Steps open one after the other, lowest rank first."""

    __tablename__ = "approval_step"
    __table_args__ = (
        UniqueConstraint("request_id", "position"),
        UniqueConstraint("request_id", "role"),
    )
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    org_id: str
    request_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("approval_request.id"), nullable=False)
    )
    position: int
    role: str
    sla_seconds: int | None = Field(default=None, sa_column=Column(BigInteger))
    holder_org_id: str | None = Field(default=None, foreign_key="organisation.id")
    """Nearest organisation upwards where somebody may take the step."""
    state: str
    """WAITING | OPEN | BLOCKED | APPROVED | REJECTED | CANCELLED"""
    opened_at: dt.datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    due_at: dt.datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))


class ApprovalVerdict(SQLModel, table=True):
    """What one person said to one step (append-only; four eyes by trigger and constraints)."""

    __tablename__ = "approval_verdict"
    __table_args__ = (
        UniqueConstraint("request_id", "user_id", name="four_eyes_earlier_approver"),
        UniqueConstraint("request_id", "on_behalf_of", name="four_eyes_principal_once"),
    )
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    org_id: str
    request_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("approval_request.id"), nullable=False)
    )
    step_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("approval_step.id"), nullable=False, unique=True)
    )
    user_id: str = Field(foreign_key="user_account.id")
    on_behalf_of: str | None = Field(default=None, foreign_key="user_account.id")
    """In whose place `user_id` decided; None: in his own."""
    delegation_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("delegation.id"))
    )
    verdict: str
    """approve | reject"""
    comment: str | None = None
    content_hash: str
    at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
