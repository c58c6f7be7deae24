"""Timed activation: signed versions that become live at an instant of the business clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, func, select

from engine.base.text import SluiceError, Text
from engine.rulebook.errors import RulebookError, no_reason
from engine.rulebook.lock import lock_rulebook
from engine.rulebook.models import Revision, ScheduledActivation
from engine.rulebook.planning import scheduled
from engine.rulebook.reloading import Reloaded, reload_signed
from engine.rulebook.revisions import current_revision, items_of, signed_version
from engine.rulebook.versions import ROOT
from engine.runtime import audit
from engine.runtime.clock import BUSINESS_ZONE


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

    Raises RulebookError NO_REASON, SCHEDULE_PAST, SCHEDULE_EMPTY, SCHEDULED_ALREADY for a version
    that another waiting activation takes, and as `signed_version`.
    """
    if not reason.strip():
        raise no_reason()
    if not hashes:
        raise RulebookError(
            "SCHEDULE_EMPTY", Text("name the versions to activate", "请指定要激活的版本")
        )
    if at.tzinfo is None:
        raise TypeError(f"an instant has a time zone, not {at!r}")
    if at <= now:
        then, today = (one.astimezone(BUSINESS_ZONE) for one in (at, now))
        raise RulebookError(
            "SCHEDULE_PAST",
            Text(
                f"{then.isoformat(timespec='minutes')} is past (it is now "
                f"{today.isoformat(timespec='minutes')}); name a later instant, or reload at once",
                f"{then.isoformat(timespec='minutes')} 已过(现在是 "
                f"{today.isoformat(timespec='minutes')});请指定以后的时刻,或立即重新加载",
            ),
        )
    lock_rulebook(session)
    chosen = [signed_version(session, one).hash for one in dict.fromkeys(hashes)]
    _refuse_twice(session, chosen)
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


def _refuse_twice(session: Session, hashes: Sequence[str]) -> None:
    """Two activations of one version would make it live at the first time and, after an undo,
    again at the second."""
    for other in scheduled(session):
        for hash in hashes:
            if hash in other.hashes:
                version = signed_version(session, hash)
                at = other.activate_at.astimezone(BUSINESS_ZONE).isoformat(timespec="minutes")
                raise RulebookError(
                    "SCHEDULED_ALREADY",
                    Text(
                        f"{version.name} version {version.version} becomes live at {at} already "
                        f"(timed activation {other.id}); cancel that first (`sluice rules cancel "
                        f"{other.id}`)",
                        f"{version.name} 第 {version.version} 版已安排于 {at} 激活"
                        f"(定时激活 {other.id});请先取消(`sluice rules cancel {other.id}`)",
                    ),
                    409,
                )


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
        raise _ended(found)
    _end(session, found, "cancelled", by, reason, now)
    _note(session, found, by, "activation.cancelled", reason, now)
    return found


def _ended(found: ScheduledActivation) -> RulebookError:
    """Why one that has ended cannot be stopped, and what can be done instead."""
    state = "取消" if found.state == "cancelled" else "被拒绝"
    said = Text(
        f"timed activation {found.id} was {found.state} already; it changes nothing any more",
        f"定时激活 {found.id} 已{state},不会再改变规则",
    )
    if found.revision_id is not None:
        said = Text(
            f"timed activation {found.id} became revision {found.revision_id}; undo that instead "
            "(`sluice reload --undo`)",
            f"定时激活 {found.id} 已成为第 {found.revision_id} 次激活;如需恢复请撤销"
            "(`sluice reload --undo`)",
        )
    return RulebookError("SCHEDULE_ENDED", said, 409)


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """What became of a timed activation just now; `refusal` is None unless it was refused."""

    activation: ScheduledActivation
    refusal: SluiceError | None = None


def carry_out(
    session: Session,
    number: int,
    now: dt.datetime,
    *,
    permitted: Callable[[ScheduledActivation], None],
) -> CarriedOut:
    """Make the versions live now; a broken set changes nothing and is written down as refused, and
    so is a version that became live earlier and was undone since this was scheduled.

    `permitted` raises a SluiceError when who asked for it may no longer do so: that is a refusal
    too. What has ended stays as it is, so that doing it twice does it once.
    """
    found = scheduled_of(session, number)
    if found.state != "waiting":
        return CarriedOut(found)
    try:
        with session.begin_nested():
            lock_rulebook(session)
            permitted(found)
            _refuse_undone(session, found)
            done = _activated(session, found, now)
    except SluiceError as error:
        why = f"[{error.code}] {error.text.en} / {error.text.zh}"
        _end(session, found, "refused", None, why, now)
        _note(session, found, found.requested_by, "activation.refused", why, now)
        return CarriedOut(found, error)
    found.revision_id = done.revision
    said = f"revision {done.revision}" + ("" if done.changed else " has them already")
    _end(session, found, "done", None, said, now)
    return CarriedOut(found)


def _activated(session: Session, found: ScheduledActivation, now: dt.datetime) -> Reloaded:
    return reload_signed(
        session,
        found.hashes,
        by=found.requested_by,
        reason=found.reason,
        now=now,
        cause="schedule",
    )


def _refuse_undone(session: Session, found: ScheduledActivation) -> None:
    """Raise RulebookError UNDONE for a version that an undo took away after it was scheduled, and
    that is not live again."""
    live = _hashes_of(session, current_revision(session))
    undos = session.exec(
        select(Revision)
        .where(Revision.cause == "undo", Revision.activated_at >= found.created_at)
        .order_by(col(Revision.id).desc())
    )
    for one in undos:
        before = select(func.max(Revision.id)).where(col(Revision.id) < one.id)
        gone = _hashes_of(session, session.exec(before).one()) - _hashes_of(session, one.id) - live
        for version in (signed_version(session, hash) for hash in found.hashes if hash in gone):
            raise RulebookError(
                "UNDONE",
                Text(
                    f"{version.name} version {version.version} was live and {one.activated_by} has "
                    f"undone it with revision {one.id} after it was scheduled",
                    f"{version.name} 第 {version.version} 版曾生效,安排之后已被 "
                    f"{one.activated_by} 以第 {one.id} 次激活撤销",
                ),
                409,
            )


def _hashes_of(session: Session, revision: int | None) -> set[str]:
    return {item.version.hash for item in items_of(session, revision or 0)}


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
