"""A ruleset or a decision by what people call it, if the user may see it."""

from __future__ import annotations

from sqlmodel import Session

from engine.rulebook.draft_errors import unknown_draft
from engine.rulebook.errors import unknown_ruleset
from engine.rulebook.models import DecisionRow, RulesetDraft
from engine.rulebook.references import locate, read
from engine.rulebook.why import decision, unknown_decision
from engine.rules.model import Ruleset
from engine.treasury.organisations.grants import visible_orgs
from engine.treasury.rulesets.visible import READ, ruling_orgs, sees_draft


def ruleset_for(session: Session, user_id: str, reference: str) -> Ruleset:
    """The ruleset NAME@VERSION, live:NAME, draft:NUMBER or a hash names.

    What the user must not see is as unknown as what does not exist. Raises as
    engine.rulebook.references.
    """
    found = locate(session, reference)
    if isinstance(found, RulesetDraft):
        if not sees_draft(found, user_id, visible_orgs(session, user_id, READ)):
            raise unknown_draft(found.id or 0)
    elif found.org_id not in ruling_orgs(session, user_id):
        raise unknown_ruleset(reference)
    return read(session, found)


def is_signed(session: Session, reference: str) -> bool:
    """Whether a second person has signed what a reference names. Raises as `ruleset_for`."""
    found = locate(session, reference)
    return not isinstance(found, RulesetDraft) and found.reviewer is not None


def decision_for(session: Session, user_id: str, decision_id: int) -> DecisionRow:
    """A decision about a matter of an organisation whose documents the user may read.

    Raises RulebookError UNKNOWN_DECISION.
    """
    found = decision(session, decision_id)
    if found.org_id not in visible_orgs(session, user_id, "documents.read"):
        raise unknown_decision(decision_id)
    return found
