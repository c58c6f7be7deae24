"""Work that is held: no worker begins it until somebody releases it. Nothing is lost meanwhile.

Three things can be held: all actions of a kind, one action by its key, and a schedule, which then
does not fire. A hold never touches an action that is being carried out: the run ends, its outcome
is written, and if it is to run again it waits. What a worker has claimed and not yet begun goes
back to the queue.

Workers claim under the shared lock, holding takes it alone: when a hold is committed, every claim
that did not see it has been committed before, and no later claim can miss it.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.base.text import SluiceError, Text
from engine.runtime import audit
from engine.runtime.models import WorkHold

Scope = Literal["kind", "action", "schedule"]

_LOCK = 0x51_0015

HELD = """(a.kind IN (SELECT name FROM work_hold WHERE scope = 'kind' AND released_at IS NULL)
  OR EXISTS (SELECT 1 FROM work_hold h
             WHERE h.scope = 'action' AND h.name = a.key AND h.released_at IS NULL))"""
"""SQL: whether the action `a` is held, by its kind or by itself."""


class HoldError(SluiceError):
    """A hold or release that changes nothing or says no reason."""

    http_status = 409


def no_reason() -> SluiceError:
    """Who holds, releases, runs or retries says why."""
    return SluiceError("NO_REASON", Text("say why: the reason is kept", "请说明原因:原因将留存"))


def claims_see_holds(session: Session) -> None:
    """Call before a statement that takes up work: what is held by then is seen by it."""
    session.execute(sa.text("SELECT pg_advisory_xact_lock_shared(:lock)"), {"lock": _LOCK})


def hold(
    session: Session,
    scope: Scope,
    name: str,
    *,
    org_id: str | None,
    by: str,
    reason: str,
    now: dt.datetime,
) -> WorkHold:
    """Let nothing of this begin from now on; it is written in the audit log.

    Waits for claims that are under way, a few milliseconds. `org_id` is the organisation it
    belongs to, None the whole system. Raises HoldError HELD_ALREADY, SluiceError NO_REASON.
    """
    if not reason.strip():
        raise no_reason()
    session.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    found = held(session, scope, name)
    if found is not None:
        raise HoldError(
            "HELD_ALREADY",
            Text(
                f"{name} is held already, by {found.held_by}: {found.reason}",
                f"{name} 已由 {found.held_by} 暂停:{found.reason}",
            ),
        )
    made = WorkHold(
        org_id=org_id, scope=scope, name=name, reason=reason.strip(), held_by=by, held_at=now
    )
    session.add(made)
    session.flush()
    _note(session, made, by, "hold", reason, now)
    return made


def release(
    session: Session, scope: Scope, name: str, *, by: str, reason: str, now: dt.datetime
) -> WorkHold:
    """Let it begin again, as if it had not been held. Raises HoldError NOT_HELD, NO_REASON."""
    if not reason.strip():
        raise no_reason()
    found = held(session, scope, name, lock=True)
    if found is None:
        raise HoldError(
            "NOT_HELD",
            Text(
                f"{name} is not held; somebody may have released it already",
                f"{name} 未被暂停,可能已由他人恢复",
            ),
        )
    found.released_by, found.released_at, found.release_reason = by, now, reason.strip()
    session.add(found)
    session.flush()
    _note(session, found, by, "release", reason, now)
    return found


def held(session: Session, scope: Scope, name: str, *, lock: bool = False) -> WorkHold | None:
    """The hold on it; None when it is not held."""
    query = select(WorkHold).where(
        WorkHold.scope == scope, WorkHold.name == name, col(WorkHold.released_at).is_(None)
    )
    return session.exec(query.with_for_update() if lock else query).first()


def open_holds(session: Session, *scopes: Scope) -> list[WorkHold]:
    """What of these scopes is held, oldest first."""
    return list(
        session.exec(
            select(WorkHold)
            .where(col(WorkHold.scope).in_(scopes), col(WorkHold.released_at).is_(None))
            .order_by(col(WorkHold.id))
        )
    )


def ended_holds(session: Session, scope: Scope, name: str, after: dt.datetime) -> list[WorkHold]:
    """The holds on it that were released after an instant, oldest first."""
    return list(
        session.exec(
            select(WorkHold)
            .where(
                WorkHold.scope == scope,
                WorkHold.name == name,
                col(WorkHold.released_at) > after,
            )
            .order_by(col(WorkHold.id))
        )
    )


def _note(
    session: Session, one: WorkHold, actor: str, what: str, reason: str, now: dt.datetime
) -> None:
    audit.record(
        session,
        actor=actor,
        action=f"{'schedule' if one.scope == 'schedule' else 'queue'}.{what}",
        subject_kind="action_kind" if one.scope == "kind" else one.scope,
        subject_id=one.name,
        org_id=one.org_id,
        before=None,
        after={"hold": one.id},
        reason=reason,
        now=now,
    )
