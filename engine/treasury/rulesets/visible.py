"""Which rulesets and drafts a user sees.

A ruleset of an organisation rules that organisation and everything below it. A user therefore
sees the rulesets of the organisations of his grants and below, and those above them that rule
them as well; drafts only of his own subtree, and those he has written at. Of each organisation he
sees the kinds of his grants there.
"""

from __future__ import annotations

from sqlmodel import Session

from engine.rulebook.draft_errors import unknown_draft
from engine.rulebook.draft_text import heading
from engine.rulebook.drafts import draft_of
from engine.rulebook.errors import unknown_ruleset
from engine.rulebook.library import shelved
from engine.rulebook.models import RulesetDraft, RulesetVersion
from engine.rulebook.versions import ROOT
from engine.treasury.organisations.permissions import RulePermission
from engine.treasury.organisations.rule_grants import RuleReach, not_permitted, rule_reach
from engine.treasury.organisations.tree import organisations

READ: RulePermission = "rulesets.read"


def ruling(session: Session, user_id: str) -> RuleReach:
    """The rulesets the user may read: of his own organisations, those below and those above."""
    above = {code: one.path.split("/") for code, one in organisations(session).items()}
    return rule_reach(session, user_id, READ).with_above(above)


def version_for(session: Session, user_id: str, hash: str) -> RulesetVersion:
    """The stored version with this hash, or with this beginning of it (8 digits or more).

    Raises RulebookError UNKNOWN_RULESET, also for one the user must not see.
    """
    found = shelved(session, hash).version
    if not ruling(session, user_id).covers(found):
        raise unknown_ruleset(hash)
    return found


def sees_draft(draft: RulesetDraft, user_id: str, seen: RuleReach) -> bool:
    """Whether a user who may read the rules in `seen` sees the draft."""
    return seen.covers(draft) or user_id in draft.editors


def draft_for(session: Session, user_id: str, draft_id: int) -> RulesetDraft:
    """The draft. Raises RulebookError DRAFT_UNKNOWN, also for one the user must not see."""
    draft = draft_of(session, draft_id)
    if not sees_draft(draft, user_id, rule_reach(session, user_id, READ)):
        raise unknown_draft(draft_id)
    return draft


def writers(subject: RulesetDraft | RulesetVersion) -> frozenset[str]:
    """Everybody who wrote at a draft or a version: none of them ever signs it."""
    return frozenset({subject.author, *subject.editors})


def require_readable(session: Session, user_id: str, text: str) -> RuleReach:
    """What the user may read, when the kind and the organisation a text names are within it.

    Asked before a text of somebody's own is read beside what is stored. A text that names neither
    is told so by its findings. Raises NotPermitted.
    """
    said, seen = heading(text), ruling(session, user_id)
    org_id = said.org_id if said.org_id in organisations(session) else None
    allowed = seen.of(said.kind) if said.kind else seen.anywhere
    if not allowed or (org_id is not None and org_id not in allowed):
        raise not_permitted(user_id, READ, org_id or ROOT, said.kind)
    return seen
