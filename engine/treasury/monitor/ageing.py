"""A schedule that tells of payments whose outcome stays unknown, at every step of their age."""

from __future__ import annotations

from engine.runtime.actions import ActionContext, Done, Registry
from engine.runtime.db import transaction
from engine.runtime.jsontypes import JsonObject
from engine.runtime.schedules import Schedule
from engine.treasury.monitor.occurrences import unknown_payments_age

AGEING = "monitor.ageing"
"""Kind of the action."""

SCHEDULE = Schedule(AGEING, "*/5 * * * *", AGEING)


def register(registry: Registry) -> None:
    """Handle AGEING."""
    registry.register(AGEING, _age)


def _age(context: ActionContext, payload: JsonObject) -> Done:
    del payload
    with transaction(context.engine) as session:
        context.guard(session)
        unknown_payments_age(session, context.clock.now())
    return Done()
