"""Automatic payment at set times of business days; each slot once, however many look."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.text import SluiceError, Text
from engine.rulebook import Rulebook
from engine.runtime import db
from engine.runtime.actions import ActionContext, Done, Outcome, Registry
from engine.runtime.jsontypes import JsonObject
from engine.runtime.schedules import Schedule
from engine.treasury.incidents import raise_incident
from engine.treasury.payments.business_day import next_slot
from engine.treasury.payments.sending import send_slot

SLOT = "payments.slot"
"""Kind of the action that sends what is unpaid."""


def slot_schedules(rulebook: Rulebook, times: Sequence[dt.time]) -> list[Schedule]:
    """One schedule per time of day (Shanghai), due on business days only.

    Without a live calendar no slot is due: nothing leaves unseen.
    """
    return [_schedule(rulebook, time) for time in times]


def _schedule(rulebook: Rulebook, time: dt.time) -> Schedule:
    def due(session: Session, after: dt.datetime) -> dt.datetime | None:
        try:
            return next_slot(rulebook.at(session), time, after, _root(session))
        except SluiceError:
            return None

    return Schedule(
        name=f"{SLOT}.{time:%H%M}",
        trigger=f"{time:%H:%M} on business days",
        kind=SLOT,
        next_due=due,
        also_needs="payments.release",
        names_missed=True,
    )


def _root(session: Session) -> tuple[str, ...]:
    """The calendar of the whole group decides when slots are."""
    rows = session.execute(sa.text("SELECT id FROM organisation WHERE parent_id IS NULL"))
    return tuple(rows.scalars())


def register(registry: Registry, rulebook: Rulebook) -> None:
    """Handle the slots. Running one again only finds what is unpaid then.

    Slots that passed while nothing ran are not made up for: the latest one sends what is unpaid,
    and an incident names the others.
    """

    def run(context: ActionContext, payload: JsonObject) -> Outcome:
        now = context.clock.now()
        with db.transaction(context.engine) as session:
            context.guard(session)
            send_slot(session, rulebook, now)
            missed = payload.get("missed")
            if isinstance(missed, list):
                _tell_missed(session, payload, [str(one) for one in missed], now)
        return Done()

    registry.register(SLOT, run)


def _tell_missed(
    session: Session, payload: JsonObject, missed: Sequence[str], now: dt.datetime
) -> None:
    due = str(payload["due_at"])
    named = ", ".join(one[:16].replace("T", " ") for one in missed)
    raise_incident(
        session,
        org_id=_root(session)[0],
        code="SLOT_MISSED",
        subject_kind="schedule",
        subject_id=f"{payload['schedule']} {due}",
        message=Text(
            f"payment slots {named} passed while no scheduler ran; the slot of "
            f"{due[:16].replace('T', ' ')} sent what was unpaid: look for payments that are late",
            f"付款批次时点 {named} 无调度程序运行，已错过；{due[:16].replace('T', ' ')} "
            "的批次已发送未付单据：请检查是否有付款逾期",
        ),
        now=now,
    )
