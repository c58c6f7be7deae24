"""Match groups, what belongs to them, and what waits for a person. Amounts are minor units."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    LargeBinary,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


def _key() -> Column[int]:
    return Column(BigInteger, Identity(), primary_key=True)


def _instant(*, nullable: bool = False) -> Column[dt.datetime]:
    return Column(DateTime(timezone=True), nullable=nullable)


class MatchCounter(SQLModel, table=True):
    """The last match number of a business date."""

    __tablename__ = "match_counter"
    day: dt.date = Field(primary_key=True)
    org_id: str | None = None
    last_number: int = Field(sa_column=Column(BigInteger, nullable=False))


class MatchGroup(SQLModel, table=True):
    """Items and lines that belong together under one match number.

    Content is fixed; it can only be retired, once, by another user and with a reason.
    """

    __tablename__ = "match_group"
    id: int | None = Field(default=None, sa_column=_key())
    org_id: str
    match_no: str = Field(unique=True)
    """MN-20261123-000001-K, never used twice."""
    kind: str
    """arrival | bounce | fee"""
    account_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    currency: str
    booking_date: dt.date
    """Of the latest line: the day the match takes effect."""
    difference: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    """Items minus lines; not zero only with a name."""
    difference_name: str | None = None
    rule_row: str | None = None
    """Row of the matching ruleset, None when a person chose."""
    decision_id: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    matched_by: str
    matched_at: dt.datetime = Field(sa_column=_instant())
    state: str = "live"
    """live | retired"""
    retired_by: str | None = None
    retired_at: dt.datetime | None = Field(default=None, sa_column=_instant(nullable=True))
    retire_reason: str | None = None


class MatchItem(SQLModel, table=True):
    """One member of a group; a document or line is in one live group at most."""

    __tablename__ = "match_item"
    __table_args__ = (UniqueConstraint("group_id", "kind", "ref_id"),)
    id: int | None = Field(default=None, sa_column=_key())
    org_id: str
    group_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("match_group.id"), nullable=False)
    )
    side: str
    """item | line"""
    kind: str
    """document | bounced_document | bank_fee | statement_line"""
    ref_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    """Id of the document, or of the line (a bank fee is known by its line)."""
    amount: int = Field(sa_column=Column(BigInteger, nullable=False))
    live: bool = True


class MatchProposal(SQLModel, table=True):
    """A line that a person must decide: proposed by the rule, or several are equally good."""

    __tablename__ = "match_proposal"
    id: int | None = Field(default=None, sa_column=_key())
    org_id: str
    line_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("statement_line.id"), nullable=False)
    )
    reason: str
    """propose | ambiguous"""
    candidates: list[dict[str, object]] = Field(sa_column=Column(JSONB, nullable=False))
    """[{"document_ids", "row", "reference", "amount_gap", "days_apart", "same_account"}]"""
    state: str = "open"
    """open | confirmed | superseded"""
    created_at: dt.datetime = Field(sa_column=_instant())
    decided_by: str | None = None
    decided_at: dt.datetime | None = Field(default=None, sa_column=_instant(nullable=True))
    group_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("match_group.id"), nullable=True)
    )


class MatchReversal(SQLModel, table=True):
    """A proposal to undo an arrival that was confirmed wrongly, and its decision."""

    __tablename__ = "match_reversal"
    id: int | None = Field(default=None, sa_column=_key())
    org_id: str
    group_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("match_group.id"), nullable=False)
    )
    reason: str
    evidence_name: str
    """File name of the proof."""
    evidence: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    sha256: str
    """Of `evidence`; the database checks it."""
    proposed_by: str
    proposed_at: dt.datetime = Field(sa_column=_instant())
    state: str = "open"
    """open | done | refused"""
    decided_by: str | None = None
    """Another person than `proposed_by` (database check)."""
    decided_at: dt.datetime | None = Field(default=None, sa_column=_instant(nullable=True))
    decision_reason: str | None = None
