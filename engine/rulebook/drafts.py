"""Drafts: rulesets in the making, saved with whatever errors they have, edited by several.

Whoever saves names the text he saw. When somebody else has saved meanwhile, nothing is
overwritten: DraftConflict brings both texts.
"""

from __future__ import annotations

import datetime as dt

from sqlmodel import Session, col, select

from engine.base.findings import Finding, Severity
from engine.base.text import Text
from engine.rulebook.draft_errors import DraftConflict, closed_draft, unknown_draft
from engine.rulebook.draft_text import clean_text, heading
from engine.rulebook.errors import RulebookError, RulesetRefused
from engine.rulebook.finding_json import finding_from_json, finding_to_json
from engine.rulebook.judging import judge
from engine.rulebook.models import RulesetDraft, RulesetVersion
from engine.rulebook.texts import Readable, everything
from engine.rulebook.versions import ROOT, propose
from engine.rules import content_hash
from engine.runtime import audit


def create_draft(
    session: Session,
    text: str,
    *,
    author: str,
    now: dt.datetime,
    org_id: str = ROOT,
    base_hash: str | None = None,
    file: str | None = None,
    note: str = "",
    readable: Readable = everything,
) -> RulesetDraft:
    """Begin a draft with `text`; its findings are kept with it.

    `org_id` is the organisation in whose tree it is shared, `base_hash` the version it starts
    from; its parent, if it extends one, must be `readable`. Raises RulebookError DRAFT_TOO_LARGE,
    DRAFT_CHARACTERS, and UNKNOWN_RULESET for an unknown base.
    """
    clean = clean_text(text)
    said = heading(clean)
    base = None if base_hash is None else session.get(RulesetVersion, base_hash)
    if base_hash is not None and base is None:
        raise RulebookError(
            "UNKNOWN_RULESET",
            Text(
                f"no ruleset has the hash {base_hash}; leave out the base of a new ruleset",
                f"没有内容哈希为 {base_hash} 的规则集;全新规则集请勿填写起始版本",
            ),
        )
    kind, name = said.kind or (base.kind if base else ""), said.name or (base.name if base else "")
    draft = RulesetDraft(
        org_id=org_id,
        kind=kind,
        name=name,
        file=file or (base.file if base else f"{kind or 'draft'}/{name or 'draft'}.yaml"),
        text=clean,
        text_hash=content_hash(clean),
        base_hash=base_hash,
        author=author,
        last_editor=author,
        editors=[author],
        note=note,
        findings=[],
        errors=0,
        created_at=now,
        updated_at=now,
    )
    _judge(session, draft, readable)
    session.add(draft)
    session.flush()
    _audit(session, draft, author, "draft.created", note, now)
    return draft


def save_draft(
    session: Session,
    draft_id: int,
    text: str,
    *,
    seen: str,
    editor: str,
    now: dt.datetime,
    org_id: str | None = None,
    note: str | None = None,
    readable: Readable = everything,
) -> RulesetDraft:
    """Save a new text over the one whose hash is `seen`; it may extend what is `readable`.

    Raises DraftConflict when that is no longer the stored one, RulebookError DRAFT_UNKNOWN,
    DRAFT_CLOSED, DRAFT_TOO_LARGE, DRAFT_CHARACTERS. Saving what stands there changes nothing.
    """
    clean = clean_text(text)
    draft = _open_draft(session, draft_id)
    if content_hash(clean) == draft.text_hash and note in (None, draft.note):
        return draft
    if seen != draft.text_hash:
        raise DraftConflict(draft, clean, seen)
    said = heading(clean)
    draft.org_id = org_id or draft.org_id
    draft.kind, draft.name = said.kind or draft.kind, said.name or draft.name
    draft.text, draft.text_hash = clean, content_hash(clean)
    draft.note = draft.note if note is None else note
    draft.revision += 1
    draft.last_editor, draft.updated_at = editor, now
    if editor not in draft.editors:
        draft.editors = [*draft.editors, editor]
    _judge(session, draft, readable)
    session.add(draft)
    session.flush()
    _audit(session, draft, editor, "draft.saved", draft.note, now)
    return draft


