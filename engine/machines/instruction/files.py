"""Payment batches that leave as files: handed out once, answered by return files.

The file is rendered and SENDING committed when a person first takes it; later downloads are the
same bytes again and no new attempt. Nothing is asked of the bank: its return file, a statement
line, or two persons say what became of the items.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from engine.banks.contract import ItemStatus, finality
from engine.banks.parameters import look_up
from engine.banks.profile import BankProfile
from engine.base.text import Text
from engine.formats.iso20022.pain002 import Reading
from engine.formats.layouts import ReturnFile, ReturnItem
from engine.machines.instruction import return_issues
from engine.machines.instruction.errors import InstructionError
from engine.machines.instruction.evidence import Evidence, digest, record
from engine.machines.instruction.ports import AttemptChange, Classifier, Listener
from engine.machines.instruction.reading import moves_by_status
from engine.machines.instruction.return_issues import ReturnIssue
from engine.machines.instruction.send import Writer, begin
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
from engine.runtime import actions
from engine.runtime.actions import ActionContext, Done, Outcome, Retry
from engine.runtime.db import transaction
from engine.runtime.jsontypes import JsonObject, canonical_json

WATCH = "payment_file.watch"
"""Kind of the action that notices when a return file did not come."""

LOOK_AGAIN = dt.timedelta(hours=1)
"""Between the two looks after the horizon that bring an attempt to REVIEW."""

LOOKS_TO_REVIEW = 2

S = AttemptState
NO_RETURN_FILE = Text("no return file came by the bank's horizon", "银行期限内未收到回盘文件")


@dataclass(frozen=True, slots=True)
class HandedOut:
    """What a download gave. `content` is empty when every item was taken out before."""

    message_id: str
    content: bytes
    sha256: str
    number: int
    """1 for the original, 2 and more for copies; 0 when nothing left."""
    withdrawn: tuple[Move, ...]

    @property
    def copy(self) -> bool:
        """Whether these bytes had been handed out before."""
        return self.number > 1


def hand_out(
    session: Session,
    batch_id: int,
    writer: Writer,
    listener: Listener,
    user_id: str,
    now: dt.datetime,
) -> HandedOut:
    """The file of a batch. The first time it is rendered and its attempts become SENDING; then
    it is the same bytes, counted as a copy. Downloads of one batch wait for each other.

    The caller commits before a byte is given away.
    """
    batch = read_batch(session, batch_id, lock=True)
    attempts = lock_batch_attempts(session, batch_id)
    withdrawn: tuple[Move, ...] = ()
    if batch.sent_at is None:
        begun = begin(session, batch, attempts, writer, listener, now)
        if not begun.leaving:
            return HandedOut(batch.message_id, b"", "", 0, begun.withdrawn)
        profile = look_up(session, batch.bank_id).applied_to(writer.profile)
        content, withdrawn = begun.request, begun.withdrawn
        actions.enqueue(
            session,
            WATCH,
            f"{WATCH}:{batch.id}",
            {"batch_id": batch.id},
            finality(profile, now, batch.value_date),
            org_id=batch.org_id,
        )
    else:
        content = _kept(session, batch.id)
    number = session.execute(
        sa.text(
            "INSERT INTO payment_file_download (org_id, batch_id, number, user_id, at, sha256) "
            "SELECT :org, :batch, 1 + count(*), :user, :now, :sha FROM payment_file_download "
            "WHERE batch_id = :batch RETURNING number"
        ),
        {
            "org": batch.org_id,
            "batch": batch.id,
            "user": user_id,
            "now": now,
            "sha": digest(content),
        },
    ).scalar_one()
    return HandedOut(batch.message_id, content, digest(content), int(number), withdrawn)


def discard(
    session: Session, batch_id: int, code: str, reason: str, now: dt.datetime
) -> list[AttemptChange]:
    """Take every item out of a batch that has not left; the changes, for the documents' owner.

    InstructionError FILE_LEFT when it has.
    """
    batch = read_batch(session, batch_id, lock=True)
    attempts = lock_batch_attempts(session, batch_id)
    if batch.sent_at is not None:
        raise InstructionError(
            "FILE_LEFT",
            Text(
                f"{batch.message_id} was handed out; only its return file, a statement line or two "
                "persons with evidence can say that items were not paid",
                f"{batch.message_id} 已交出;只有回盘文件、银行明细或双人凭证据才能认定未支付",
            ),
        )
    ready = [one for one in attempts if one.state is S.READY]
    return move(
        session,
        [Move(one, S.WITHDRAWN, bank_code=code, bank_text=reason) for one in ready],
        None,
        now,
    )


@dataclass(frozen=True, slots=True)
class Returned:
    """What a return file did: counts of items, and what a person has to look at."""

    repeated: bool
    paid: int
    failed: int
    unknown: int
    open: int
    """Items of the batch nobody has said anything definite about yet."""
    issues: tuple[ReturnIssue, ...] = ()


def take_return(
    session: Session,
    batch_id: int,
    content: bytes,
    said: ReturnFile,
    layout_hash: str,
    listener: Listener,
    classify: Classifier,
    user_id: str,
    now: dt.datetime,
) -> Returned:
    """Set the items of a batch by its return file, which is kept as evidence with the layout it
    was read by.

    The layout's meaning of a code bounds what the failure ruleset may make of it. The same file
    once more adds nothing. InstructionError RETURN_OTHER_BATCH, RETURN_NOT_EXPECTED: nothing was
    taken.
    """
    batch = read_batch(session, batch_id, lock=True)
    attempts = lock_batch_attempts(session, batch_id)
    named = _named(attempts, said)
    _refuse_foreign(batch, said, named)
    before = session.execute(
        sa.text("SELECT summary FROM payment_file_return WHERE batch_id = :id AND sha256 = :sha"),
        {"id": batch.id, "sha": digest(content)},
    ).scalar_one_or_none()
    if before is not None:
        return Returned(True, before["paid"], before["failed"], before["unknown"], before["open"])
    evidence = record(
        session, batch.org_id, batch.id, Evidence("return_file", "RETURNED", content), now
    )
    told, issues = _tell_apart(batch, attempts, said, named)
    moves = moves_by_status(session, batch, told, classify)
    accepted(session, batch.id, now)
    changes = move(session, moves, evidence, now)
    if changes:
        listener.on_attempts(session, changes)
    done = _count(attempts, moves, issues)
    session.execute(
        sa.text(
            "INSERT INTO payment_file_return (org_id, batch_id, sha256, evidence_id, layout_hash, "
            "user_id, at, summary) VALUES (:org, :batch, :sha, :evidence, :layout, :user, :now, "
            "CAST(:summary AS jsonb))"
        ),
        {
            "org": batch.org_id,
            "batch": batch.id,
            "sha": digest(content),
            "evidence": evidence,
            "layout": layout_hash,
            "user": user_id,
            "now": now,
            "summary": canonical_json(_summary(done)),
        },
    )
    return done


def watch_file(
    context: ActionContext,
    batch_id: int,
    profile_of: Callable[[str], BankProfile],
    listener: Listener,
) -> Outcome:
    """Handle payment_file.watch: past the bank's horizon what is open is UNKNOWN, then REVIEW."""
    with transaction(context.engine) as session:
        context.guard(session)
        batch = read_batch(session, batch_id, lock=True)
        attempts = [one for one in lock_batch_attempts(session, batch_id) if one.state in OPEN]
        if not attempts:
            return Done()
        now = context.clock.now()
        profile = look_up(session, batch.bank_id).applied_to(profile_of(batch.bank_id))
        due = finality(profile, batch.sent_at or now, batch.value_date)
        if now < due:
            return Retry(due - now, "the bank's horizon has not passed")
        text = NO_RETURN_FILE
        kept = Evidence("no_answer", "NO_RETURN_FILE", b"", text.en)
        evidence = record(session, batch.org_id, batch.id, kept, now)
        moves = [_overdue(one, text) for one in attempts]
        changes = move(session, moves, evidence, now)
        if changes:
            listener.on_attempts(session, changes)
    left = sum(one.new in OPEN for one in moves)
    return Retry(LOOK_AGAIN, f"{left} without a return file") if left else Done()


