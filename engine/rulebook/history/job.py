"""The action that keeps the history: fired by a schedule, harmless when done twice."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa

from engine.rulebook.history.keeping import update
from engine.rulebook.history.loaded import LoadedHistories
from engine.rulebook.history.made_up import write_made_up
from engine.runtime.actions import LOOKING, ActionContext, Done, Outcome, Registry
from engine.runtime.db import transaction
from engine.runtime.jsontypes import JsonObject

KEEP = "rules.history"
LEASE = dt.timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Keeper:
    """Writes the history of one workspace."""

    histories: LoadedHistories
    demo: bool

    def keep(self, engine: sa.Engine, today: dt.date) -> None:
        """Write the months that lack decisions; in a demo also its made-up documents, once."""
        folder = self.histories.folder
        with transaction(engine) as session:
            for _month in update(session, folder):
                pass
            paths = []
            if self.demo:
                rows = session.execute(sa.text("SELECT path FROM organisation ORDER BY path"))
                paths = [tuple(str(one).split("/")) for one in rows.scalars()]
        if paths:
            write_made_up(folder, paths, last=today)

    def handle(self, context: ActionContext, _payload: JsonObject) -> Outcome:
        """The action's handler: files are replaced as a whole, so that no guard is needed."""
        self.keep(context.engine, context.clock.business_date())
        return Done()


def register(registry: Registry, keeper: Keeper) -> None:
    """Handle the schedule's actions."""
    registry.register(KEEP, keeper.handle, lease=LEASE, lane=LOOKING)
