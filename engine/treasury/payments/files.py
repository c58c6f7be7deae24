"""Offer files of people: which there are, taking one to the bank, and what came back."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from engine.banks.offer_files import OfferBank
from engine.banks.profile import load_profile
from engine.base.text import SluiceError, Text
from engine.formats.layouts import Use, read_return
from engine.machines.instruction import files as machine
from engine.machines.instruction.files import HandedOut, Returned
from engine.machines.instruction.store import read_batch
from engine.rulebook import Rulebook
from engine.runtime import audit
from engine.runtime.clock import Clock, business_date_of
from engine.treasury import layouts
from engine.treasury.incidents import raise_incident
from engine.treasury.organisations.grants import require, visible_orgs
from engine.treasury.payments.answers import Answers
from engine.treasury.payments.channels import FILE_CHANNELS
from engine.treasury.payments.listener import PaymentListener

DISCARDED = "FILE_DISCARDED"
DONE = ("WITHDRAWN", "PAID", "CONFIRMED", "FAILED")
"""States of a batch whose file needs nothing more."""


class FileError(SluiceError):
    """A payment file that cannot be used as asked."""


@dataclass(frozen=True, slots=True)
class PaymentFile:
    """A payment batch that leaves as a file. `amount` in minor units; items without those taken
    out of it."""

    id: int
    message_id: str
    org_id: str
    bank_id: str
    channel: str
    direction: str
    account_number: str
    currency: str
    items: int
    amount: int
    state: str
    created_at: dt.datetime
    sent_at: dt.datetime | None
    value_date: dt.date
    layout_hash: str | None
    """The layout it was written by; None before it was handed out."""
    sha256: str | None
    downloads: int
    returns: int


@dataclass(frozen=True, slots=True)
class TakenOut:
    """An item that was taken out of the file before it left, and why (the sentence is ours)."""

    document_id: int
    instruction_id: str
    code: str
    text: Text


@dataclass(frozen=True, slots=True)
class Download:
    """A file as handed out, with its name. Without content nothing was left to hand out."""

    name: str
    content: bytes
    sha256: str
    number: int
    taken_out: tuple[TakenOut, ...]

    @property
    def copy(self) -> bool:
        """Whether these bytes had been handed out before: never to be given to the bank twice."""
        return self.number > 1


class FileEmpty(FileError):
    """Every item was taken out before the file left: there is nothing to hand out."""

    http_status = 409

    def __init__(self, download: Download) -> None:
        why = Text(
            "; ".join(one.text.en for one in download.taken_out) or "-",
            ";".join(one.text.zh for one in download.taken_out) or "-",
        )
        super().__init__(
            "FILE_EMPTY",
            Text(
                f"nothing is left in {download.name}, no file was handed out: {why.en}",
                f"{download.name} 中已无可支付明细,未交出文件:{why.zh}",
            ),
        )


_FILES = sa.text("""
SELECT b.id, b.message_id, b.org_id, b.bank_id, b.channel, b.direction, b.account_number,
       b.currency, s.items, s.amount, s.state, b.created_at, b.sent_at, b.value_date, b.layout_hash,
       b.request_sha256 AS sha256,
       (SELECT count(*) FROM payment_file_download d WHERE d.batch_id = b.id) AS downloads,
       (SELECT count(*) FROM payment_file_return r WHERE r.batch_id = b.id) AS returns
FROM payment_batch b JOIN payment_batch_state s ON s.batch_id = b.id
WHERE b.channel = ANY(:channels) AND b.org_id = ANY(:orgs)
  AND (CAST(:message_id AS text) IS NULL OR b.message_id = :message_id)
  AND (:all OR NOT s.state = ANY(:done))
ORDER BY b.id DESC LIMIT :limit
""")


def find(
    session: Session, user_id: str, *, finished: bool = False, limit: int = 200
) -> list[PaymentFile]:
    """Files of the user's organisations (documents.read), newest first; finished ones if asked."""
    return _find(session, user_id, None, finished=finished, limit=limit)