def _overdue(attempt: AttemptRow, text: Text) -> Move:
    count = attempt.not_found_count + 1
    due = attempt.state is S.UNKNOWN and count >= LOOKS_TO_REVIEW
    return Move(
        attempt,
        S.REVIEW if due else S.UNKNOWN,
        bank_text=text.en,
        bank_text_zh=text.zh,
        not_found_count=count,
    )


def _kept(session: Session, batch_id: int) -> bytes:
    return bytes(
        session.execute(
            sa.text("SELECT payload FROM bank_message WHERE batch_id = :id AND kind = 'request'"),
            {"id": batch_id},
        ).scalar_one()
    )


_Named = dict[int, list[ReturnItem]]
"""Attempt id -> what the file says of it; 0 for items our file did not have."""


def _named(attempts: Sequence[AttemptRow], said: ReturnFile) -> _Named:
    """The file's items by our attempts: by our reference, else by the number of its row."""
    left = [one for one in attempts if one.state is not S.WITHDRAWN]
    by_reference = {one.instruction_id: one.id for one in left}
    by_row = {row: one.id for row, one in enumerate(left, 1)}
    found: _Named = {}
    for item in said.items:
        if item.instruction_id is not None:
            attempt_id = by_reference.get(item.instruction_id, 0)
        else:
            attempt_id = by_row.get(item.row or 0, 0)
        found.setdefault(attempt_id, []).append(item)
    return found


