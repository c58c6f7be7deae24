"""Timed activation: signed versions that become live at an instant of the business clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlmodel import Session

from engine.base.text import Text
from engine.rulebook.errors import RulebookError, RulesetRefused, no_reason
from engine.rulebook.models import ScheduledActivation
from engine.rulebook.reloading import Reloaded, reload_signed
from engine.rulebook.revisions import signed_version
from engine.rulebook.versions import ROOT
from engine.runtime import audit


def schedule(
    session: Session,
    hashes: Sequence[str],
    at: dt.datetime,
    *,
    by: str,
    reason: str,
    now: dt.datetime,
) -> ScheduledActivation:
    """Write down that `hashes` become live at `at`. Who carries it out is the caller's question.

    Raises RulebookError NO_REASON, SCHEDULE_PAST, SCHEDULE_EMPTY, and as `signed_version`.
    """
    if not reason.strip():
        raise no_reason()
    if not hashes:
        raise RulebookError(
            "SCHEDULE_EMPTY", Text("name the versions to activate", "请指定要激活的版本")
        )
    if at.tzinfo is None or at <= now:
        raise RulebookError(
            "SCHEDULE_PAST",
            Text(
                f"{at.isoformat()} is not a later instant with a time zone; write it as "
                "2026-12-01T08:00+08:00",
                f"{at.isoformat()} 不是带时区的将来时刻;请写成 2026-12-01T08:00+08:00",
            ),
        )
    chosen = [signed_version(session, one).hash for one in dict.fromkeys(hashes)]
    made = ScheduledActivation(
        org_id=ROOT,
        hashes=chosen,
        activate_at=at,
        requested_by=by,
        reason=reason,
        created_at=now,
    )
    session.add(made)
    session.flush()
    _note(session, made, by, "activation.scheduled", reason, now)
    return made


def scheduled_of(session: Session, number: int) -> ScheduledActivation:
    """The timed activation, locked. Raises RulebookError SCHEDULE_UNKNOWN."""
    found = session.get(ScheduledActivation, number, with_for_update=True, populate_existing=True)
    if found is None:
        raise RulebookError(
            "SCHEDULE_UNKNOWN",
            Text(
                f"there is no timed activation {number}; see `sluice rules scheduled`",
                f"没有定时激活 {number};请查看 `sluice rules scheduled`",
            ),
        )
    return found


def cancel(
    session: Session, number: int, *, by: str, reason: str, now: dt.datetime
) -> ScheduledActivation:
    """Stop a timed activation that waits. Raises RulebookError SCHEDULE_UNKNOWN, SCHEDULE_ENDED,
    NO_REASON."""
    if not reason.strip():
        raise no_reason()
    found = scheduled_of(session, number)
    if found.state != "waiting":
        raise RulebookError(
            "SCHEDULE_ENDED",
            Text(
                f"timed activation {number} is {found.state} already; undo its revision instead",
                f"定时激活 {number} 已结束({found.state});如需恢复请撤销该次激活",
            ),
            409,
        )
    _end(session, found, "cancelled", by, reason, now)
    _note(session, found, by, "activation.cancelled", reason, now)
    return found


def carry_out(session: Session, number: int, now: dt.datetime) -> ScheduledActivation:
    """Make the versions live now; a broken set changes nothing and is written down as refused.

    What has ended stays as it is, so that doing it twice does it once.
    """
    found = scheduled_of(session, number)
    if found.state != "waiting":
        return found
    try:
        with session.begin_nested():
            done = _activated(session, found, now)
    except (RulesetRefused, RulebookError) as error:
        _end(session, found, "refused", None, f"[{error.code}] {error.text.en}", now)
        _note(session, found, found.requested_by, "activation.refused", found.outcome or "", now)
        return found
    found.revision_id = done.revision
    said = f"revision {done.revision}" + ("" if done.changed else " has them already")
    _end(session, found, "done", None, said, now)
    return found


def _activated(session: Session, found: ScheduledActivation, now: dt.datetime) -> Reloaded:
    return reload_signed(
        session,
        found.hashes,
        by=found.requested_by,
        reason=found.reason,
        now=now,
        cause="schedule",
    )


def _end(
    session: Session,
    found: ScheduledActivation,
    state: str,
    by: str | None,
    outcome: str,
    now: dt.datetime,
) -> None:
    found.state, found.ended_at, found.ended_by, found.outcome = state, now, by, outcome
    session.add(found)
    session.flush()


def _note(
    session: Session,
    found: ScheduledActivation,
    actor: str,
    action: str,
    reason: str,
    now: dt.datetime,
) -> None:
    audit.record(
        session,
        actor=actor,
        action=action,
        subject_kind="scheduled_activation",
        subject_id=str(found.id),
        org_id=found.org_id,
        before=None,
        after={"hashes": list(found.hashes), "activate_at": found.activate_at.isoformat()},
        reason=reason,
        now=now,
    )
