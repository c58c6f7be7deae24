"""Vocabularies, ruleset versions, revisions and decisions: rules in time."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Identity, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class VocabularyVersion(SQLModel, table=True):
    """A vocabulary's text (append-only). Rulesets are read with their revision's vocabulary."""

    __tablename__ = "vocabulary_version"
    hash: str = Field(primary_key=True)
    """SHA-256 of the text."""
    org_id: str
    text: str
    author: str
    reviewer: str
    reason: str
    created_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class RulesetVersion(SQLModel, table=True):
    """A ruleset's text under its content hash. Nothing changes but that a second person signs."""

    __tablename__ = "ruleset_version"
    __table_args__ = (UniqueConstraint("kind", "name", "version"),)
    hash: str = Field(primary_key=True)
    """SHA-256 of the text with LF line ends."""
    org_id: str
    """The scope's organisation."""
    kind: str
    subject: str
    name: str
    version: int
    effective_from: dt.date
    effective_to: dt.date | None = None
    """Inclusive."""
    file: str
    text: str
    author: str
    reason: str
    created_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    reviewer: str | None = None
    reviewed_at: dt.datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )


class Revision(SQLModel, table=True):
    """A set of rulesets that became active together (append-only). The highest id is live."""

    __tablename__ = "revision"
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    org_id: str
    vocabulary_hash: str = Field(foreign_key="vocabulary_version.hash")
    activated_by: str
    approved_by: str
    reason: str
    activated_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class RevisionItem(SQLModel, table=True):
    """One ruleset of a revision (append-only)."""

    __tablename__ = "revision_item"
    revision_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("revision.id"), primary_key=True)
    )
    ruleset_hash: str = Field(foreign_key="ruleset_version.hash", primary_key=True)
    org_id: str
    since: int = Field(sa_column=Column(BigInteger, ForeignKey("revision.id"), nullable=False))
    """The revision with which it became active; of two that are effective, the later one rules."""


class DecisionRow(SQLModel, table=True):
    """One decision (append-only): what was asked, by which text it was decided, what came out."""

    __tablename__ = "decision"
    id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    org_id: str
    org_path: str
    """Codes from the root, separated by "/": they choose the branch's parameters."""
    revision_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("revision.id"), nullable=False)
    )
    ruleset_hash: str = Field(foreign_key="ruleset_version.hash")
    ruleset: str
    version: int
    kind: str
    subject: str
    matter_kind: str
    matter_id: str
    facts: dict[str, object] = Field(sa_column=Column(JSONB, nullable=False))
    """All facts that were supplied and the windows that were counted; money as decimal text."""
    rows: list[str] = Field(sa_column=Column(JSONB, nullable=False))
    outcome: object = Field(sa_column=Column(JSONB, nullable=False))
    business_date: dt.date
    decided_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class RulesetFile(SQLModel, table=True):
    """What the last look at a file of the rulesets folder found, for the pages to show."""

    __tablename__ = "ruleset_file"
    file: str = Field(primary_key=True)
    org_id: str
    content_hash: str
    ruleset_hash: str | None = Field(default=None, foreign_key="ruleset_version.hash")
    """The stored version with this content, when it has no errors."""
    findings: list[dict[str, object]] = Field(sa_column=Column(JSONB, nullable=False))
    checked_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