def drop_draft(session: Session, draft_id: int, *, by: str, now: dt.datetime) -> RulesetDraft:
    """Give a draft up; it stays readable. Raises RulebookError DRAFT_UNKNOWN, DRAFT_CLOSED."""
    draft = _open_draft(session, draft_id)
    draft.state, draft.updated_at = "dropped", now
    session.add(draft)
    session.flush()
    _audit(session, draft, by, "draft.dropped", draft.note, now)
    return draft


def submit_draft(
    session: Session,
    draft_id: int,
    *,
    seen: str,
    by: str,
    reason: str,
    now: dt.datetime,
    readable: Readable = everything,
) -> RulesetVersion:
    """Make the draft a proposed version that another person signs or returns.

    Its author is who submits; nobody who edited the draft may sign it. Raises RulesetRefused
    while there is an error, DraftConflict when the text is not the one seen, and as `propose`.
    """
    draft = _open_draft(session, draft_id)
    if seen != draft.text_hash:
        raise DraftConflict(draft, draft.text, seen)
    if by not in draft.editors:
        draft.editors = [*draft.editors, by]
        session.add(draft)
        session.flush()
    version = propose(
        session,
        draft.text,
        draft.file,
        author=by,
        reason=reason,
        now=now,
        draft=draft,
        readable=readable,
    )
    if version.draft_id != draft.id:
        raise RulebookError(
            "NOTHING_CHANGED",
            Text(
                f"this text is stored as {version.name} version {version.version}; change it, or "
                "drop the draft",
                f"该文本已存为 {version.name} 第 {version.version} 版;请修改,或放弃草稿",
            ),
            409,
        )
    draft.state, draft.submitted_hash, draft.updated_at = "submitted", version.hash, now
    draft.findings, draft.errors = _judged(session, draft, readable)
    session.add(draft)
    session.flush()
    return version


def draft_of(session: Session, draft_id: int) -> RulesetDraft:
    """The draft. Raises RulebookError DRAFT_UNKNOWN."""
    found = session.get(RulesetDraft, draft_id, populate_existing=True)
    if found is None:
        raise unknown_draft(draft_id)
    return found


def drafts(session: Session, *, state: str | None = "open") -> list[RulesetDraft]:
    """Drafts in a state (None: in any), saved last first."""
    query = select(RulesetDraft).order_by(
        col(RulesetDraft.updated_at).desc(), col(RulesetDraft.id).desc()
    )
    return list(session.exec(query if state is None else query.where(RulesetDraft.state == state)))


def draft_findings(draft: RulesetDraft) -> tuple[Finding, ...]:
    """What was found in the text when it was saved."""
    return tuple(finding_from_json(draft.file, kept) for kept in draft.findings)


def valid_draft(draft: RulesetDraft) -> RulesetDraft:
    """The draft itself, for what must not be done with errors: previewing as if it were valid.

    Raises RulesetRefused with its errors.
    """
    if draft.errors:
        raise RulesetRefused(draft_findings(draft))
    return draft


def _judge(session: Session, draft: RulesetDraft, readable: Readable) -> None:
    draft.findings, draft.errors = _judged(session, draft, readable)


def _judged(
    session: Session, draft: RulesetDraft, readable: Readable
) -> tuple[list[dict[str, object]], int]:
    found = judge(session, draft.file, draft.text, readable).findings
    errors = sum(one.severity is Severity.ERROR for one in found)
    return [finding_to_json(one) for one in found], errors


def _open_draft(session: Session, draft_id: int) -> RulesetDraft:
    found = session.get(RulesetDraft, draft_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise unknown_draft(draft_id)
    if found.state != "open":
        raise closed_draft(found)
    return found


def _audit(
    session: Session,
    draft: RulesetDraft,
    actor: str,
    action: str,
    reason: str,
    now: dt.datetime,
) -> None:
    audit.record(
        session,
        actor=actor,
        action=action,
        subject_kind="ruleset_draft",
        subject_id=str(draft.id),
        org_id=draft.org_id,
        before=None,
        after={"revision": draft.revision, "text": draft.text_hash, "errors": draft.errors},
        reason=reason,
        now=now,
    )
