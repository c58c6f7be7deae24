"""What an operator does with the queue: retry what was given up, hold work and release it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import sqlalchemy as sa
from sqlmodel import Session, select

from engine.base.text import SluiceError, Text
from engine.runtime import actions, audit, holds
from engine.runtime.jsontypes import check_object
from engine.runtime.models import Action, WorkHold
from engine.treasury.operations.reach import may_run, reach
from engine.treasury.payments.given_up import action_taken_up


def retry(session: Session, user_id: str, key: str, reason: str, now: dt.datetime) -> None:
    """Let a given-up action be tried again, at once. Its cause should be mended by now.

    Raises SluiceError ACTION_UNKNOWN, NOT_DEAD, NO_REASON, and NotPermitted.
    """
    if not reason.strip():
        raise holds.no_reason()
    found = _action(session, user_id, key)
    may_run(session, user_id, found.org_id)
    if not actions.revive(session, key):
        raise holds.HoldError(
            "NOT_DEAD",
            Text(
                f"{key} was not given up (any more); nothing has to be tried again",
                f"{key} 未处于已放弃状态,无需重试",
            ),
        )
    action_taken_up(session, found.kind, check_object(found.payload))
    audit.record(
        session,
        actor=user_id,
        action="queue.revive",
        subject_kind="action",
        subject_id=key,
        org_id=found.org_id,
        before=None,
        after=None,
        reason=reason,
        now=now,
    )


def hold_action(
    session: Session, user_id: str, key: str, reason: str, now: dt.datetime
) -> WorkHold:
    """Let no worker begin this action. One that is being carried out is held from the end of
    this run. Raises SluiceError ACTION_UNKNOWN, ACTION_ENDED, NotPermitted, and as `holds.hold`."""
    found = _action(session, user_id, key)
    may_run(session, user_id, found.org_id)
    if found.state in ("done", "dead"):
        raise holds.HoldError(
            "ACTION_ENDED",
            Text(
                f"{key} is {found.state}: no worker begins it, so there is nothing to hold",
                f"{key} 已{'完成' if found.state == 'done' else '放弃'},不会再执行,无需暂停",
            ),
        )
    return holds.hold(
        session, "action", key, org_id=found.org_id, by=user_id, reason=reason, now=now
    )


def release_action(
    session: Session, user_id: str, key: str, reason: str, now: dt.datetime
) -> WorkHold:
    """Let workers take it again. Raises SluiceError ACTION_UNKNOWN, NotPermitted, and as
    `holds.release`; NOT_HELD also for one that only its kind holds."""
    found = _action(session, user_id, key)
    may_run(session, user_id, found.org_id)
    return holds.release(session, "action", key, by=user_id, reason=reason, now=now)


def hold_kind(
    session: Session,
    user_id: str,
    kind: str,
    known: Collection[str],
    reason: str,
    now: dt.datetime,
) -> WorkHold:
    """Let no worker begin any action of a kind, those to come included.

    It concerns every organisation and needs operations.run for the group. Raises SluiceError
    ACTION_KIND_UNKNOWN for one that is not `known`, NotPermitted, and as `holds.hold`.
    """
    may_run(session, user_id, None)
    if kind not in known:
        raise SluiceError(
            "ACTION_KIND_UNKNOWN",
            Text(
                f"there is no kind of action {kind}; use one of {', '.join(sorted(known))}",
                f"没有任务类型 {kind};可用:{', '.join(sorted(known))}",
            ),
        )
    return holds.hold(session, "kind", kind, org_id=None, by=user_id, reason=reason, now=now)


def release_kind(
    session: Session, user_id: str, kind: str, reason: str, now: dt.datetime
) -> WorkHold:
    """Let workers take the kind again. Raises NotPermitted, and as `holds.release`."""
    may_run(session, user_id, None)
    return holds.release(session, "kind", kind, by=user_id, reason=reason, now=now)


def running(session: Session, kind: str) -> int:
    """How many actions of a kind are being carried out; a hold does not touch them."""
    found: int = session.execute(
        sa.text("SELECT count(*) FROM action WHERE state = 'leased' AND kind = :kind"),
        {"kind": kind},
    ).scalar_one()
    return found


def _action(session: Session, user_id: str, key: str) -> Action:
    seen = reach(session, user_id)
    found = session.exec(select(Action).where(Action.key == key)).first()
    if found is None or not (
        seen.group_wide if found.org_id is None else found.org_id in seen.orgs
    ):
        raise SluiceError(
            "ACTION_UNKNOWN",
            Text(
                f"there is no action {key}; see `sluice queue ls`",
                f"没有任务 {key};请查看 `sluice queue ls`",
            ),
        )
    return found
