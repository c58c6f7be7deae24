"""Writing rules: drafts saved, shared, dropped and submitted by those who may edit rulesets."""

from __future__ import annotations

import datetime as dt

from sqlmodel import Session

from engine.rulebook import drafts
from engine.rulebook.claims import Claim, claim, give_back, refuse_claimed
from engine.rulebook.draft_text import heading
from engine.rulebook.models import RulesetDraft, RulesetVersion
from engine.rulebook.numbering import with_next_number
from engine.rulebook.versions import ROOT, propose
from engine.treasury.organisations.errors import NotPermitted
from engine.treasury.organisations.models import Organisation
from engine.treasury.organisations.permissions import RulePermission
from engine.treasury.organisations.rule_grants import (
    require_rule,
    require_some_kind,
    rule_reach,
)
from engine.treasury.organisations.tree import organisations
from engine.treasury.rulesets.visible import READ, draft_for, ruling, sees_draft, version_for

EDIT: RulePermission = "rulesets.edit"


def begin(
    session: Session,
    user_id: str,
    text: str,
    now: dt.datetime,
    *,
    base: str | None = None,
    file: str | None = None,
    note: str = "",
) -> RulesetDraft:
    """A new draft, shared with the organisation its scope names.

    Raises NotPermitted (rulesets.edit there, for its kind) and as `drafts.create_draft`.
    """
    start = None if base is None else version_for(session, user_id, base)
    kind = heading(text).kind or (start.kind if start else "")
    org_id = _named(session, text) or (start.org_id if start else _own(session, user_id, kind))
    _may_write(session, user_id, org_id, kind)
    return drafts.create_draft(
        session,
        text,
        author=user_id,
        now=now,
        org_id=org_id,
        base_hash=None if start is None else start.hash,
        file=file,
        note=note,
        readable=ruling(session, user_id).has,
    )


def save(
    session: Session,
    user_id: str,
    draft_id: int,
    text: str,
    seen: str,
    now: dt.datetime,
    *,
    note: str | None = None,
) -> RulesetDraft:
    """Save over the text whose hash is `seen`. Raises DraftConflict, NotPermitted (rulesets.edit
    where the draft is shared and for its kind, and where its scope now lies and for the kind it
    now names), RulebookError DRAFT_CLAIMED, and as `drafts.save_draft`."""
    draft = draft_for(session, user_id, draft_id)
    org_id = _named(session, text)
    _may_write(session, user_id, draft.org_id, draft.kind)
    _may_write(session, user_id, org_id or draft.org_id, heading(text).kind or draft.kind)
    refuse_claimed(session, draft_id, user_id)
    return drafts.save_draft(
        session,
        draft_id,
        text,
        seen=seen,
        editor=user_id,
        now=now,
        org_id=org_id,
        note=note,
        readable=ruling(session, user_id).has,
    )


def may_edit(session: Session, user_id: str, draft: RulesetDraft) -> bool:
    """Whether the user may write at this draft."""
    try:
        _may_write(session, user_id, draft.org_id, draft.kind)
    except NotPermitted:
        return False
    return True


def claim_draft(
    session: Session, user_id: str, draft_id: int, token: str, *, take_over: bool = False
) -> Claim:
    """Claim a draft, or renew one's claim; the claim that stands, which may be another's.

    Raises NotPermitted, RulebookError DRAFT_UNKNOWN.
    """
    draft = draft_for(session, user_id, draft_id)
    _may_write(session, user_id, draft.org_id, draft.kind)
    return claim(session, draft_id, user_id, token, take_over=take_over)


def give_draft_back(session: Session, user_id: str, draft_id: int, token: str) -> None:
    """End one's own claim. Raises RulebookError DRAFT_UNKNOWN."""
    give_back(session, draft_for(session, user_id, draft_id).id or 0, user_id, token)


def next_version(session: Session, user_id: str, hash: str) -> str:
    """The text of a version with the next free number: what a change of it begins with.

    Raises as `version_for`.
    """
    version = version_for(session, user_id, hash)
    return with_next_number(session, version.kind, version.name, version.text)


def go_on(session: Session, user_id: str, hash: str, now: dt.datetime) -> RulesetDraft:
    """A draft that goes on from a returned version, under the next free number.

    It carries the note of the draft that was submitted; an open draft of the user from it is
    taken up again instead of a second one. Raises as `next_version` and `begin`.
    """
    version = version_for(session, user_id, hash)
    for one in visible_drafts(session, user_id):
        if one.base_hash == version.hash and user_id in one.editors:
            return one
    text = next_version(session, user_id, version.hash)
    origin = None if version.draft_id is None else session.get(RulesetDraft, version.draft_id)
    note = "" if origin is None else origin.note
    return begin(session, user_id, text, now, base=version.hash, note=note)


def drop(session: Session, user_id: str, draft_id: int, now: dt.datetime) -> RulesetDraft:
    """Give a draft up. Raises NotPermitted, DRAFT_CLAIMED and as `drafts.drop_draft`."""
    draft = draft_for(session, user_id, draft_id)
    _may_write(session, user_id, draft.org_id, draft.kind)
    refuse_claimed(session, draft_id, user_id)
    return drafts.drop_draft(session, draft_id, by=user_id, now=now)


def submit(
    session: Session, user_id: str, draft_id: int, seen: str, reason: str, now: dt.datetime
) -> RulesetVersion:
    """Propose the draft's text as a version. Raises NotPermitted, DRAFT_CLAIMED and as
    `drafts.submit_draft`."""
    draft = draft_for(session, user_id, draft_id)
    _may_write(session, user_id, draft.org_id, draft.kind)
    refuse_claimed(session, draft_id, user_id)
    version = drafts.submit_draft(
        session,
        draft_id,
        seen=seen,
        by=user_id,
        reason=reason,
        now=now,
        readable=ruling(session, user_id).has,
    )
    require_rule(session, user_id, EDIT, version.org_id, version.kind)
    return version


def propose_text(
    session: Session, user_id: str, text: str, file: str, reason: str, now: dt.datetime
) -> RulesetVersion:
    """Propose a text without a draft. Raises NotPermitted and as `propose`."""
    _may_write(session, user_id, _named(session, text) or ROOT, heading(text).kind)
    version = propose(
        session,
        text,
        file,
        author=user_id,
        reason=reason,
        now=now,
        readable=ruling(session, user_id).has,
    )
    require_rule(session, user_id, EDIT, version.org_id, version.kind)
    return version


def visible_drafts(
    session: Session, user_id: str, state: str | None = "open"
) -> list[RulesetDraft]:
    """The drafts the user sees, saved last first."""
    seen = rule_reach(session, user_id, READ)
    return [one for one in drafts.drafts(session, state=state) if sees_draft(one, user_id, seen)]


def _named(session: Session, text: str) -> str | None:
    """The organisation of the text's scope; None while it names none that exists."""
    found = session.get(Organisation, heading(text).org_id)
    return None if found is None else found.id


def _own(session: Session, user_id: str, kind: str) -> str:
    """Where a text without a readable scope is shared: the highest place the user edits for."""
    reach = rule_reach(session, user_id, EDIT)
    edited = reach.of(kind) if kind else reach.anywhere
    return next((code for code in organisations(session) if code in edited), ROOT)


def _may_write(session: Session, user_id: str, org_id: str, kind: str) -> None:
    """Raise NotPermitted unless the user may edit such rulesets; a text of no kind (yet) is kept
    for who may edit some kind there."""
    if kind:
        require_rule(session, user_id, EDIT, org_id, kind)
    else:
        require_some_kind(session, user_id, EDIT, org_id)