def _refuse_foreign(batch: BatchRow, said: ReturnFile, named: _Named) -> None:
    """A file about another batch, by its own word or because nothing in it is ours."""
    foreign = said.message_id not in (None, batch.message_id)
    if foreign or (said.message_id is None and not set(named) - {0}):
        raise InstructionError(
            "RETURN_OTHER_BATCH",
            Text(
                f"the return file is about {said.message_id or 'other items'}, not "
                f"{batch.message_id}; nothing of it was taken, load it at its own batch",
                f"回盘文件属于 {said.message_id or '其他明细'} 而非 {batch.message_id};"
                "未处理任何内容,请在对应批次导入",
            ),
        )
    if batch.sent_at is None:
        raise InstructionError(
            "RETURN_NOT_EXPECTED",
            Text(
                f"{batch.message_id} was never handed out; find out what the bank carried out",
                f"{batch.message_id} 从未交出;请查明银行执行了什么",
            ),
        )


def _tell_apart(
    batch: BatchRow, attempts: Sequence[AttemptRow], said: ReturnFile, named: _Named
) -> tuple[list[tuple[AttemptRow, ItemStatus]], list[ReturnIssue]]:
    """Items that set their attempt, and what a person has to look at.

    An item counts when reference, amount and (where the file gives it) account are ours, and the
    file names it once.
    """
    told: list[tuple[AttemptRow, ItemStatus]] = []
    issues = [return_issues.not_ours(batch, item) for item in named.get(0, ())]
    for attempt in attempts:
        items = named.get(attempt.id)
        if items is None:
            continue
        item = items[0]
        reading = _READING.get(item.meaning, Reading.UNKNOWN)
        if len(items) > 1:
            issues.append(return_issues.twice(batch, attempt))
        elif item.amount != attempt.amount:
            issues.append(return_issues.changed(batch, attempt, item))
        elif item.counterparty_account not in (None, attempt.counterparty_account):
            issues.append(return_issues.other_account(batch, attempt, item))
        elif attempt.state in (S.PAID, S.CONFIRMED) and reading is Reading.REJECTED:
            issues.append(return_issues.contradicts(batch, attempt, item))
        elif (
            attempt.state in OPEN
            or attempt.state is S.REVIEW
            # A failed one is of interest only when the bank now says it was done.
            or (attempt.state is S.FAILED and reading is Reading.PAID)
        ):
            told.append((attempt, _status(attempt, item, reading)))
    # A file that does not say whether it is whole is expected to be.
    if said.whole is not False:
        issues += [
            return_issues.missing(batch, attempt)
            for attempt in attempts
            if attempt.state in OPEN and attempt.id not in named
        ]
    return told, issues


_READING = {"paid": Reading.PAID, "failed": Reading.REJECTED}
"""What a layout's code means at most; everything else is unknown."""


def _status(attempt: AttemptRow, item: ReturnItem, reading: Reading) -> ItemStatus:
    return ItemStatus(
        attempt.instruction_id,
        reading,
        item.code or None,
        item.reason,
        item.text,
        item.bank_reference,
    )


def _count(
    attempts: Sequence[AttemptRow], moves: Sequence[Move], issues: Sequence[ReturnIssue]
) -> Returned:
    after = {one.id: one.state for one in attempts} | {one.attempt.id: one.new for one in moves}
    news = [one.new for one in moves]
    return Returned(
        False,
        sum(new in (S.PAID, S.LATE_SUCCESS) for new in news),
        news.count(S.FAILED),
        news.count(S.UNKNOWN),
        sum(state in OPEN for state in after.values()),
        tuple(issues),
    )


def _summary(done: Returned) -> JsonObject:
    return {
        "paid": done.paid,
        "failed": done.failed,
        "unknown": done.unknown,
        "open": done.open,
        "issues": [{"code": one.code, "instruction_id": one.instruction_id} for one in done.issues],
    }
