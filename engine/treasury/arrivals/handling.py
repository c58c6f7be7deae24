"""The action that confirms arrivals of one account."""

from __future__ import annotations

import datetime as dt

from engine.rulebook import NoLiveRuleset
from engine.runtime.actions import ActionContext, Done, Outcome, Registry, Retry
from engine.runtime.jsontypes import JsonObject
from engine.treasury.arrivals.confirming import Services, confirm_account
from engine.treasury.statements import CONFIRM

AGAIN = dt.timedelta(minutes=5)
"""Without a live ruleset the lines wait this long for one."""


def register(registry: Registry, services: Services) -> None:
    """Handle CONFIRM, which every import of new lines enqueues."""

    def run(context: ActionContext, payload: JsonObject) -> Outcome:
        account_id = payload["account_id"]
        if not isinstance(account_id, int):
            raise TypeError(f"account_id is {account_id!r}")
        try:
            confirm_account(context.engine, services, account_id)
        except NoLiveRuleset as error:
            return Retry(AGAIN, str(error))
        return Done()

    registry.register(CONFIRM, run)
