"""Sending a payment batch: at most once, and known to the database before the first byte.

Transaction 1 takes refused items out, renders the message once, keeps its bytes, writes SENDING
and commits. Then the bank is called with no transaction open. Transaction 2 writes what came of
it. Whoever finds a batch that was sent before never sends it again: SENDING becomes UNKNOWN and
the bank is asked.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import sqlalchemy as sa
from sqlmodel import Session

from engine.banks.contract import Connector, ItemStatus, SubmitAnswer, Submitted, quiet_until
from engine.banks.parameters import look_up, settings_of
from engine.banks.profile import BankProfile
from engine.base.text import SluiceError, Text
from engine.formats.iso20022.pain002 import Reading
from engine.formats.payment import ItemFault, PaymentItem, PaymentMessage
from engine.machines.instruction.evidence import Evidence, digest, record
from engine.machines.instruction.ports import SENDER_LOST, Classifier, Handling, Listener, Refusal
from engine.machines.instruction.query import FIRST_QUERY, QUERY
from engine.machines.instruction.reading import moves_by_status
from engine.machines.instruction.states import AttemptState
from engine.machines.instruction.store import (
    AttemptRow,
    BatchRow,
    Move,
    accepted,
    lock_batch_attempts,
    move,
    read_batch,
)
from engine.runtime import actions
from engine.runtime.actions import ActionContext, Done, LeaseLost, Outcome, Retry
from engine.runtime.db import transaction

SEND_BUDGET = 10.0
"""Most seconds between asking for the commit of SENDING and the first byte. A process that was
paused longer than this does not send: somebody else may have begun to ask the bank."""

BANK_NOT_SET_UP = dt.timedelta(minutes=5)
"""Wait before a batch of a bank that cannot be opened is looked at again."""

BUSY_WAIT = dt.timedelta(seconds=5)
"""Wait before a batch is looked at again whose bank has as many messages under way as it takes."""

NOT_SENT = "NOT_SENT"
_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""A clock that goes on while the machine sleeps."""

S = AttemptState


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message whose sending is committed and that nobody else will send."""

    message_id: str
    request: bytes
    until: float
    """Reading of the boot clock after which it must not leave any more."""


def send_batch(
    context: ActionContext,
    batch_id: int,
    connectors: Callable[[str], Connector],
    listener: Listener,
    classify: Classifier,
) -> Outcome:
    """Handle payment_batch.send."""
    with transaction(context.engine) as session:
        bank_id = read_batch(session, batch_id, lock=False).bank_id
        settings = look_up(session, bank_id)
    try:
        connector = connectors(bank_id)
    except SluiceError as error:
        return Retry(BANK_NOT_SET_UP, str(error))
    now = context.clock.now()
    quiet = quiet_until(settings.applied_to(connector.profile), now)
    if quiet is not None:
        return Retry(quiet - now, f"{bank_id} is not to be called before {quiet:%H:%M}")
    try:
        prepared = prepare(context, batch_id, connector, listener)
    except BankBusy as error:
        return Retry(BUSY_WAIT, str(error))
    if prepared is None:
        return Done()
    answer = submit(connector, prepared)
    try:
        settle_submission(context, batch_id, answer, listener, classify)
    except LeaseLost:
        raise
    except SluiceError as error:
        # The next run finds SENDING and asks the bank; the answer is kept as evidence.
        return Retry(FIRST_QUERY, str(error))
    return Done()


def prepare(
    context: ActionContext, batch_id: int, connector: Connector, listener: Listener
) -> Prepared | None:
    """Transaction 1. None when there is nothing to send: sent before, or nothing left in it.

    BankBusy when the bank has as many messages under way as its profile allows.
    """
    until = _boot() + SEND_BUDGET
    with transaction(context.engine) as session:
        context.guard(session)
        batch = read_batch(session, batch_id, lock=True)
        attempts = lock_batch_attempts(session, batch_id)
        if batch.sent_at is not None:
            _forget_sender(session, attempts, listener, context.clock.now())
            return None
        settings = settings_of(session, batch.bank_id)
        _take_place(session, settings.applied_to(connector.profile))
        # Read when nothing is waited for any more: the bank's horizon is counted from this time.
        now = context.clock.now()
        begun = begin(session, batch, attempts, connector, listener, now)
        if begun.leaving:
            actions.enqueue(
                session,
                QUERY,
                f"{QUERY}:{batch.id}",
                {"batch_id": batch.id},
                now + FIRST_QUERY,
                org_id=batch.org_id,
            )
    return Prepared(batch.message_id, begun.request, until) if begun.leaving else None


class Writer(Protocol):
    """What a message is written with: a connector, or a bank's file layout."""

    @property
    def profile(self) -> BankProfile:
        """The bank's profile."""
        ...

    def check(self, message: PaymentMessage) -> tuple[ItemFault, ...]:
        """Why items of `message` cannot be written; empty when all can."""
        ...

    def render(self, message: PaymentMessage) -> bytes:
        """The bytes of `message`."""
        ...


