"""Automatic payment at set times of business days; each slot once, however many look."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.text import SluiceError
from engine.rulebook import Rulebook
from engine.runtime import db
from engine.runtime.actions import ActionContext, Done, Outcome, Registry
from engine.runtime.jsontypes import JsonObject
from engine.runtime.schedules import Schedule
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
    )


def _root(session: Session) -> tuple[str, ...]:
    """The calendar of the whole group decides when slots are."""
    rows = session.execute(sa.text("SELECT id FROM organisation WHERE parent_id IS NULL"))
    return tuple(rows.scalars())


def register(registry: Registry, rulebook: Rulebook) -> None:
    """Handle the slots. Running one again only finds what is unpaid then."""

    def run(context: ActionContext, _payload: JsonObject) -> Outcome:
        with db.transaction(context.engine) as session:
            context.guard(session)
            send_slot(session, rulebook, context.clock.now())
        return Done()

    registry.register(SLOT, run)
