"""Writing rules: drafts saved, shared, dropped and submitted by those who may edit rulesets."""

from __future__ import annotations

import datetime as dt

from sqlmodel import Session

from engine.rulebook import drafts
from engine.rulebook.claims import Claim, claim, give_back, refuse_claimed
from engine.rulebook.draft_text import heading
from engine.rulebook.models import RulesetDraft, RulesetVersion
from engine.rulebook.numbering import free_number
from engine.rulebook.versions import ROOT, propose
from engine.rules.edit import SetValue, apply
from engine.treasury.organisations.grants import can, require, visible_orgs
from engine.treasury.organisations.models import Organisation
from engine.treasury.organisations.tree import organisations
from engine.treasury.rulesets.visible import READ, draft_for, sees_draft, version_for

EDIT = "rulesets.edit"


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

    Raises NotPermitted (rulesets.edit there) and as `drafts.create_draft`.
    """
    start = None if base is None else version_for(session, user_id, base)
    org_id = _named(session, text) or (start.org_id if start else _own(session, user_id))
    require(session, user_id, EDIT, org_id)
    return drafts.create_draft(
        session,
        text,
        author=user_id,
        now=now,
        org_id=org_id,
        base_hash=None if start is None else start.hash,
        file=file,
        note=note,
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
    where the draft is shared, and where its scope now lies), RulebookError DRAFT_CLAIMED, and as
    `drafts.save_draft`."""
    draft = draft_for(session, user_id, draft_id)
    org_id = _named(session, text)
    for org in {draft.org_id, org_id or draft.org_id}:
        require(session, user_id, EDIT, org)
    refuse_claimed(session, draft_id, user_id)
    return drafts.save_draft(
        session, draft_id, text, seen=seen, editor=user_id, now=now, org_id=org_id, note=note
    )


def may_edit(session: Session, user_id: str, draft: RulesetDraft) -> bool:
    """Whether the user may write at this draft."""
    return can(session, user_id, EDIT, draft.org_id)


def claim_draft(session: Session, user_id: str, draft_id: int, *, take_over: bool = False) -> Claim:
    """Claim a draft, or renew one's claim; the claim that stands, which may be another's.

    Raises NotPermitted, RulebookError DRAFT_UNKNOWN.
    """
    require(session, user_id, EDIT, draft_for(session, user_id, draft_id).org_id)
    return claim(session, draft_id, user_id, take_over=take_over)


def give_draft_back(session: Session, user_id: str, draft_id: int) -> None:
    """End one's own claim. Raises RulebookError DRAFT_UNKNOWN."""
    give_back(session, draft_for(session, user_id, draft_id).id or 0, user_id)


def next_version(session: Session, user_id: str, hash: str) -> str:
    """The text of a version with the next free number: what a change of it begins with.

    Raises as `version_for`.
    """
    version = version_for(session, user_id, hash)
    number = free_number(session, version.kind, version.name)
    return apply(version.text, [SetValue(path="version", value=str(number))]).text


def drop(session: Session, user_id: str, draft_id: int, now: dt.datetime) -> RulesetDraft:
    """Give a draft up. Raises NotPermitted, DRAFT_CLAIMED and as `drafts.drop_draft`."""
    require(session, user_id, EDIT, draft_for(session, user_id, draft_id).org_id)
    refuse_claimed(session, draft_id, user_id)
    return drafts.drop_draft(session, draft_id, by=user_id, now=now)


def submit(
    session: Session, user_id: str, draft_id: int, seen: str, reason: str, now: dt.datetime
) -> RulesetVersion:
    """Propose the draft's text as a version. Raises NotPermitted, DRAFT_CLAIMED and as
    `drafts.submit_draft`."""
    require(session, user_id, EDIT, draft_for(session, user_id, draft_id).org_id)
    refuse_claimed(session, draft_id, user_id)
    version = drafts.submit_draft(session, draft_id, seen=seen, by=user_id, reason=reason, now=now)
    require(session, user_id, EDIT, version.org_id)
    return version


def propose_text(
    session: Session, user_id: str, text: str, file: str, reason: str, now: dt.datetime
) -> RulesetVersion:
    """Propose a text without a draft. Raises NotPermitted and as `propose`."""
    require(session, user_id, EDIT, _named(session, text) or ROOT)
    return propose(session, text, file, author=user_id, reason=reason, now=now)


def visible_drafts(
    session: Session, user_id: str, state: str | None = "open"
) -> list[RulesetDraft]:
    """The drafts the user sees, saved last first."""
    seen = visible_orgs(session, user_id, READ)
    return [one for one in drafts.drafts(session, state=state) if sees_draft(one, user_id, seen)]


def _named(session: Session, text: str) -> str | None:
    """The organisation of the text's scope; None while it names none that exists."""
    found = session.get(Organisation, heading(text).org_id)
    return None if found is None else found.id


def _own(session: Session, user_id: str) -> str:
    """Where a text without a readable scope is shared: the highest place the user edits for."""
    if can(session, user_id, EDIT, ROOT):
        return ROOT
    edited = visible_orgs(session, user_id, EDIT)
    return next((code for code in organisations(session) if code in edited), ROOT)