@dataclass(frozen=True, slots=True)
class Begun:
    """A message frozen with its bytes, all written in the caller's transaction."""

    request: bytes
    leaving: tuple[AttemptRow, ...]
    """As they were before: they are SENDING now. Empty: nothing is left to send."""
    withdrawn: tuple[Move, ...]


def begin(
    session: Session,
    batch: BatchRow,
    attempts: Sequence[AttemptRow],
    writer: Writer,
    listener: Listener,
    now: dt.datetime,
) -> Begun:
    """Take refused items out, render the rest once, keep the bytes, write SENDING.

    For a locked batch that has not left, with its locked attempts.
    """
    ready = [one for one in attempts if one.state is S.READY]
    withdrawn = _refused(session, batch, ready, writer, listener, now)
    out = {one.attempt.id for one in withdrawn}
    leaving = [one for one in ready if one.id not in out]
    changes = move(session, withdrawn, None, now)
    request = b""
    if leaving:
        request = writer.render(_message(batch, leaving, writer, now))
        kept = Evidence("request", "RENDERED", request)
        evidence = record(session, batch.org_id, batch.id, kept, now)
        _freeze(session, batch.id, request, now)
        changes += move(session, [Move(one, S.SENDING) for one in leaving], evidence, now)
    if changes:
        listener.on_attempts(session, changes)
    return Begun(request, tuple(leaving), tuple(withdrawn))


class BankBusy(SluiceError):
    """The bank takes no further message at this moment; nothing was changed."""


_PLACE_LOCK = 0x51_0036
# A file that a person carries to the bank takes none of its places, however long it is SENDING.
_UNDER_WAY = sa.text("""
    SELECT count(DISTINCT a.batch_id) FROM attempt a JOIN payment_batch b ON b.id = a.batch_id
    WHERE a.state = 'SENDING' AND b.bank_id = :bank
      AND NOT EXISTS (SELECT 1 FROM payment_file_download f WHERE f.batch_id = b.id)
""")


def _take_place(session: Session, profile: BankProfile) -> None:
    """Take one of the bank's places for messages under way, counted over all processes.

    Senders to one bank pass here one after the other until their SENDING is committed. A place is
    given back with SENDING: by the answer, or by whoever finds that the sender stopped.
    """
    if profile.max_in_flight is None:
        return
    connection = session.connection()
    connection.execute(
        sa.text("SELECT pg_advisory_xact_lock(:lock, hashtext(:bank))"),
        {"lock": _PLACE_LOCK, "bank": profile.id},
    )
    under_way = int(connection.execute(_UNDER_WAY, {"bank": profile.id}).scalar_one())
    if under_way >= profile.max_in_flight:
        raise BankBusy(
            "BANK_BUSY",
            Text(
                f"{profile.id} has {under_way} messages under way and takes "
                f"{profile.max_in_flight}; this one waits",
                f"{profile.id} 已有 {under_way} 个报文在途,上限为 {profile.max_in_flight};本批等待",
            ),
        )


def submit(connector: Connector, prepared: Prepared) -> SubmitAnswer:
    """Call the bank, unless too much time went by since the commit."""
    if _boot() > prepared.until:
        why = f"paused for more than {SEND_BUDGET:.0f} seconds before the first byte; not sent"
        return SubmitAnswer(Submitted.NOT_SENT, None, None, why, b"")
    return connector.submit(prepared.message_id, prepared.request)


