"""Messages to other systems: written with the business, sent until acknowledged.

At least once: a receiver tells repeats by the message id, which is the same at every try, so
two workers sending one message at once do no harm. In order per destination and aggregate: a
message waits until all earlier ones of its aggregate are acknowledged, and a dead letter holds
back those behind it until somebody replays it.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.base.text import SluiceError, Text
from engine.runtime import actions, db
from engine.runtime.actions import ActionContext, Done, Failed, Handler, Outcome, Retry
from engine.runtime.jsontypes import JsonObject, canonical_json, check_object
from engine.runtime.models import OutboxMessage

KIND = "outbox.deliver"
"""Kind of the actions that deliver."""

MAX_ATTEMPTS = 12
FIRST_BACK_OFF = timedelta(seconds=10)
LONGEST_BACK_OFF = timedelta(hours=1)
"""Tries of one message, and the bounds of the doubling wait between them."""


class OutboxError(SluiceError):
    """A message that cannot be replayed."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What is sent."""

    message_id: str
    destination: str
    aggregate: str
    kind: str
    body: JsonObject


@dataclass(frozen=True, slots=True)
class Acked:
    """The receiver has it; `answer` is what it said."""

    answer: JsonObject


@dataclass(frozen=True, slots=True)
class NotAcked:
    """No acknowledgement: it may or may not have arrived, so it is sent again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The receiver will never take it: a dead letter at once."""

    reason: str


class Sender(Protocol):
    """Carries a letter over the wire, with no transaction open. Raising counts as NotAcked
    only where the sender says so: unforeseen errors go to the action's crash handling."""

    def send(self, letter: Letter) -> Acked | NotAcked | Refused:
        """Send `letter` and say what came back."""
        ...


def put(
    session: Session,
    destination: str,
    aggregate: str,
    kind: str,
    body: JsonObject,
    org_id: str,
    now: datetime,
) -> str:
    """Write a message to `destination` in the caller's transaction; its message id."""
    message_id = uuid.uuid4().hex
    session.execute(
        sa.text(
            "INSERT INTO outbox_message (message_id, org_id, destination, aggregate, kind, body, "
            "created_at) VALUES (:id, :org, :destination, :aggregate, :kind, "
            "CAST(:body AS jsonb), :now)"
        ),
        {
            "id": message_id,
            "org": org_id,
            "destination": destination,
            "aggregate": aggregate,
            "kind": kind,
            "body": canonical_json(body),
            "now": now,
        },
    )
    _ask(session, message_id, 0, destination, aggregate, org_id)
    return message_id


def replay(session: Session, message_id: str) -> None:
    """Send a dead letter again from its first try; OutboxError OUTBOX_NOT_DEAD otherwise.

    The decision of a person: record who and why with `audit.record` beside it.
    """
    row = session.execute(
        sa.text(
            "UPDATE outbox_message SET state = 'pending', attempts = 0, next_at = NULL, "
            "replays = replays + 1 WHERE message_id = :id AND state = 'dead' "
            "RETURNING replays, destination, aggregate, org_id"
        ),
        {"id": message_id},
    ).first()
    if row is None:
        raise OutboxError(
            "OUTBOX_NOT_DEAD",
            Text(
                f"message {message_id} is no dead letter; only those are replayed",
                f"消息 {message_id} 不是死信;只有死信可以重发",
            ),
        )
    _ask(session, message_id, row.replays, row.destination, row.aggregate, row.org_id)


def deliverer(sender: Sender) -> Handler:
    """The handler of `outbox.deliver`: sends an aggregate's messages until one is not acked."""

    def deliver(context: ActionContext, payload: JsonObject) -> Outcome:
        destination, aggregate = str(payload["destination"]), str(payload["aggregate"])
        while True:
            with db.transaction(context.engine) as session:
                head = _head(session, destination, aggregate)
            now = context.clock.now()
            if head is None or head.state == "dead":
                return Done()  # nothing left, or held back until the dead letter is replayed
            if head.next_at is not None and head.next_at > now:
                return Retry(head.next_at - now, f"{head.message_id} waits for its next try")
            said = sender.send(_letter(head))
            with db.transaction(context.engine) as session:
                context.guard(session)
                stop = _note(session, head, said, context.clock.now())
            if stop is not None:
                return stop

    return deliver


def _ask(
    session: Session,
    message_id: str,
    replays: int,
    destination: str,
    aggregate: str,
    org_id: str,
) -> None:
    payload = {"destination": destination, "aggregate": aggregate}
    actions.enqueue(session, KIND, f"outbox:{message_id}:{replays}", payload, org_id=org_id)


def _head(session: Session, destination: str, aggregate: str) -> OutboxMessage | None:
    query = (
        select(OutboxMessage)
        .where(OutboxMessage.destination == destination)
        .where(OutboxMessage.aggregate == aggregate)
        .where(OutboxMessage.state != "acked")
        .order_by(col(OutboxMessage.id))
        .limit(1)
    )
    return session.exec(query).first()


def _letter(head: OutboxMessage) -> Letter:
    return Letter(
        head.message_id, head.destination, head.aggregate, head.kind, check_object(head.body)
    )


def _note(
    session: Session, head: OutboxMessage, said: Acked | NotAcked | Refused, now: datetime
) -> Outcome | None:
    """Write down what came back; what ends the round, None to go on with the next message."""
    attempts = head.attempts + 1
    if isinstance(said, Acked):
        answer = canonical_json(said.answer)
        _update(session, head, "acked", attempts, acked_at=now, answer=answer)
        return None
    if isinstance(said, Refused) or attempts >= MAX_ATTEMPTS:
        _update(session, head, "dead", attempts, error=said.reason)
        return Failed(f"dead letter {head.message_id} to {head.destination}: {said.reason}")
    wait = min(FIRST_BACK_OFF * 2 ** (attempts - 1), LONGEST_BACK_OFF)
    _update(session, head, "pending", attempts, error=said.reason, next_at=now + wait)
    return Retry(wait, said.reason)


def _update(
    session: Session,
    head: OutboxMessage,
    state: str,
    attempts: int,
    *,
    error: str | None = None,
    next_at: datetime | None = None,
    acked_at: datetime | None = None,
    answer: str | None = None,
) -> None:
    session.execute(
        sa.text(
            "UPDATE outbox_message SET state = :state, attempts = :attempts, last_error = :error, "
            "next_at = :next_at, acked_at = :acked_at, answer = CAST(:answer AS jsonb) "
            "WHERE id = :id AND state = 'pending'"
        ),
        {
            "state": state,
            "attempts": attempts,
            "error": error,
            "next_at": next_at,
            "acked_at": acked_at,
            "answer": answer,
            "id": head.id,
        },
    )
