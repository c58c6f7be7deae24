"""Changing the way a document is paid: a new document instead, the old one void, never both."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.base.money import format_major
from engine.base.text import Text
from engine.rulebook import Rulebook
from engine.runtime import audit
from engine.treasury.approvals import desk
from engine.treasury.documents.course import need_reason
from engine.treasury.documents.create import BatchDraft, create_batch
from engine.treasury.documents.errors import DocumentError
from engine.treasury.documents.models import Document
from engine.treasury.documents.reporting import ReportedReason, report
from engine.treasury.documents.states import State
from engine.treasury.intake.columns import COLUMNS
from engine.treasury.intake.ending import end
from engine.treasury.intake.reading import RawRow
from engine.treasury.intake.run import Run, start
from engine.treasury.intake.taking import Fate, Planned, plan, store
from engine.treasury.organisations.grants import require


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be different; None stays as it is."""

    payment_method: str | None = None
    counterparty_name: str | None = None
    counterparty_account: str | None = None
    counterparty_bank_code: str | None = None


def replace_document(
    session: Session,
    rulebook: Rulebook,
    user_id: str,
    document_id: int,
    change: Change,
    reason: str,
    now: dt.datetime,
) -> Document:
    """Make a new document with another method or account instead of one that is not paid yet.

    In one transaction the old one is VOID (its approvals, alerts, places in batches and cheques
    end) and the new one, made by `user_id` and linked by replaces_id, takes its way from the
    beginning: validation, routing, alerts, approvals anew. The source is told once, REPLACED, with
    the new number. Needs documents.submit and documents.void. Raises NotPermitted, DocumentError
    REASON_MISSING, NOTHING_CHANGED, BEING_PAID, REPLACEMENT_REFUSED (with what the rules say),
    TransitionRefused: nothing must be committed then.
    """
    need_reason(reason)
    old = session.get_one(Document, document_id)
    require(session, user_id, "documents.submit", old.org_id)
    changed = {k: v for k, v in asdict(change).items() if v is not None and v != getattr(old, k)}
    if not changed:
        raise DocumentError(
            "NOTHING_CHANGED",
            Text(
                f"nothing of {old.document_no} would change; name another method or account",
                f"单据 {old.document_no} 没有任何变更;请指定新的支付方式或账户",
            ),
        )
    if old.state == State.IN_APPROVAL:
        desk.withdraw(session, user_id, [document_id], reason, now)
    end(session, user_id, [document_id], reason, now)
    session.refresh(old)
    run = start(session, rulebook, now)
    new = _made(run, old, changed, user_id)
    session.refresh(new)
    if new.state == State.RETURNED:
        raise _refused(old, _why_returned(session, new))
    said = ReportedReason("REPLACED", Text(reason.strip(), reason.strip()))
    report(
        session,
        [document_id],
        "REPLACED",
        now,
        {document_id: [said]},
        {document_id: new.document_no},
    )
    audit.record(
        session,
        user_id,
        "document.replace",
        "document",
        str(document_id),
        old.org_id,
        {"document_no": old.document_no},
        {"document_no": new.document_no, "changed": sorted(changed)},
        reason.strip(),
        now,
    )
    return new


def replaced_by(session: Session, document_id: int) -> Document | None:
    """The document that is paid instead of this one, if there is one."""
    return session.exec(select(Document).where(col(Document.replaces_id) == document_id)).first()


def _made(run: Run, old: Document, changed: Mapping[str, str], user_id: str) -> Document:
    texts = _texts(old) | dict(changed)
    texts["source_document_no"] = _number(run.session, old)
    (planned,) = plan(run, [RawRow(1, texts)], {old.org_id}, old.source_system)
    if planned.fate is not Fate.DOCUMENT or planned.draft is None or planned.reasons:
        raise _refused(old, _sentences(planned))
    # A source's own numbering of its files is kept: the draft stays under the old one's source.
    planned = replace(planned, draft=replace(planned.draft, source_system=old.source_system))
    batch = create_batch(
        run.session, BatchDraft(old.org_id, old.source_system, "page", user_id), run.now
    )
    assert batch is not None
    stored = store(run, batch, [planned], user_id, old.id)
    if stored.overtaken:
        raise _refused(old, Text("its number was taken meanwhile", "编号已被占用"))
    return run.session.get_one(Document, stored.documents[1])


def _texts(old: Document) -> dict[str, str | None]:
    """The document as the cells of a row."""
    texts: dict[str, str | None] = {}
    for column in COLUMNS:
        value = old.org_id if column.name == "organisation" else getattr(old, column.name)
        if column.name == "amount":
            texts[column.name] = format_major(old.amount, old.currency)
        elif isinstance(value, bool):
            texts[column.name] = "true" if value else "false"
        else:
            texts[column.name] = None if value is None else str(value)
    return texts


def _number(session: Session, old: Document) -> str:
    """C1 -> C1-R1 -> C1-R2: the source's number, and how often it was replaced."""
    times = 0
    first = old
    while first.replaces_id is not None:
        first = session.get_one(Document, first.replaces_id)
        times += 1
    return f"{first.source_document_no}-R{times + 1}"


def _sentences(planned: Planned) -> Text:
    return Text(
        "; ".join(one.text.en for one in planned.reasons),
        ";".join(one.text.zh for one in planned.reasons),
    )


def _why_returned(session: Session, new: Document) -> Text:
    said = session.execute(
        sa.text(
            "SELECT reason FROM document_event WHERE document_id = :id AND to_state = 'RETURNED' "
            "ORDER BY id DESC LIMIT 1"
        ),
        {"id": new.id},
    ).scalar()
    return Text(str(said or "-"), str(said or "-"))


def _refused(old: Document, why: Text) -> DocumentError:
    return DocumentError(
        "REPLACEMENT_REFUSED",
        Text(
            f"{old.document_no} stays as it is, since the new document would be refused: {why.en}",
            f"单据 {old.document_no} 保持不变,因新单据会被拒收:{why.zh}",
        ),
    )
