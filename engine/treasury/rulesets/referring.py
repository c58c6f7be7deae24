"""A ruleset or a decision by what people call it, if the user may see it."""

from __future__ import annotations

from sqlmodel import Session

from engine.rulebook.draft_errors import unknown_draft
from engine.rulebook.errors import unknown_ruleset
from engine.rulebook.models import DecisionRow, RulesetDraft
from engine.rulebook.references import Located, locate, read
from engine.rulebook.why import decision, unknown_decision
from engine.rules.model import Ruleset
from engine.treasury.organisations.grants import visible_orgs
from engine.treasury.organisations.rule_grants import RuleReach, rule_reach
from engine.treasury.rulesets.visible import READ, ruling, sees_draft


def located_for(session: Session, user_id: str, reference: str) -> Located:
    """The version or draft that NAME@VERSION, live:NAME, draft:NUMBER or a hash names.

    What the user must not see is as unknown as what does not exist. Raises as
    engine.rulebook.references.
    """
    return _located(session, user_id, reference, ruling(session, user_id))


def ruleset_for(session: Session, user_id: str, reference: str) -> Ruleset:
    """The ruleset a reference names, read. Raises as `located_for` and `read`."""
    seen = ruling(session, user_id)
    return read(session, _located(session, user_id, reference, seen), seen.has)


def _located(session: Session, user_id: str, reference: str, seen: RuleReach) -> Located:
    found = locate(session, reference, seen.has)
    if isinstance(found, RulesetDraft):
        if not sees_draft(found, user_id, rule_reach(session, user_id, READ)):
            raise unknown_draft(found.id or 0)
    elif not seen.covers(found):
        raise unknown_ruleset(reference)
    return found


def is_signed(session: Session, user_id: str, reference: str) -> bool:
    """Whether a second person has signed what a reference names. Raises as `ruleset_for`."""
    found = located_for(session, user_id, reference)
    return not isinstance(found, RulesetDraft) and found.reviewer is not None


def decision_for(session: Session, user_id: str, decision_id: int) -> DecisionRow:
    """A decision about a matter of an organisation whose documents the user may read.

    Raises RulebookError UNKNOWN_DECISION.
    """
    found = decision(session, decision_id)
    if found.org_id not in visible_orgs(session, user_id, "documents.read"):
        raise unknown_decision(decision_id)
    return found
