"""Signing rules: a second person approves a proposed version, or returns it with a reason."""

from __future__ import annotations

import datetime as dt

from sqlmodel import Session

from engine.rulebook import approve
from engine.rulebook.models import RulesetVersion
from engine.rulebook.versions import review, send_back
from engine.treasury.intake.course import notice_revision
from engine.treasury.organisations.grants import require
from engine.treasury.rulesets.visible import version_for

APPROVE, EDIT = "rulesets.approve", "rulesets.edit"


def sign(session: Session, user_id: str, hash: str, now: dt.datetime) -> RulesetVersion:
    """Sign without making live. Raises NotPermitted, and as `review`."""
    version = version_for(session, user_id, hash)
    require(session, user_id, APPROVE, version.org_id)
    return review(session, version.hash, reviewer=user_id, now=now)


def sign_and_activate(session: Session, user_id: str, hash: str, now: dt.datetime) -> int:
    """Sign and make live at once; the revision. Raises NotPermitted, and as `approve`."""
    version = version_for(session, user_id, hash)
    require(session, user_id, APPROVE, version.org_id)
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
    wrote = user_id == version.author or user_id in version.editors
    require(session, user_id, EDIT if wrote else APPROVE, version.org_id)
    return send_back(session, version.hash, by=user_id, reason=reason, now=now)
