"""Schedules as an operator sees them: when they fired and will fire, held, released, run now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.text import SluiceError, Text
from engine.rulebook.versions import ROOT
from engine.runtime import audit, holds, schedules
from engine.runtime.models import WorkHold
from engine.runtime.schedules import Schedule
from engine.treasury.operations.reach import RUN, may_run, reach
from engine.treasury.organisations.grants import can, require
from engine.treasury.organisations.permissions import known_permission

_LAST = sa.text("""
SELECT s.name, r.due_at, r.fired_at, r.asked_by FROM unnest(CAST(:names AS text[])) s(name)
JOIN LATERAL (SELECT * FROM run WHERE schedule = s.name ORDER BY due_at DESC LIMIT 1) r ON true""")


@dataclass(frozen=True, slots=True)
class LastRun:
    """The latest run of a schedule, and what became of its action."""

    due_at: dt.datetime
    fired_at: dt.datetime
    asked_by: str | None
    """Who had it run outside its times."""
    state: str | None
    """ready | leased | done | dead; None where the action is no more."""
    last_error: str | None


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """A schedule, its latest run, its next time and the hold on it."""

    schedule: Schedule
    last: LastRun | None
    next_due: dt.datetime | None
    """None when there is none (yet); a held one does not fire then."""
    hold: WorkHold | None
    runnable: bool
    """Whether this user may have it run now."""


def listed(
    session: Session, user_id: str | None, known: Sequence[Schedule], now: dt.datetime
) -> tuple[ScheduleRow, ...]:
    """The schedules within the user's reach, by name."""
    seen = reach(session, user_id)
    shown = sorted(
        (
            one
            for one in known
            if (seen.group_wide if one.org_id is None else one.org_id in seen.orgs)
        ),
        key=lambda one: one.name,
    )
    last = _last(session, [one.name for one in shown])
    held = {one.name: one for one in holds.open_holds(session, "schedule")}
    return tuple(
        ScheduleRow(
            one,
            last.get(one.name),
            schedules.next_due(session, one, now),
            held.get(one.name),
            user_id is not None and _may_run_now(session, user_id, one),
        )
        for one in shown
    )


def hold(
    session: Session,
    user_id: str,
    known: Sequence[Schedule],
    name: str,
    reason: str,
    now: dt.datetime,
) -> WorkHold:
    """Let it not fire until it is released. Raises SluiceError SCHEDULE_NAME_UNKNOWN,
    NotPermitted, and as `holds.hold`."""
    one = _named(known, name)
    may_run(session, user_id, one.org_id)
    return holds.hold(
        session, "schedule", name, org_id=one.org_id, by=user_id, reason=reason, now=now
    )


def release(
    session: Session,
    user_id: str,
    known: Sequence[Schedule],
    name: str,
    reason: str,
    now: dt.datetime,
) -> WorkHold:
    """Let it fire again. Of the times that passed meanwhile the latest fires at once, the others
    never. Raises SluiceError SCHEDULE_NAME_UNKNOWN, NotPermitted, and as `holds.release`."""
    one = _named(known, name)
    may_run(session, user_id, one.org_id)
    return holds.release(session, "schedule", name, by=user_id, reason=reason, now=now)


def run_now(
    session: Session,
    user_id: str,
    known: Sequence[Schedule],
    name: str,
    reason: str,
    now: dt.datetime,
) -> str:
    """One extra run, also of a held schedule; the key of its action.

    Raises SluiceError SCHEDULE_NAME_UNKNOWN, RUN_ALREADY, NO_REASON, and NotPermitted, also
    without the permission the schedule itself asks for.
    """
    if not reason.strip():
        raise holds.no_reason()
    one = _named(known, name)
    may_run(session, user_id, one.org_id)
    if one.also_needs is not None:
        needed = known_permission(one.also_needs)
        require(session, user_id, needed, one.org_id or ROOT)
    key = schedules.run_now(session, one, user_id, now)
    if key is None:
        raise holds.HoldError(
            "RUN_ALREADY",
            Text(
                f"{name} was fired at this very instant already",
                f"{name} 在同一时刻已触发",
            ),
        )
    audit.record(
        session,
        actor=user_id,
        action="schedule.run",
        subject_kind="schedule",
        subject_id=name,
        org_id=one.org_id,
        before=None,
        after={"action": key},
        reason=reason,
        now=now,
    )
    return key


def _last(session: Session, names: Sequence[str]) -> dict[str, LastRun]:
    rows = session.execute(_LAST, {"names": list(names)}).all()
    keys = {row.name: schedules.key_of(row.name, row.due_at) for row in rows}
    became = {
        row.key: row
        for row in session.execute(
            sa.text("SELECT key, state, last_error FROM action WHERE key = ANY(:keys)"),
            {"keys": list(keys.values())},
        )
    }
    found = {}
    for row in rows:
        action = became.get(keys[row.name])
        found[row.name] = LastRun(
            row.due_at,
            row.fired_at,
            row.asked_by,
            None if action is None else action.state,
            None if action is None else action.last_error,
        )
    return found


def _may_run_now(session: Session, user_id: str, one: Schedule) -> bool:
    org = one.org_id or ROOT
    needed = [RUN] if one.also_needs is None else [RUN, known_permission(one.also_needs)]
    return all(can(session, user_id, permission, org) for permission in needed)


def _named(known: Sequence[Schedule], name: str) -> Schedule:
    for one in known:
        if one.name == name:
            return one
    raise SluiceError(
        "SCHEDULE_NAME_UNKNOWN",
        Text(
            f"there is no schedule {name}; see `sluice schedules ls`",
            f"没有定时任务 {name};请查看 `sluice schedules ls`",
        ),
    )
