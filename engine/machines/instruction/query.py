"""Asking the bank what became of a batch, until nothing of it is open any more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from engine.banks.contract import (
    Connector,
    ItemStatus,
    Queried,
    QueryAnswer,
    finality,
    quiet_until,
)
from engine.banks.parameters import look_up
from engine.banks.profile import BankProfile
from engine.base.text import SluiceError
from engine.formats.iso20022.pain002 import Reading
from engine.machines.instruction.evidence import Evidence, record
from engine.machines.instruction.ports import SENDER_LOST, Classifier, Listener
from engine.machines.instruction.reading import moves_by_status
from engine.machines.instruction.states import OPEN, AttemptState
from engine.machines.instruction.store import (
    AttemptRow,
    BatchRow,
    Move,
    accepted,
    lock_batch_attempts,
    move,
    read_batch,
)
from engine.runtime.actions import ActionContext, Done, LeaseLost, Outcome, Retry
from engine.runtime.db import transaction

QUERY = "payment_batch.query"
"""Kind of the action that asks about a batch."""

FIRST_QUERY = dt.timedelta(minutes=1)
BACK_OFF = (dt.timedelta(minutes=5), dt.timedelta(minutes=15), dt.timedelta(hours=1))
"""1 minute after sending, then 5 and 15 minutes, then hourly (SEMANTICS §6)."""

ANSWERS_TO_REVIEW = 2
"""So many answers in a row, after the finality horizon, that tell nothing definite."""

STALE_SENDER = dt.timedelta(minutes=5)
"""A sender that has not written its outcome for so long has stopped."""

S = AttemptState


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the bank said, and whether "not found" counted when it was asked."""

    answer: QueryAnswer
    final: bool


def query_batch(
    context: ActionContext,
    batch_id: int,
    connectors: Callable[[str], Connector],
    listener: Listener,
    classify: Classifier,
) -> Outcome:
    """Handle payment_batch.query."""
    again = BACK_OFF[min(context.attempts, len(BACK_OFF)) - 1]
    with transaction(context.engine) as session:
        batch = read_batch(session, batch_id, lock=False)
        if not _any_open(session, batch_id):
            return Done()
        settings = look_up(session, batch.bank_id)
    try:
        connector = connectors(batch.bank_id)
        now = context.clock.now()
        profile = settings.applied_to(connector.profile)
        quiet = quiet_until(profile, now)
        if quiet is not None:
            return Retry(quiet - now, f"{batch.bank_id} is not to be called before {quiet:%H:%M}")
        answer = _ask(connector, batch.message_id)
        left = _settle(context, batch, profile, now, answer, listener, classify)
    except LeaseLost:
        raise
    except SluiceError as error:
        return Retry(again, str(error))
    return Retry(again, f"{left} open at the bank") if left else Done()


def _ask(connector: Connector, message_id: str) -> QueryAnswer:
    if not connector.profile.queryable:
        return QueryAnswer(Queried.NO_ANSWER, None, (), "this bank cannot be asked", b"")
    return connector.query(message_id)


def _settle(
    context: ActionContext,
    batch: BatchRow,
    profile: BankProfile,
    asked_at: dt.datetime,
    answer: QueryAnswer,
    listener: Listener,
    classify: Classifier,
) -> int:
    """Write down what the bank said; how many attempts are still open.

    What it did not know counts by when it was asked: an answer that was long on its way, or that
    waited here for a lock, is no answer from after the horizon.
    """
    sent_at = batch.sent_at or asked_at
    asked = _Asked(answer, asked_at >= finality(profile, sent_at, batch.value_date))
    with transaction(context.engine) as session:
        context.guard(session)
        batch = read_batch(session, batch.id, lock=True)
        attempts = lock_batch_attempts(session, batch.id)
        now = context.clock.now()
        kind = "no_answer" if answer.outcome is Queried.NO_ANSWER else "query_answer"
        kept = Evidence(kind, answer.outcome.value, answer.raw, answer.text)
        evidence = record(session, batch.org_id, batch.id, kept, now)
        told, silent = _tell_apart(attempts, answer)
        moves = moves_by_status(session, batch, told, classify)
        moves = [_indefinite(one, asked) for one in moves]
        # A bank that cannot be asked tells nothing new until the horizon has passed.
        counts = asked.final if not profile.queryable else answer.outcome is not Queried.NO_ANSWER
        if counts:
            moves += [_silent(one, asked) for one in silent if one.state is not S.SENDING]
        moves += [
            Move(one, S.UNKNOWN, bank_text=SENDER_LOST.en, bank_text_zh=SENDER_LOST.zh)
            for one in silent
            if one.state is S.SENDING and asked_at - sent_at >= STALE_SENDER
        ]
        if answer.outcome is Queried.FOUND:
            accepted(session, batch.id, now)
        changes = move(session, moves, evidence, now)
        if changes:
            listener.on_attempts(session, changes)
        states = {one.id: one.state for one in attempts} | {
            one.attempt.id: one.new for one in moves
        }
    return sum(state in OPEN for state in states.values())


def _tell_apart(
    attempts: Sequence[AttemptRow], answer: QueryAnswer
) -> tuple[list[tuple[AttemptRow, ItemStatus]], list[AttemptRow]]:
    """Attempts with what the bank says of them, and the open ones it says nothing of."""
    said: dict[str, ItemStatus] = {}
    for item in answer.items:
        before = said.get(item.instruction_id)
        if before is not None and before.reading is not item.reading:
            # Two words about one item: neither counts.
            item = ItemStatus(item.instruction_id, Reading.UNKNOWN, item.status, None, None, None)
        said[item.instruction_id] = item
    told: list[tuple[AttemptRow, ItemStatus]] = []
    silent: list[AttemptRow] = []
    for attempt in attempts:
        status = said.get(attempt.instruction_id, answer.whole)
        if attempt.state in OPEN:
            if status is None:
                silent.append(attempt)
            else:
                told.append((attempt, status))
        elif status is not None and (
            attempt.state is S.REVIEW
            # A failed one is of interest only when the bank now says it was done.
            or (attempt.state is S.FAILED and status.reading is Reading.PAID)
        ):
            told.append((attempt, status))
    return told, silent


def _silent(attempt: AttemptRow, asked: _Asked) -> Move:
    """The bank does not know it. That proves nothing: UNKNOWN, and counted once it is final."""
    return _counted(Move(attempt, S.UNKNOWN, bank_text=asked.answer.text), asked)


def _indefinite(one: Move, asked: _Asked) -> Move:
    """A word that leaves the attempt UNKNOWN counts like none."""
    return _counted(one, asked) if one.new is S.UNKNOWN else one


def _counted(one: Move, asked: _Asked) -> Move:
    count = one.attempt.not_found_count + 1 if asked.final else 0
    due = one.attempt.state is S.UNKNOWN and count >= ANSWERS_TO_REVIEW
    return Move(
        one.attempt,
        S.REVIEW if due else S.UNKNOWN,
        bank_code=one.bank_code,
        bank_text=one.bank_text,
        bank_text_zh=one.bank_text_zh,
        bank_reference=one.bank_reference,
        handling=one.handling,
        decision_id=one.decision_id,
        not_found_count=count,
    )


def _any_open(session: Session, batch_id: int) -> bool:
    return bool(
        session.connection()
        .execute(
            sa.text(
                "SELECT EXISTS (SELECT 1 FROM attempt WHERE batch_id = :id AND state = ANY(:open))"
            ),
            {"id": batch_id, "open": [state.value for state in OPEN]},
        )
        .scalar_one()
    )
