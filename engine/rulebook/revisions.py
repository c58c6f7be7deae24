"""Revisions: a set of signed rulesets becomes active at once, or not at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from engine.base.text import Text
from engine.rulebook.checking import check_text, disputes, failed
from engine.rulebook.errors import RulebookError, RulesetRefused, same_person, unknown_ruleset
from engine.rulebook.lock import lock_rulebook
from engine.rulebook.models import Revision, RevisionItem, RulesetVersion, VocabularyVersion
from engine.rulebook.texts import current_vocabulary, ruleset_of, vocabulary_of
from engine.rulebook.versions import ROOT
from engine.rules.findings import Finding
from engine.rules.model import Ruleset
from engine.runtime import audit

CHANNEL = "sluice_revision"
"""PostgreSQL notification channel; the payload is the new revision's number."""


@dataclass(frozen=True, slots=True)
class Live:
    """One ruleset version of a revision and since which revision it has been in."""

    version: RulesetVersion
    since: int


def current_revision(session: Session) -> int | None:
    """The number of the live revision; None before the first activation."""
    return session.exec(select(func.max(Revision.id))).one()


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
    approved_by: str,
    reason: str,
    now: dt.datetime,
    vocabulary: VocabularyVersion | None = None,
) -> int:
    """Make the rulesets `hashes` live beside those that are, and return the revision's number.

    Of two versions for the same scope the later activated one rules the days on which it is
    effective; versions left without a day leave the set. Activating what is already live changes
    nothing. Raises RulesetRefused when the set has errors under its vocabulary (B101 words that
    nobody supplies, R501 disputes ...) and RulebookError FOUR_EYES, NO_REASON, NOT_SIGNED,
    UNKNOWN_RULESET: then nothing has changed.
    """
    if activated_by == approved_by:
        raise same_person(activated_by)
    if not reason.strip():
        raise RulebookError("NO_REASON", Text("say why the rules change", "请填写修改规则的原因"))
    lock_rulebook(session)
    before = current_revision(session)
    live = [] if before is None else items_of(session, before)
    new = [_signed(session, hash) for hash in dict.fromkeys(hashes)]
    words = vocabulary or current_vocabulary(session)
    same_words = before is not None and _words_of(session, before) == words.hash
    held = {item.version.hash for item in live}
    if before is not None and same_words and all(one.hash in held for one in new):
        return before
    kept = _kept(live, new)
    rulesets = _readable(new, kept, words, recheck=not same_words)
    found = disputes(rulesets)
    if found:
        raise RulesetRefused(found)
    revision = Revision(
        org_id=ROOT,
        vocabulary_hash=words.hash,
        activated_by=activated_by,
        approved_by=approved_by,
        reason=reason,
        activated_at=now,
    )
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
    _announce(session, number, before, new, activated_by, reason, now)
    return number


def _signed(session: Session, hash: str) -> RulesetVersion:
    version = session.get(RulesetVersion, hash)
    if version is None:
        raise unknown_ruleset(hash)
    if version.reviewer is None:
        raise RulebookError(
            "NOT_SIGNED",
            Text(
                f"{version.name} version {version.version} waits for a second person's word",
                f"{version.name} 第 {version.version} 版尚待他人复核",
            ),
        )
    return version


def _words_of(session: Session, revision: int) -> str | None:
    found = session.get(Revision, revision)
    return None if found is None else found.vocabulary_hash


def _kept(live: Iterable[Live], new: Sequence[RulesetVersion]) -> list[Live]:
    """What stays of `live`: all that keeps at least one day of its own beside `new`."""

    def covers(one: RulesetVersion, other: RulesetVersion) -> bool:
        same = (one.kind, one.subject, one.org_id, one.name) == (
            other.kind,
            other.subject,
            other.org_id,
            other.name,
        )
        ends = one.effective_to or dt.date.max
        return (
            same
            and one.effective_from <= other.effective_from
            and ends >= (other.effective_to or dt.date.max)
        )

    return [
        item
        for item in live
        if not any(covers(one, item.version) or one.hash == item.version.hash for one in new)
    ]


def _readable(
    new: Sequence[RulesetVersion],
    kept: Sequence[Live],
    vocabulary: VocabularyVersion,
    *,
    recheck: bool,
) -> list[Ruleset]:
    """All rulesets of the set under its vocabulary; with another vocabulary each is checked."""
    words = vocabulary_of(vocabulary.text)
    findings: list[Finding] = []
    for version in [*new, *(item.version for item in kept if recheck)]:
        checked = check_text(version.file, version.text, words)
        if failed(checked.findings):
            findings += checked.findings
    if findings:
        raise RulesetRefused(findings)
    return [
        ruleset_of(version.file, version.text, vocabulary.text)
        for version in [*(item.version for item in kept), *new]
    ]


def _announce(
    session: Session,
    number: int,
    before: int | None,
    new: Sequence[RulesetVersion],
    activated_by: str,
    reason: str,
    now: dt.datetime,
) -> None:
    audit.record(
        session,
        actor=activated_by,
        action="revision.activated",
        subject_kind="revision",
        subject_id=str(number),
        org_id=ROOT,
        before={"revision": before},
        after={
            "revision": number,
            "rulesets": [
                {"kind": v.kind, "name": v.name, "version": v.version, "hash": v.hash} for v in new
            ],
        },
        reason=reason,
        now=now,
    )
    session.execute(sa.select(func.pg_notify(CHANNEL, str(number))))
