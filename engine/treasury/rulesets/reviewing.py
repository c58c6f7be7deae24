"""Signing rules: a second person approves a proposed version, or returns it with a reason."""

from __future__ import annotations

import datetime as dt

from sqlmodel import Session

from engine.rulebook import approve
from engine.rulebook.models import RulesetVersion
from engine.rulebook.versions import review, send_back
from engine.treasury.intake.course import notice_revision
from engine.treasury.organisations.permissions import RulePermission
from engine.treasury.organisations.rule_grants import require_rule
from engine.treasury.rulesets.shelf import telling
from engine.treasury.rulesets.visible import version_for, writers

APPROVE: RulePermission = "rulesets.approve"
EDIT: RulePermission = "rulesets.edit"


def sign(session: Session, user_id: str, hash: str, now: dt.datetime) -> RulesetVersion:
    """Sign without making live. Raises NotPermitted, and as `review`."""
    version = version_for(session, user_id, hash)
    require_rule(session, user_id, APPROVE, version.org_id, version.kind)
    return review(session, version.hash, reviewer=user_id, now=now)


def sign_and_activate(session: Session, user_id: str, hash: str, now: dt.datetime) -> int:
    """Sign and make live at once; the revision. Raises NotPermitted, and as `approve`."""
    version = version_for(session, user_id, hash)
    require_rule(session, user_id, APPROVE, version.org_id, version.kind)
    with telling(session, user_id):
        revision = approve(session, version.hash, reviewer=user_id, now=now)
    notice_revision(session)
    return revision


def give_back(
    session: Session, user_id: str, hash: str, reason: str, now: dt.datetime
) -> RulesetVersion:
    """Return a proposed version. Who wrote at it may withdraw it; others need rulesets.approve.

    Raises NotPermitted, and as `send_back`.
    """
    version = version_for(session, user_id, hash)
    needed = EDIT if user_id in writers(version) else APPROVE
    require_rule(session, user_id, needed, version.org_id, version.kind)
    return send_back(session, version.hash, by=user_id, reason=reason, now=now)
