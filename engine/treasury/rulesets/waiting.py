"""What waits for one person: versions to sign, versions that came back, versions to activate."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from engine.rulebook.models import RulesetDraft, RulesetVersion
from engine.rulebook.planning import waiting_versions
from engine.treasury.organisations.rule_grants import rule_reach
from engine.treasury.rulesets.activating import ACTIVATE
from engine.treasury.rulesets.reviewing import APPROVE
from engine.treasury.rulesets.shelf import pending_for
from engine.treasury.rulesets.visible import ruling, writers

_LATER = aliased(RulesetVersion)


def to_sign(session: Session, user_id: str) -> list[RulesetVersion]:
    """Proposed versions the user may sign, oldest first: none he wrote at."""
    reach = rule_reach(session, user_id, APPROVE)
    return [
        one
        for one in pending_for(session, user_id)
        if reach.covers(one) and user_id not in writers(one)
    ]


def returned_to(session: Session, user_id: str) -> list[RulesetVersion]:
    """Versions the user wrote at and another person returned, last first.

    They wait until somebody goes on from them: begins a draft, or stores another version of that
    ruleset.
    """
    went_on = sa.or_(
        sa.exists().where(col(RulesetDraft.base_hash) == col(RulesetVersion.hash)),
        sa.exists().where(
            col(_LATER.kind) == col(RulesetVersion.kind),
            col(_LATER.name) == col(RulesetVersion.name),
            col(_LATER.created_at) > col(RulesetVersion.created_at),
        ),
    )
    seen = ruling(session, user_id)
    found = session.exec(
        select(RulesetVersion)
        .where(
            col(RulesetVersion.returned_by).is_not(None),
            col(RulesetVersion.returned_by) != user_id,
            sa.or_(
                col(RulesetVersion.author) == user_id,
                sa.literal(user_id) == sa.any_(col(RulesetVersion.editors)),
            ),
            sa.not_(went_on),
        )
        .order_by(col(RulesetVersion.returned_at).desc())
    )
    return [one for one in found if seen.covers(one)]


def to_activate(session: Session, user_id: str) -> list[RulesetVersion]:
    """Signed versions that never ruled, are not timed, and that the user may make live."""
    reach = rule_reach(session, user_id, ACTIVATE)
    return [one for one in waiting_versions(session) if reach.covers(one)]