def get(session: Session, user_id: str, message_id: str) -> PaymentFile:
    """One file; FileError PAYMENT_FILE_UNKNOWN, also when it is not the user's."""
    found = _find(session, user_id, message_id, finished=True, limit=1)
    if not found:
        raise FileError(
            "PAYMENT_FILE_UNKNOWN",
            Text(
                f"there is no payment file {message_id} among those you may see; check the number",
                f"在您可查看的范围内没有支付文件 {message_id};请核对编号",
            ),
        )
    return found[0]


def hand_out(
    session: Session, rulebook: Rulebook, clock: Clock, user_id: str, message_id: str
) -> Download:
    """Take the file to the bank (payments.release): from now on its items are under way.

    Again it is the same bytes, flagged as a copy and counted; never a new attempt. Not for
    whoever made or approved one of its documents. The caller commits before a byte is given
    away. Raises NotPermitted, FileError PAYMENT_FILE_UNKNOWN, FOUR_EYES.
    """
    file = get(session, user_id, message_id)
    require(session, user_id, "payments.release", file.org_id)
    _four_eyes(session, user_id, file)
    # Locked before the time is read: the bank's horizon is counted from when the file left.
    read_batch(session, file.id, lock=True)
    now = clock.now()
    bank = _writer(session, file, now)
    done = machine.hand_out(session, file.id, bank, PaymentListener(rulebook, clock), user_id, now)
    _audit_download(session, user_id, file, done, now)
    return Download(
        bank.file_name(_named(file), done.number - 1 if done.copy else 0),
        done.content,
        done.sha256,
        done.number,
        tuple(
            TakenOut(
                one.attempt.document_id,
                one.attempt.instruction_id,
                one.bank_code or "",
                Text(one.bank_text or "", one.bank_text_zh or one.bank_text or ""),
            )
            for one in done.withdrawn
        ),
    )


def discard(
    session: Session,
    rulebook: Rulebook,
    clock: Clock,
    user_id: str,
    message_id: str,
    reason: str,
) -> int:
    """Dissolve a file that nobody took yet (payments.release): its documents can be paid anew.

    How many items it had. Raises NotPermitted, FileError REASON_MISSING, InstructionError
    FILE_LEFT.
    """
    if not reason.strip():
        raise FileError("REASON_MISSING", Text("a reason is needed; write why", "须填写原因"))
    file = get(session, user_id, message_id)
    require(session, user_id, "payments.release", file.org_id)
    now = clock.now()
    changes = machine.discard(session, file.id, DISCARDED, reason.strip(), now)
    if changes:
        PaymentListener(rulebook, clock).on_attempts(session, changes)
    audit.record(
        session,
        user_id,
        "payment_file.discard",
        "payment_batch",
        message_id,
        file.org_id,
        {"items": len(changes)},
        {"items": 0},
        reason.strip(),
        now,
    )
    return len(changes)


def take_return(
    session: Session,
    rulebook: Rulebook,
    clock: Clock,
    user_id: str,
    message_id: str,
    content: bytes,
) -> Returned:
    """Take a return file in (statements.import): items it answers are set, the rest stays open.

    What does not fit our file is an alert and leaves its item as it is. The same file again adds
    nothing; one about another batch, or cut off, is refused whole. Raises NotPermitted,
    FileError PAYMENT_FILE_UNKNOWN, FormatError, InstructionError.
    """
    file = get(session, user_id, message_id)
    require(session, user_id, "statements.import", file.org_id)
    now = clock.now()
    reader = _reader(session, file, now)
    done = machine.take_return(
        session,
        file.id,
        content,
        read_return(reader.layout, io.BytesIO(content), file.currency),
        layouts.keep(session, reader, now),
        PaymentListener(rulebook, clock),
        Answers(rulebook, clock),
        user_id,
        now,
    )
    for issue in done.issues:
        raise_incident(
            session,
            org_id=file.org_id,
            code=issue.code,
            subject_kind="payment_batch",
            subject_id=f"{message_id}:{issue.instruction_id}",
            message=issue.text,
            now=now,
        )
    if not done.repeated:
        audit.record(
            session,
            user_id,
            "payment_file.return",
            "payment_batch",
            message_id,
            file.org_id,
            None,
            {
                "paid": done.paid,
                "failed": done.failed,
                "unknown": done.unknown,
                "open": done.open,
                "issues": [one.code for one in done.issues],
            },
            None,
            now,
        )
    return done


