"""Publishes texts under their content hash: written by one person, signed by another."""

from __future__ import annotations

import datetime as dt

from sqlmodel import Session, col, select

from engine.base.text import Text
from engine.rulebook.checking import failed
from engine.rulebook.errors import (
    RulebookError,
    RulesetRefused,
    no_reason,
    returned,
    same_person,
    unknown_ruleset,
)
from engine.rulebook.families import check_stored
from engine.rulebook.lock import lock_rulebook
from engine.rulebook.models import RulesetDraft, RulesetVersion, VocabularyVersion
from engine.rulebook.numbering import version_conflict
from engine.rulebook.texts import Readable, current_vocabulary, everything, vocabulary_of
from engine.rules import content_hash
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
    session: Session,
    text: str,
    file: str,
    *,
    author: str,
    reason: str,
    now: dt.datetime,
    draft: RulesetDraft | None = None,
    readable: Readable = everything,
) -> RulesetVersion:
    """Store a ruleset that waits for a second person's word: none of those who edited `draft`.

    It may extend what is `readable`. The same text again is the same version. Raises as `publish`,
    and RulebookError RETURNED when this text was returned to its author before.
    """
    if not reason.strip():
        raise no_reason()
    words = current_vocabulary(session)
    return _store(
        session,
        text,
        file,
        words,
        author=author,
        reason=reason,
        now=now,
        draft=draft,
        readable=readable,
    )


def review(session: Session, hash: str, *, reviewer: str, now: dt.datetime) -> RulesetVersion:
    """Sign a proposed ruleset. Raises RulebookError UNKNOWN_RULESET, REVIEWED, RETURNED, and
    FOUR_EYES for everybody who wrote at it."""
    version = _waiting(session, hash)
    _review(session, version, reviewer, now)
    return version


def send_back(
    session: Session, hash: str, *, by: str, reason: str, now: dt.datetime
) -> RulesetVersion:
    """Return a proposed ruleset to its author; it is never signed after that.

    Anybody may, the author too: what is returned rules nothing. Raises RulebookError
    UNKNOWN_RULESET, REVIEWED, RETURNED, NO_REASON.
    """
    if not reason.strip():
        raise no_reason()
    version = _waiting(session, hash)
    version.returned_by = by
    version.returned_at = now
    version.return_reason = reason.strip()
    session.add(version)
    session.flush()
    _note(session, version, by, "ruleset.returned", reason, now)
    return version


def pending(session: Session) -> list[RulesetVersion]:
    """The proposed rulesets that wait for a second person, oldest first."""
    return list(
        session.exec(
            select(RulesetVersion)
            .where(
                col(RulesetVersion.reviewer).is_(None), col(RulesetVersion.returned_by).is_(None)
            )
            .order_by(col(RulesetVersion.created_at))
        )
    )


def stored_versions(session: Session) -> list[RulesetVersion]:
    """Every stored version by kind, name and version."""
    return list(
        session.exec(
            select(RulesetVersion).order_by(
                col(RulesetVersion.kind), col(RulesetVersion.name), col(RulesetVersion.version)
            )
        )
    )


def state_of(version: RulesetVersion) -> str:
    """proposed, returned or signed."""
    if version.reviewer is not None:
        return "signed"
    return "proposed" if version.returned_by is None else "returned"


def _waiting(session: Session, hash: str) -> RulesetVersion:
    """The version `hash`, locked, while nobody has given his word on it."""
    version = session.get(RulesetVersion, hash, with_for_update=True, populate_existing=True)
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
    if version.returned_by is not None:
        raise returned(version)
    return version


def _sign(author: str, reviewer: str, reason: str) -> None:
    if author == reviewer:
        raise same_person(author)
    if not reason.strip():
        raise no_reason()


def _store(
    session: Session,
    text: str,
    file: str,
    words: VocabularyVersion,
    *,
    author: str,
    reason: str,
    now: dt.datetime,
    draft: RulesetDraft | None = None,
    readable: Readable = everything,
) -> RulesetVersion:
    text = text.replace("\r\n", "\n")
    lock_rulebook(session)
    found = session.get(RulesetVersion, content_hash(text))
    if found is not None:
        if found.returned_by is not None:
            raise returned(found)
        return found
    checked = check_stored(session, file, text, words.text, readable)
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
        editors=_editors(session, ruleset.hash, draft, author),
        draft_id=None if draft is None else draft.id,
    )
    session.add(made)
    session.flush()
    _note(session, made, author, "ruleset.proposed", reason, now)
    return made


def _editors(session: Session, hash: str, draft: RulesetDraft | None, author: str) -> list[str]:
    """Who wrote at the text besides the author: in the draft, or in any draft with this text."""
    same = session.exec(select(RulesetDraft.editors).where(RulesetDraft.text_hash == hash)).all()
    found = {one for editors in same for one in editors}
    found |= set() if draft is None else set(draft.editors)
    return sorted(found - {author})


def _review(session: Session, version: RulesetVersion, reviewer: str, now: dt.datetime) -> None:
    if reviewer == version.author or reviewer in version.editors:
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
