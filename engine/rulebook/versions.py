"""Publishes texts under their content hash: written by one person, signed by another."""

from __future__ import annotations

import datetime as dt

from sqlmodel import Session, col, func, select

from engine.base.text import Text
from engine.rulebook.checking import check_text, failed
from engine.rulebook.errors import RulebookError, RulesetRefused, same_person, unknown_ruleset
from engine.rulebook.lock import lock_rulebook
from engine.rulebook.models import RulesetVersion, VocabularyVersion
from engine.rulebook.texts import current_vocabulary, vocabulary_of
from engine.rules import content_hash
from engine.rules.collector import Collector
from engine.rules.findings import Finding
from engine.rules.model import Ruleset
from engine.runtime import audit

ROOT = "GROUP"
"""The code of the group's root organisation: vocabulary and revisions belong to it."""


def publish_vocabulary(
    session: Session, text: str, *, author: str, reviewer: str, reason: str, now: dt.datetime
) -> VocabularyVersion:
    """Store a vocabulary; the same text again is the same version. It rules from the next
    activation on. Raises RulesetRefused with its findings, RulebookError FOUR_EYES."""
    _sign(author, reviewer, reason)
    vocabulary_of(text)
    lock_rulebook(session)
    found = session.get(VocabularyVersion, content_hash(text))
    if found is not None:
        return found
    made = VocabularyVersion(
        hash=content_hash(text),
        org_id=ROOT,
        text=text,
        author=author,
        reviewer=reviewer,
        reason=reason,
        created_at=now,
    )
    session.add(made)
    session.flush()
    return made


def publish(
    session: Session,
    text: str,
    file: str,
    *,
    author: str,
    reviewer: str,
    reason: str,
    now: dt.datetime,
    vocabulary: VocabularyVersion | None = None,
) -> RulesetVersion:
    """Store a ruleset that a second person has signed; the same text again is the same version.

    Nothing becomes active by it. It is read with `vocabulary` (default: the live one). Raises
    RulesetRefused (findings, among them B106: the same version with other content), RulebookError
    FOUR_EYES or NO_REASON.
    """
    _sign(author, reviewer, reason)
    words = vocabulary or current_vocabulary(session)
    version = _store(session, text, file, words, author=author, reason=reason, now=now)
    if version.reviewer is None:
        _review(session, version, reviewer, now)
    return version


def propose(
    session: Session, text: str, file: str, *, author: str, reason: str, now: dt.datetime
) -> RulesetVersion:
    """Store a ruleset that waits for a second person's word. Raises as `publish`."""
    if not reason.strip():
        raise _no_reason()
    words = current_vocabulary(session)
    return _store(session, text, file, words, author=author, reason=reason, now=now)


def review(session: Session, hash: str, *, reviewer: str, now: dt.datetime) -> RulesetVersion:
    """Sign a proposed ruleset. Raises RulebookError UNKNOWN_RULESET, FOUR_EYES, REVIEWED."""
    version = session.get(RulesetVersion, hash, with_for_update=True)
    if version is None:
        raise unknown_ruleset(hash)
    if version.reviewer is not None:
        raise RulebookError(
            "REVIEWED",
            Text(
                f"{version.name} version {version.version} was signed by {version.reviewer}; "
                "activate it",
                f"{version.name} 第 {version.version} 版已由 {version.reviewer} 复核;请激活",
            ),
        )
    if version.author == reviewer:
        raise same_person(reviewer)
    _review(session, version, reviewer, now)
    return version


def pending(session: Session) -> list[RulesetVersion]:
    """The proposed rulesets that wait for a second person, oldest first."""
    return list(
        session.exec(
            select(RulesetVersion)
            .where(col(RulesetVersion.reviewer).is_(None))
            .order_by(col(RulesetVersion.created_at))
        )
    )


def version_conflict(session: Session, ruleset: Ruleset) -> Finding | None:
    """B106 when new content comes under a version number that is not above all stored ones."""
    if session.get(RulesetVersion, ruleset.hash) is not None:
        return None
    last = session.exec(
        select(func.max(RulesetVersion.version)).where(
            RulesetVersion.kind == ruleset.kind, RulesetVersion.name == ruleset.name
        )
    ).one()
    if last is None or ruleset.version > last:
        return None
    out = Collector(ruleset.file)
    out.add(
        "B106",
        ruleset.key_spans["version"],
        Text(
            f"{ruleset.name} version {last} is kept with other content",
            f"{ruleset.name} 第 {last} 版已有不同内容",
        ),
        Text(f"raise version to {last + 1}", f"请把 version 提高到 {last + 1}"),
    )
    return out.findings[0]


def _sign(author: str, reviewer: str, reason: str) -> None:
    if author == reviewer:
        raise same_person(author)
    if not reason.strip():
        raise _no_reason()


def _no_reason() -> RulebookError:
    return RulebookError("NO_REASON", Text("say why the rules change", "请填写修改规则的原因"))


def _store(
    session: Session,
    text: str,
    file: str,
    words: VocabularyVersion,
    *,
    author: str,
    reason: str,
    now: dt.datetime,
) -> RulesetVersion:
    text = text.replace("\r\n", "\n")
    lock_rulebook(session)
    found = session.get(RulesetVersion, content_hash(text))
    if found is not None:
        return found
    checked = check_text(file, text, vocabulary_of(words.text))
    if checked.ruleset is None or failed(checked.findings):
        raise RulesetRefused(checked.findings)
    ruleset = checked.ruleset
    conflict = version_conflict(session, ruleset)
    if conflict is not None:
        raise RulesetRefused([conflict])
    made = RulesetVersion(
        hash=ruleset.hash,
        org_id=ruleset.scope_org,
        kind=ruleset.kind,
        subject=ruleset.subject,
        name=ruleset.name,
        version=ruleset.version,
        effective_from=ruleset.effective_from,
        effective_to=ruleset.effective_to,
        file=file,
        text=text,
        author=author,
        reason=reason,
        created_at=now,
    )
    session.add(made)
    session.flush()
    _note(session, made, author, "ruleset.proposed", reason, now)
    return made


def _review(session: Session, version: RulesetVersion, reviewer: str, now: dt.datetime) -> None:
    if version.author == reviewer:
        raise same_person(reviewer)
    version.reviewer = reviewer
    version.reviewed_at = now
    session.add(version)
    session.flush()
    _note(session, version, reviewer, "ruleset.signed", version.reason, now)


def _note(
    session: Session,
    version: RulesetVersion,
    actor: str,
    action: str,
    reason: str,
    now: dt.datetime,
) -> None:
    audit.record(
        session,
        actor=actor,
        action=action,
        subject_kind="ruleset_version",
        subject_id=version.hash,
        org_id=version.org_id,
        before=None,
        after={"kind": version.kind, "name": version.name, "version": version.version},
        reason=reason,
        now=now,
    )