def settle_submission(
    context: ActionContext,
    batch_id: int,
    answer: SubmitAnswer,
    listener: Listener,
    classify: Classifier,
) -> None:
    """Transaction 2: what came of the submission, by the worker that still holds the action.

    The answer itself is kept in any case, in a transaction of its own: evidence cannot be
    wrong, whoever writes it.
    """
    now = context.clock.now()
    with transaction(context.engine) as session:
        batch = read_batch(session, batch_id, lock=False)
        kind = "submit_answer" if answer.raw else "no_answer"
        kept = Evidence(kind, answer.outcome.value, answer.raw, answer.text)
        evidence = record(session, batch.org_id, batch.id, kept, now)
    with transaction(context.engine) as session:
        context.guard(session)
        batch = read_batch(session, batch_id, lock=True)
        attempts = [
            one
            for one in lock_batch_attempts(session, batch_id)
            if one.state in (S.SENDING, S.UNKNOWN)
        ]
        now = context.clock.now()
        moves = _moves(session, batch, attempts, answer, classify)
        if answer.outcome is Submitted.ACCEPTED:
            accepted(session, batch.id, now)
        changes = move(session, moves, evidence, now)
        if changes:
            listener.on_attempts(session, changes)


def _moves(
    session: Session,
    batch: BatchRow,
    attempts: Sequence[AttemptRow],
    answer: SubmitAnswer,
    classify: Classifier,
) -> list[Move]:
    sending = [one for one in attempts if one.state is S.SENDING]
    match answer.outcome:
        case Submitted.ACCEPTED:
            return [
                Move(one, S.PROCESSING, bank_code=answer.status, bank_text=answer.text)
                for one in attempts
            ]
        case Submitted.REJECTED:
            said = ItemStatus("", Reading.REJECTED, answer.status, answer.reason, answer.text, None)
            return moves_by_status(session, batch, [(one, said) for one in attempts], classify)
        case Submitted.NOT_SENT:
            return [
                Move(
                    one,
                    S.FAILED,
                    bank_code=NOT_SENT,
                    bank_text=answer.text,
                    handling=Handling.RETRY_INSIDE,
                )
                for one in sending
            ]
        case Submitted.UNKNOWN:
            return [
                Move(one, S.UNKNOWN, bank_code=answer.status, bank_text=answer.text)
                for one in sending
            ]


def _forget_sender(
    session: Session, attempts: Sequence[AttemptRow], listener: Listener, now: dt.datetime
) -> None:
    """A sender stopped between its two transactions: nobody knows how far it came."""
    lost = [
        Move(one, S.UNKNOWN, bank_text=SENDER_LOST.en, bank_text_zh=SENDER_LOST.zh)
        for one in attempts
        if one.state is S.SENDING
    ]
    changes = move(session, lost, None, now)
    if changes:
        listener.on_attempts(session, changes)


def _refused(
    session: Session,
    batch: BatchRow,
    ready: Sequence[AttemptRow],
    writer: Writer,
    listener: Listener,
    now: dt.datetime,
) -> list[Move]:
    """Items that must not leave, with the reason: the owner's refusals, then the format's."""
    refusals = dict(listener.before_send(session, [one.document_id for one in ready]))
    rest = [one for one in ready if one.document_id not in refusals]
    if rest:
        for fault in writer.check(_message(batch, rest, writer, now)):
            # Row 0 is the message itself: then nothing of it can leave.
            named = rest if fault.row == 0 else [rest[fault.row - 1]]
            for one in named:
                refusals.setdefault(one.document_id, Refusal(fault.code, fault.text))
    return [
        Move(
            one,
            S.WITHDRAWN,
            bank_code=refusals[one.document_id].code,
            bank_text=refusals[one.document_id].text.en,
            bank_text_zh=refusals[one.document_id].text.zh,
        )
        for one in ready
        if one.document_id in refusals
    ]


def _message(
    batch: BatchRow, attempts: Sequence[AttemptRow], writer: Writer, now: dt.datetime
) -> PaymentMessage:
    return PaymentMessage(
        message_id=batch.message_id,
        direction=batch.direction,
        account_number=batch.account_number,
        account_name=batch.account_name,
        account_bank_code=batch.account_bank_code,
        currency=batch.currency,
        value_date=batch.value_date,
        created_at=now.astimezone(writer.profile.zone),
        items=tuple(
            PaymentItem(
                one.instruction_id,
                one.amount,
                one.counterparty_name,
                one.counterparty_account,
                one.counterparty_bank_code,
                one.remittance,
            )
            for one in attempts
        ),
    )


def _freeze(session: Session, batch_id: int, request: bytes, now: dt.datetime) -> None:
    session.connection().execute(
        sa.text("UPDATE payment_batch SET sent_at = :now, request_sha256 = :sha WHERE id = :id"),
        {"now": now, "sha": digest(request), "id": batch_id},
    )


def _boot() -> float:
    return time.clock_gettime(_BOOT)
