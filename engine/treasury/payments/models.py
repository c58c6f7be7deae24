"""What persons say about unclear payments."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Identity, LargeBinary
from sqlmodel import Field, SQLModel, col

from engine.machines.instruction.models import Attempt


class ReviewProposal(SQLModel, table=True):
    """One person's word on what became of an attempt, with the proof (append-only).

    Decided once: confirmed or refused by another person, or withdrawn by the same one.
    """

    __tablename__ = "review_proposal"
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    org_id: str
    attempt_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey(col(Attempt.id)), nullable=False)
    )
    verdict: str
    """paid | not_received"""
    note: str
    proof_name: str
    proof: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    proof_sha256: str
    proposed_by: str
    proposed_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    outcome: str | None = None
    """confirmed | refused | withdrawn; None while it waits."""
    decided_by: str | None = None
    decided_at: dt.datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    reason: str | None = None
