"""Payments whose own action was given up: each says so, until an operator lets it run again.

Nothing else moves them meanwhile: their attempt stays live, so neither a slot nor a person can
send them a second time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.text import Text
from engine.machines.instruction.create import SEND
from engine.machines.instruction.files import WATCH
from engine.machines.instruction.query import QUERY
from engine.machines.instruction.states import AttemptState
from engine.runtime.actions import DeadAction
from engine.runtime.jsontypes import JsonObject
from engine.treasury.documents.course import stop_waiting, wait

GIVEN_UP = "GIVEN_UP"
"""What a document waits for: an operator."""

A = AttemptState
_UNCLEAR = (A.SENDING, A.PROCESSING, A.UNKNOWN)
# What left already has an action that asks the bank: it waits for nobody because of its sender.
_CARRIED = {SEND: (A.READY,), QUERY: _UNCLEAR, WATCH: _UNCLEAR}


def action_given_up(session: Session, dead: DeadAction, now: dt.datetime) -> None:
    """Write at the documents of a payment batch that their action was given up, and which."""
    del now
    documents = _documents(session, dead.kind, dead.payload)
    if not documents:
        return
    retry = f"sluice queue retry {dead.key}"
    text = (
        Text(
            f"never sent: the action {dead.key} was given up ({dead.reason}); an operator mends "
            f"the cause and runs it again with `{retry}`",
            f"尚未发送：任务 {dead.key} 已放弃（{dead.reason}）；请由操作员排除原因后以 "
            f"`{retry}` 重新执行",
        )
        if dead.kind == SEND
        else Text(
            f"nobody asks what became of it: the action {dead.key} was given up ({dead.reason}); "
            f"an operator mends the cause and runs it again with `{retry}`",
            f"无人查询结果：任务 {dead.key} 已放弃（{dead.reason}）；请由操作员排除原因后以 "
            f"`{retry}` 重新执行",
        )
    )
    wait(session, documents, GIVEN_UP, text)


def action_taken_up(session: Session, kind: str, payload: JsonObject) -> None:
    """The action runs again: its documents wait for no operator any more."""
    documents = _documents(session, kind, payload)
    if documents:
        stop_waiting(session, documents, GIVEN_UP)


def _documents(session: Session, kind: str, payload: JsonObject) -> Sequence[int]:
    states = _CARRIED.get(kind)
    if states is None:
        return ()
    return (
        session.execute(
            sa.text(
                "SELECT document_id FROM attempt WHERE batch_id = :batch AND state = ANY(:states) "
                "ORDER BY document_id"
            ),
            {"batch": payload.get("batch_id"), "states": [state.value for state in states]},
        )
        .scalars()
        .all()
    )
