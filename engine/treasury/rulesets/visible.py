"""Which rulesets and drafts a user sees.

A ruleset of an organisation rules that organisation and everything below it. A user therefore
sees the rulesets of the organisations of his grants and below, and those above them that rule
them as well; drafts only of his own subtree, and those he has written at.
"""

from __future__ import annotations

from sqlmodel import Session

from engine.rulebook.draft_errors import unknown_draft
from engine.rulebook.drafts import draft_of
from engine.rulebook.errors import unknown_ruleset
from engine.rulebook.library import shelved
from engine.rulebook.models import RulesetDraft, RulesetVersion
from engine.treasury.organisations.grants import visible_orgs
from engine.treasury.organisations.tree import organisations

READ = "rulesets.read"


def ruling_orgs(session: Session, user_id: str) -> frozenset[str]:
    """Organisations whose rulesets the user may read: his own, those below and those above."""
    seen = visible_orgs(session, user_id, READ)
    tree = organisations(session)
    above = {code for org in seen for code in tree[org].path.split("/")}
    return frozenset(seen | above)


def version_for(session: Session, user_id: str, hash: str) -> RulesetVersion:
    """The stored version with this hash, or with this beginning of it (8 digits or more).

    Raises RulebookError UNKNOWN_RULESET, also for one the user must not see.
    """
    found = shelved(session, hash).version
    if found.org_id not in ruling_orgs(session, user_id):
        raise unknown_ruleset(hash)
    return found


def sees_draft(draft: RulesetDraft, user_id: str, seen: frozenset[str]) -> bool:
    """Whether a user who may read rules of `seen` sees the draft."""
    return draft.org_id in seen or user_id in draft.editors


def draft_for(session: Session, user_id: str, draft_id: int) -> RulesetDraft:
    """The draft. Raises RulebookError DRAFT_UNKNOWN, also for one the user must not see."""
    draft = draft_of(session, draft_id)
    if not sees_draft(draft, user_id, visible_orgs(session, user_id, READ)):
        raise unknown_draft(draft_id)
    return draft