def _writer(session: Session, file: PaymentFile, now: dt.datetime) -> OfferBank:
    """The bank with the layout the file was written by, or is written by now: then it is kept.

    LayoutError LAYOUT_MISSING, LAYOUT_SEVERAL.
    """
    profile = load_profile(file.bank_id)
    if file.layout_hash is not None:
        return OfferBank(profile, layouts.by_hash(session, file.layout_hash, file.org_id))
    today = business_date_of(now)
    one = layouts.the_one(session, Use.PAYMENT_ORDER, file.bank_id, file.org_id, today)
    session.execute(
        sa.text("UPDATE payment_batch SET layout_hash = :hash WHERE id = :id AND sent_at IS NULL"),
        {"hash": layouts.keep(session, one, now), "id": file.id},
    )
    return OfferBank(profile, one.layout)


def _reader(session: Session, file: PaymentFile, now: dt.datetime) -> layouts.Live:
    """The live layout of the bank's answer to the file: the one its own layout names."""
    answer = _writer(session, file, now).layout.reply
    today = business_date_of(now)
    return layouts.the_one(
        session, Use.PAYMENT_RETURN, file.bank_id, file.org_id, today, answer or None
    )


def _named(file: PaymentFile) -> dict[str, str | int | dt.date]:
    """What the pattern of a file's name may ask for."""
    return {
        "message_id": file.message_id,
        "value_date": file.value_date,
        "account_number": file.account_number,
        "direction": file.direction,
        "currency": file.currency,
        "branch": file.org_id,
        "bank": file.bank_id,
    }


def _find(
    session: Session, user_id: str, message_id: str | None, *, finished: bool, limit: int
) -> list[PaymentFile]:
    session.flush()
    rows = session.execute(
        _FILES,
        {
            "channels": sorted(FILE_CHANNELS),
            "orgs": sorted(visible_orgs(session, user_id, "documents.read")),
            "message_id": message_id,
            "all": finished,
            "done": list(DONE),
            "limit": limit,
        },
    ).mappings()
    return [PaymentFile(**row) for row in rows]


def _four_eyes(session: Session, user_id: str, file: PaymentFile) -> None:
    mine: Sequence[str] = (
        session.execute(
            sa.text("""
                SELECT d.document_no FROM attempt a JOIN document d ON d.id = a.document_id
                WHERE a.batch_id = :batch AND a.state <> 'WITHDRAWN'
                  AND (d.created_by = :user OR EXISTS (
                    SELECT 1 FROM approval_verdict v JOIN approval_request r ON r.id = v.request_id
                    WHERE r.subject_kind = 'document' AND r.subject_id = d.id
                      AND :user IN (v.user_id, v.on_behalf_of)))
                ORDER BY a.id"""),
            {"batch": file.id, "user": user_id},
        )
        .scalars()
        .all()
    )
    if mine:
        raise FileError(
            "FOUR_EYES",
            Text(
                f"{user_id} made or approved {mine[0]}; another person has to take "
                f"{file.message_id} to the bank",
                f"{user_id} 是单据 {mine[0]} 的制单人或审批人;{file.message_id} 须由他人交银行",
            ),
        )


def _audit_download(
    session: Session, user_id: str, file: PaymentFile, done: HandedOut, now: dt.datetime
) -> None:
    audit.record(
        session,
        user_id,
        "payment_file.download",
        "payment_batch",
        file.message_id,
        file.org_id,
        None,
        {"number": done.number, "sha256": done.sha256, "taken_out": len(done.withdrawn)},
        None,
        now,
    )
