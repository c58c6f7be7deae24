"""Revisions: a set of signed rulesets becomes active at once, or not at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Literal

import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from engine.base.text import Text
from engine.rulebook.composing import Live, compose_set
from engine.rulebook.errors import (
    RulebookError,
    RulesetRefused,
    no_reason,
    returned,
    same_person,
    unknown_ruleset,
)
from engine.rulebook.families import org_tree
from engine.rulebook.lock import lock_rulebook
from engine.rulebook.models import Revision, RevisionItem, RulesetVersion, VocabularyVersion
from engine.rulebook.numbering import refuse_older
from engine.rulebook.texts import current_vocabulary
from engine.rulebook.versions import ROOT
from engine.runtime import audit

Cause = Literal["approved", "reload", "schedule", "undo"]
"""Why a revision came: a second person's word on the spot; or one operator's, over versions that
two persons had signed before."""

CHANNEL = "sluice_revision"
"""PostgreSQL notification channel; the payload is the new revision's number."""


def current_revision(session: Session) -> int | None:
    """The number of the live revision; None before the first activation."""
    return session.exec(select(func.max(Revision.id))).one()


def known_revision(session: Session, instant: dt.datetime) -> int | None:
    """The revision that was live at `instant`; None before the first activation."""
    return session.exec(select(func.max(Revision.id)).where(Revision.activated_at <= instant)).one()


def items_of(session: Session, revision: int) -> list[Live]:
    """The ruleset versions of `revision`."""
    rows = session.exec(
        select(RulesetVersion, RevisionItem.since)
        .join(RevisionItem, col(RevisionItem.ruleset_hash) == col(RulesetVersion.hash))
        .where(RevisionItem.revision_id == revision)
        .order_by(col(RulesetVersion.kind), col(RulesetVersion.name), col(RulesetVersion.version))
    )
    return [Live(version, since) for version, since in rows]


def activate(
    session: Session,
    hashes: Sequence[str],
    *,
    activated_by: str,
    approved_by: str | None,
    reason: str,
    now: dt.datetime,
    vocabulary: VocabularyVersion | None = None,
    cause: Cause = "approved",
) -> int:
    """Make the rulesets `hashes` live beside those that are, and return the revision's number.

    Of two versions for the same scope the later activated one rules the days on which it is
    effective; versions left without a day leave the set. Activating what is already live changes
    nothing. `approved_by` is None for one operator who makes live what two persons signed before
    (`cause` reload or schedule). Raises RulesetRefused when the set has errors under its
    vocabulary (B101 words that nobody supplies, R501 disputes ...) and RulebookError FOUR_EYES,
    NO_REASON, NOT_SIGNED, RETURNED, UNKNOWN_RULESET, and SUPERSEDED for a version below one that is
    live: then nothing has changed.
    """
    if activated_by == approved_by:
        raise same_person(activated_by)
    if not reason.strip():
        raise no_reason()
    lock_rulebook(session)
    before = current_revision(session)
    live = [] if before is None else items_of(session, before)
    new = [signed_version(session, hash) for hash in dict.fromkeys(hashes)]
    words = vocabulary or current_vocabulary(session)
    same_words = before is not None and words_of(session, before) == words.hash
    held = {item.version.hash for item in live}
    if before is not None and same_words and all(one.hash in held for one in new):
        return before
    for one in new:
        refuse_older(one, (item.version for item in live))
    composed = compose_set(live, new, words, recheck=not same_words, orgs=org_tree(session))
    if composed.broken:
        raise RulesetRefused(composed.findings)
    revision = Revision(
        org_id=ROOT,
        vocabulary_hash=words.hash,
        activated_by=activated_by,
        approved_by=approved_by,
        reason=reason,
        activated_at=now,
        cause=cause,
    )
    number = write_revision(session, revision, composed.kept, composed.new)
    _announce(session, revision, before, composed.new)
    return number


def write_revision(
    session: Session, revision: Revision, kept: Sequence[Live], new: Sequence[RulesetVersion]
) -> int:
    """Write the revision with its items and tell every replica; the caller holds the lock."""
    session.add(revision)
    session.flush()
    number = revision.id
    if number is None:
        raise AssertionError("the database numbers revisions")
    for version, since in [*((i.version, i.since) for i in kept), *((v, number) for v in new)]:
        session.add(
            RevisionItem(
                revision_id=number, ruleset_hash=version.hash, org_id=version.org_id, since=since
            )
        )
    session.flush()
    session.execute(sa.select(func.pg_notify(CHANNEL, str(number))))
    return number


def signed_version(session: Session, hash: str) -> RulesetVersion:
    """The version, when two persons answer for it. RulebookError UNKNOWN_RULESET, NOT_SIGNED."""
    version = session.get(RulesetVersion, hash)
    if version is None:
        raise unknown_ruleset(hash)
    if version.returned_by is not None:
        raise returned(version)
    if version.reviewer is None:
        raise RulebookError(
            "NOT_SIGNED",
            Text(
                f"{version.name} version {version.version} waits for a second person's word",
                f"{version.name} 第 {version.version} 版尚待他人复核",
            ),
        )
    return version


def words_of(session: Session, revision: int) -> str | None:
    """The hash of a revision's vocabulary."""
    found = session.get(Revision, revision)
    return None if found is None else found.vocabulary_hash


def _announce(
    session: Session, revision: Revision, before: int | None, new: Sequence[RulesetVersion]
) -> None:
    audit.record(
        session,
        actor=revision.activated_by,
        action="revision.activated",
        subject_kind="revision",
        subject_id=str(revision.id),
        org_id=ROOT,
        before={"revision": before},
        after={
            "revision": revision.id,
            "vocabulary": revision.vocabulary_hash,
            "rulesets": [
                {"kind": v.kind, "name": v.name, "version": v.version, "hash": v.hash} for v in new
            ],
        },
        reason=revision.reason,
        now=revision.activated_at,
    )
