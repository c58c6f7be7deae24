"""One act on many documents: each has its own result, and none stops the others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from engine.base.text import SluiceError
from engine.rulebook import Rulebook
from engine.treasury.alerts import errors, holds
from engine.treasury.documents import course as documents_course
from engine.treasury.documents import lists
from engine.treasury.documents.models import Document
from engine.treasury.documents.states import State
from engine.treasury.intake import course
from engine.treasury.intake.run import key, start
from engine.treasury.payments import sending


@dataclass(frozen=True, slots=True)
class Item:
    """What became of one document: `error` is None when it was done; the state afterwards."""

    document_no: str
    error: SluiceError | None
    state: str | None


@dataclass(frozen=True, slots=True)
class Paid:
    """Payment batches that were made, and what became of each document."""

    batch_ids: tuple[int, ...]
    items: list[Item]


def submit(
    session: Session, rulebook: Rulebook, user_id: str, numbers: Sequence[str], now: dt.datetime
) -> list[Item]:
    """Submit rejected and withdrawn documents again, all steps anew; results in order.

    What an alert holds, or no rule can take on, is an item with the code it waits for.
    """
    chosen, refused = _chosen(session, user_id, numbers)
    good = []
    for number, document in chosen.items():
        try:
            course.resubmittable(session, user_id, document)
        except SluiceError as error:
            refused[number] = error
        else:
            good.append(key(document))
    if good:
        course.to_approval(start(session, rulebook, now), good, user_id)
    return _results(session, numbers, refused)


def release_holds(
    session: Session,
    rulebook: Rulebook,
    user_id: str,
    numbers: Sequence[str],
    reason: str,
    now: dt.datetime,
) -> list[Item]:
    """Release held documents with one reason and let them go on; results in order.

    Raises AlertError REASON_MISSING for all of them.
    """
    if not reason.strip():
        raise errors.reason_missing()
    chosen, refused = _chosen(session, user_id, numbers)
    released = []
    for number, document in chosen.items():
        try:
            released.append(holds.release(session, user_id, key(document), reason, now))
        except SluiceError as error:
            refused[number] = error
    batched = [key(one) for one in released if one.state == State.BATCHED]
    others = [key(one) for one in released if one.state != State.BATCHED]
    documents_course.stop_waiting(session, others, "HELD")
    if batched:
        course.advance(start(session, rulebook, now), batched)
    return _results(session, numbers, refused)


def pay(
    session: Session, rulebook: Rulebook, user_id: str, numbers: Sequence[str], now: dt.datetime
) -> Paid:
    """Release documents to the bank; results in order. Raises ReleaseError NOT_PERMITTED."""
    chosen, refused = _chosen(session, user_id, numbers)
    ids = [key(one) for one in chosen.values()]
    done = sending.release(session, rulebook, user_id, now, document_ids=ids)
    refused |= {
        one.document_no: SluiceError(one.code, one.text)
        for one in done.items
        if one.code is not None and one.text is not None
    }
    return Paid(done.batch_ids, _results(session, numbers, refused, waits=False))


def _chosen(
    session: Session, user_id: str, numbers: Sequence[str]
) -> tuple[dict[str, Document], dict[str, SluiceError]]:
    """Documents by number, locked in one order so that two overlapping calls do not deadlock."""
    refused: dict[str, SluiceError] = {}
    ids = []
    for number in dict.fromkeys(numbers):
        try:
            ids.append(key(lists.get(session, user_id, number)))
        except SluiceError as error:
            refused[number] = error
    locked = session.exec(
        select(Document)
        .where(col(Document.id).in_(ids))
        .order_by(col(Document.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {one.document_no: one for one in locked}, refused


def _results(
    session: Session,
    numbers: Sequence[str],
    refused: dict[str, SluiceError],
    *,
    waits: bool = True,
) -> list[Item]:
    """What became of each; with `waits`, what a document waits for now is its error."""
    session.flush()
    rows = session.exec(
        select(Document)
        .where(col(Document.document_no).in_(numbers))
        .execution_options(populate_existing=True)
    )
    stand = {one.document_no: one for one in rows}
    found = []
    for number in dict.fromkeys(numbers):
        document = stand.get(number)
        error = refused.get(number)
        if error is not None and error.code == "DOCUMENT_UNKNOWN":
            document = None
        if waits and error is None and document is not None and document.waiting is not None:
            error = SluiceError(document.waiting_code or "", document.waiting)
        found.append(Item(number, error, document.state if document else None))
    return found
