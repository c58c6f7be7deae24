"""The instruction machine: sends payment batches and finds out what became of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from engine.banks.contract import Connector
from engine.banks.profile import load_profile
from engine.machines.instruction.create import SEND
from engine.machines.instruction.files import WATCH, watch_file
from engine.machines.instruction.ports import Classifier, Listener
from engine.machines.instruction.query import QUERY, query_batch
from engine.machines.instruction.send import send_batch
from engine.runtime.actions import ActionContext, Outcome, Registry
from engine.runtime.jsontypes import JsonObject

SEND_LEASE = dt.timedelta(seconds=120)
"""Longer than preparing, the send budget and an exchange with a slow bank together."""


@dataclass(frozen=True, slots=True)
class InstructionMachine:
    """The machine with the banks it can reach and the capability that owns the documents.

    `connectors` opens a bank by id (engine.banks.connect.Banks).
    """

    connectors: Callable[[str], Connector]
    listener: Listener
    classify: Classifier

    def register(self, registry: Registry) -> None:
        """Handle payment_batch.send, payment_batch.query and payment_file.watch."""
        registry.register(SEND, self._send, lease=SEND_LEASE)
        registry.register(QUERY, self._query, lease=SEND_LEASE)
        registry.register(WATCH, self._watch)

    def _send(self, context: ActionContext, payload: JsonObject) -> Outcome:
        return send_batch(
            context, _batch_id(payload), self.connectors, self.listener, self.classify
        )

    def _query(self, context: ActionContext, payload: JsonObject) -> Outcome:
        return query_batch(
            context, _batch_id(payload), self.connectors, self.listener, self.classify
        )

    def _watch(self, context: ActionContext, payload: JsonObject) -> Outcome:
        return watch_file(context, _batch_id(payload), load_profile, self.listener)


def _batch_id(payload: JsonObject) -> int:
    found = payload["batch_id"]
    if not isinstance(found, int):
        raise TypeError(f"batch_id must be a whole number, not {found!r}")
    return found
