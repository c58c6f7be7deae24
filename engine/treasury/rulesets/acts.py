"""What a user may do with a draft or a version as it stands: what a page offers him.

The acts themselves ask again: this is never what keeps somebody from doing something.
"""

from __future__ import annotations

from typing import Literal

from sqlmodel import Session

from engine.rulebook.models import RulesetDraft, RulesetVersion, ScheduledActivation
from engine.rulebook.numbering import newer_live
from engine.rulebook.planning import scheduled
from engine.rulebook.revisions import current_revision, items_of
from engine.rulebook.standing import standings
from engine.treasury.organisations.rule_grants import rule_reach
from engine.treasury.rulesets.activating import ACTIVATE
from engine.treasury.rulesets.reviewing import APPROVE, EDIT
from engine.treasury.rulesets.visible import writers
from engine.treasury.rulesets.writing import may_edit

Act = Literal[
    "edit", "submit", "drop", "sign", "return", "withdraw", "activate", "cancel", "undo", "go_on"
]


def draft_acts(session: Session, user_id: str, draft: RulesetDraft) -> frozenset[Act]:
    """For an open draft, with rulesets.edit: edit, submit, drop."""
    if draft.state != "open" or not may_edit(session, user_id, draft):
        return frozenset()
    return frozenset({"edit", "submit", "drop"})


def version_acts(session: Session, user_id: str, version: RulesetVersion) -> frozenset[Act]:
    """By how it stands; signing is never offered to who wrote at it.

    `activate` also stands for activating at a time, `go_on` for a new draft from it.
    """
    live = current_revision(session)
    standing = standings(session, live, [version])[version.hash]
    wrote = user_id in writers(version)
    edits = rule_reach(session, user_id, EDIT).covers(version)
    found: set[Act] = {"go_on"} if edits else set()
    if standing == "proposed":
        if wrote:
            found |= {"withdraw"} if edits else set()
        elif rule_reach(session, user_id, APPROVE).covers(version):
            found |= {"sign", "return"}
    elif rule_reach(session, user_id, ACTIVATE).covers(version):
        found |= _activating(session, version, standing, live)
    return frozenset(found)


def timed_of(session: Session, version: RulesetVersion) -> ScheduledActivation | None:
    """The timed activation that waits to make the version live, the next one first."""
    return next((one for one in scheduled(session) if version.hash in one.hashes), None)


def _activating(
    session: Session, version: RulesetVersion, standing: str, live: int | None
) -> set[Act]:
    if standing == "live":
        return {"undo"}
    if standing == "returned":
        return set()
    if timed_of(session, version) is not None:
        return {"cancel"}
    rules = [] if live is None else [item.version for item in items_of(session, live)]
    return set() if newer_live(version, rules) else {"activate"}
