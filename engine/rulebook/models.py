"""Vocabularies, ruleset versions, drafts, revisions and decisions: rules in time."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    FetchedValue,
    ForeignKey,
    Identity,
    UniqueConstraint,
)
from sqlalchemy import Text as TextColumn
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
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


class VocabularyProposal(SQLModel, table=True):
    """A changed vocabulary that somebody proposes. Nothing changes but that a second person signs
    it, which stores it as a vocabulary, or returns it, once."""

    __tablename__ = "vocabulary_proposal"
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    org_id: str
    base_hash: str = Field(foreign_key="vocabulary_version.hash")
    """The vocabulary it changes."""
    edits: list[dict[str, object]] = Field(sa_column=Column(JSONB, nullable=False))
    """What its author changed (engine.rules.words), so that it can be put on another base."""
    text: str
    text_hash: str
    author: str
    editors: list[str] = Field(
        default_factory=list, sa_column=Column(ARRAY(TextColumn), nullable=False)
    )
    """Who wrote at the proposals this one continues; none of them may sign it."""
    continues: int | None = Field(
        default=None,
        sa_column=Column(BigInteger, ForeignKey("vocabulary_proposal.id"), nullable=True),
    )
    reason: str
    created_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    reviewer: str | None = None
    reviewed_at: dt.datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )
    signed_over: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    """The revision that was live when it was signed; 0 before the first."""
    returned_by: str | None = None
    returned_at: dt.datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )
    return_reason: str | None = None


class RulesetVersion(SQLModel, table=True):
    """A ruleset's text under its content hash. Nothing changes but that a second person signs it
    or returns it, once."""

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
    editors: list[str] = Field(
        default_factory=list, sa_column=Column(ARRAY(TextColumn), nullable=False)
    )
    """Everybody who wrote at it besides the author; none of them may sign it."""
    draft_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("ruleset_draft.id"), nullable=True)
    )
    returned_by: str | None = None
    returned_at: dt.datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )
    return_reason: str | None = None


class RulesetDraft(SQLModel, table=True):
    """A ruleset that somebody is writing; it may have errors, and several persons may edit it."""

    __tablename__ = "ruleset_draft"
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    org_id: str
    """The organisation in whose tree it is shared: the scope's, the root while unreadable."""
    kind: str
    name: str
    file: str
    text: str
    text_hash: str
    base_hash: str | None = Field(default=None, foreign_key="ruleset_version.hash")
    """The version it started from; None for a new ruleset."""
    revision: int = 1
    """Rises with every save."""
    author: str
    last_editor: str
    editors: list[str] = Field(sa_column=Column(ARRAY(TextColumn), nullable=False))
    note: str = ""
    state: str = "open"
    """open, submitted or dropped."""
    submitted_hash: str | None = Field(default=None, foreign_key="ruleset_version.hash")
    findings: list[dict[str, object]] = Field(sa_column=Column(JSONB, nullable=False))
    errors: int
    created_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    updated_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class RulesetComment(SQLModel, table=True):
    """What somebody said of a draft or of a version (append-only): nothing is ever taken back."""

    __tablename__ = "ruleset_comment"
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    org_id: str
    """The organisation of the draft or version."""
    draft_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("ruleset_draft.id"), nullable=True)
    )
    version_hash: str | None = Field(default=None, foreign_key="ruleset_version.hash")
    """One of both is given."""
    row_id: str | None = None
    """The row it speaks of, where it names one."""
    text: str
    author: str
    created_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class Revision(SQLModel, table=True):
    """A set of rulesets that became active together (append-only). The highest id is live."""

    __tablename__ = "revision"
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    org_id: str
    vocabulary_hash: str = Field(foreign_key="vocabulary_version.hash")
    activated_by: str
    approved_by: str | None = None
    """None where one operator made live what two persons had signed before."""
    reason: str
    activated_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    cause: str = "approved"
    """approved, reload, schedule or undo."""
    restores: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("revision.id"), nullable=True)
    )
    """The earlier revision whose rulesets an undo made live again."""


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
    xact: int | None = Field(
        default=None,
        sa_column=Column(BigInteger, server_default=FetchedValue(), nullable=False),
    )
    """The transaction that wrote it: readers of the log go in the order of commits."""
    __mapper_args__ = {"eager_defaults": False}


class RulesetFile(SQLModel, table=True):
    """What the last look at a file of the rulesets folder found, for the pages to show."""

    __tablename__ = "ruleset_file"
    file: str = Field(primary_key=True)
    org_id: str
    kind: str = ""
    """Empty while the text cannot be read."""
    content_hash: str
    ruleset_hash: str | None = Field(default=None, foreign_key="ruleset_version.hash")
    """The version this file made live last: it does not come back by itself."""
    findings: list[dict[str, object]] = Field(sa_column=Column(JSONB, nullable=False))
    checked_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class ScheduledActivation(SQLModel, table=True):
    """Signed versions that become live at an instant of the business clock; it ends once."""

    __tablename__ = "scheduled_activation"
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    org_id: str
    hashes: list[str] = Field(sa_column=Column(ARRAY(TextColumn), nullable=False))
    activate_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    requested_by: str
    approved_by: str | None = None
    reason: str
    state: str = "waiting"
    """waiting, done, refused or cancelled."""
    revision_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("revision.id"), nullable=True)
    )
    outcome: str | None = None
    created_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    ended_at: dt.datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )
    ended_by: str | None = None


class Replica(SQLModel, table=True):
    """A process of the product and the revision it decides by; times are the database's."""

    __tablename__ = "replica"
    name: str = Field(primary_key=True)
    org_id: str = "GROUP"
    kind: str
    """api, worker, scheduler or monitor."""
    pid: int
    host: str
    revision: int = Field(sa_column=Column(BigInteger, nullable=False))
    """0 before the first activation."""
    started_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    seen_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    detail: dict[str, object] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))
