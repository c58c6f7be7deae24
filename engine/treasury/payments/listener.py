"""The documents' side of the instruction machine: what must not leave, and what became of it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.base.text import SluiceError, Text
from engine.machines import approval
from engine.machines.instruction.ports import AttemptChange, Handling, Refusal
from engine.machines.instruction.states import AttemptState
from engine.rulebook import Pinned, Rulebook
from engine.runtime.clock import Clock
from engine.treasury.accounts.barriers import refusal
from engine.treasury.accounts.models import BankAccount
from engine.treasury.alerts.holds import held
from engine.treasury.banks import BankGate, Leaving
from engine.treasury.documents.content import submitted_hashes
from engine.treasury.documents.course import transition, wait
from engine.treasury.documents.models import Document
from engine.treasury.documents.reporting import ReportedReason, report
from engine.treasury.documents.states import State
from engine.treasury.incidents import raise_incident
from engine.treasury.monitor.occurrences import unknown_payments_age
from engine.treasury.organisations.tree import path_of
from engine.treasury.payments.business_day import closed
from engine.treasury.payments.paid_after_all import paid_after_all

ACTOR = "system:payments"
HASH_CHANGED = "HASH_CHANGED"
PAID_LATE = "PAID_LATE"

A = AttemptState
_DOCUMENT_STATE = {
    A.SENDING: State.SENDING,
    A.PROCESSING: State.PROCESSING,
    A.UNKNOWN: State.UNKNOWN,
    A.PAID: State.PAID,
    A.FAILED: State.FAILED,
}
"""Attempt state -> document state. REVIEW stays UNKNOWN for the document; CONFIRMED and BOUNCED
come from arrival confirmation, which moves the document itself."""


class PaymentListener:
    """Told by the instruction machine inside its own transactions."""

    def __init__(self, rulebook: Rulebook, clock: Clock) -> None:
        self._rulebook = rulebook
        self._clock = clock

    def before_send(self, session: Session, document_ids: Sequence[int]) -> Mapping[int, Refusal]:
        """Documents that must not leave now, looked at as they stand: I6, I7 and I16 again."""
        session.expire_all()
        documents = session.exec(
            select(Document)
            .where(col(Document.id).in_(document_ids))
            .order_by(col(Document.id))
            .with_for_update()
        ).all()
        hashes = submitted_hashes(session, document_ids)
        attempted = _attempted_hashes(session, document_ids)
        holds = held(session, document_ids)
        late = paid_after_all(session, document_ids)
        gates = _Gates(session, self._rulebook.at(session), self._clock.now())
        refusals = {}
        for document in documents:
            assert document.id is not None
            found = (
                _not_unpaid(document)
                or (_late(document) if document.id in late else None)
                or _unlike(document, hashes[document.id], attempted.get(document.id))
                or (_held(document) if document.id in holds else None)
                or gates.refusal(document)
            )
            if found is not None:
                refusals[document.id] = found
        return refusals

    def on_attempts(self, session: Session, changes: Sequence[AttemptChange]) -> None:
        """Carry transitions over to the documents, many at a time."""
        moved: dict[tuple[State, str | None, str | None], list[AttemptChange]] = defaultdict(list)
        for change in changes:
            state = _DOCUMENT_STATE.get(change.new)
            if state is not None and change.new is not change.old:
                moved[state, change.bank_code, change.bank_text].append(change)
        standing = _states(session, [change.document_id for change in changes])
        for (state, code, text), of_one in moved.items():
            _carry(session, state, code, text, of_one, standing)
        unknown = [one for one in changes if one.new is A.UNKNOWN and one.old is not A.UNKNOWN]
        if unknown:
            unknown_payments_age(session, unknown[0].at, [one.attempt_id for one in unknown])
        for change in changes:
            if change.new is A.WITHDRAWN:
                _withdrawn(session, change)
            elif change.new is A.REVIEW:
                _review(session, change)
            elif change.new is A.LATE_SUCCESS:
                _late_success(session, change)


class _Gates:
    """Account and calendar, each looked up once per account; then the bank, per document."""

    def __init__(self, session: Session, pinned: Pinned, now: dt.datetime) -> None:
        self._session = session
        self._pinned = pinned
        self._now = now
        self._bank = BankGate(session, now)
        self._known: dict[tuple[int | None, str], Refusal | None] = {}

    def refusal(self, document: Document) -> Refusal | None:
        key = (document.account_id, document.direction)
        if key not in self._known:
            self._known[key] = self._look(document)
        return self._known[key] or self._by_bank(document)

    def _by_bank(self, document: Document) -> Refusal | None:
        account = self._session.get(BankAccount, document.account_id)
        if account is None:
            return None
        return self._bank.refusal(
            Leaving(
                document.document_no,
                account.bank_id,
                account.org_id,
                document.channel or "",
                document.direction,
                document.currency,
                document.amount,
            )
        )

    def _look(self, document: Document) -> Refusal | None:
        account = self._session.get(BankAccount, document.account_id)
        if account is None:
            return Refusal(
                "NO_ACCOUNT", Text("the document has no paying account", "单据没有付款账户")
            )
        barred = refusal(account, "collect" if document.direction == "collect" else "pay")
        if barred is not None:
            return Refusal(barred.code, barred.text)
        try:
            path = path_of(self._session, account.org_id)
            shut = closed(self._pinned, self._now, path, account.currency)
        except SluiceError as error:  # no live calendar: the matter waits, it never passes
            return Refusal(error.code, error.text)
        return None if shut is None else Refusal(shut.code, shut.text)


def _not_unpaid(document: Document) -> Refusal | None:
    if document.state == State.UNPAID:
        return None
    return Refusal(
        "NOT_UNPAID",
        Text(
            f"document {document.document_no} is {document.state}; only unpaid ones leave",
            f"单据 {document.document_no} 状态为 {document.state};只有未支付单据可以发出",
        ),
    )


def _attempted_hashes(session: Session, document_ids: Sequence[int]) -> dict[int, str]:
    """What the attempts about to leave were made from: amount, creditor, channel, account."""
    rows = session.execute(
        sa.text(
            "SELECT document_id, content_hash FROM attempt "
            "WHERE document_id = ANY(:ids) AND state = 'READY'"
        ),
        {"ids": list(document_ids)},
    ).all()
    return {int(row.document_id): str(row.content_hash) for row in rows}


def _unlike(document: Document, now: str, attempted: str | None) -> Refusal | None:
    """Approved, as it stands, and as it would leave: all three must be one content (I7)."""
    if now == document.content_hash and attempted in (None, document.content_hash):
        return None
    return _changed(document)


def _changed(document: Document) -> Refusal:
    return Refusal(
        HASH_CHANGED,
        Text(
            f"document {document.document_no} is not what was approved; it goes back and is "
            "approved anew",
            f"单据 {document.document_no} 与审批内容不一致;已退回,须重新审批",
        ),
    )


def _held(document: Document) -> Refusal:
    return Refusal(
        "HELD",
        Text(
            f"document {document.document_no} is held by an alert; release the hold first",
            f"单据 {document.document_no} 被预警拦截;请先解除",
        ),
    )


def _late(document: Document) -> Refusal:
    return Refusal(
        PAID_LATE,
        Text(
            f"an earlier attempt of {document.document_no}, or of a document it replaces, was paid "
            "after all; it must not leave again",
            f"单据 {document.document_no}(或被其替换的单据)的前次指令事后查明已支付;不得再次发出",
        ),
    )


def _states(session: Session, document_ids: Sequence[int]) -> dict[int, State]:
    session.flush()
    rows = session.execute(
        sa.text("SELECT id, state FROM document WHERE id = ANY(:ids)"),
        {"ids": list(document_ids)},
    )
    return {int(row.id): State(row.state) for row in rows}


def _carry(
    session: Session,
    state: State,
    code: str | None,
    text: str | None,
    changes: Sequence[AttemptChange],
    standing: dict[int, State],
) -> None:
    fresh = [one for one in changes if standing[one.document_id] is not state]
    if not fresh:
        return
    at = fresh[0].at
    transition(
        session,
        [one.document_id for one in fresh],
        state,
        actor=ACTOR,
        now=at,
        reason_code=code,
        reason=_reason(fresh[0]),
        decision_ids=_decisions(fresh),
    )
    standing.update({one.document_id: state for one in fresh})
    if state is State.PAID:
        report(session, [one.document_id for one in fresh], "PAID", at)
    elif state is State.FAILED:
        _failed(session, fresh, code, text, at)


def _failed(
    session: Session,
    changes: Sequence[AttemptChange],
    code: str | None,
    text: str | None,
    at: dt.datetime,
) -> None:
    """What happens next is the ruleset's word; without one a person decides."""
    back = [one for one in changes if one.handling is Handling.RETURN_TO_SOURCE]
    kept = [one.document_id for one in changes if one.handling is Handling.RETRY_INSIDE]
    rest = [one for one in changes if one not in back and one.document_id not in kept]
    if back:
        ids = [one.document_id for one in back]
        transition(
            session,
            ids,
            State.RETURNED,
            actor=ACTOR,
            now=at,
            reason_code=code,
            reason=text or code,
            decision_ids=_decisions(back),
        )
        said = text or code or ""
        why = [ReportedReason(code or State.FAILED.value, Text(said, said))]
        report(session, ids, "RETURNED", at, dict.fromkeys(ids, why))
    if kept:
        wait(session, kept, "RETRY_INSIDE", _said(code, text))
    if rest:
        wait(
            session,
            [one.document_id for one in rest],
            "REVIEW",
            _said(code, text),
        )
        for one in rest:
            _incident(
                session,
                one,
                "PAYMENT_REVIEW",
                Text(
                    f"{one.instruction_id} failed ({code}); release the document again or void it",
                    f"指令 {one.instruction_id} 失败({code});请重新发起支付或作废",
                ),
            )


def _said(code: str | None, text: str | None) -> Text:
    """The bank's own words, the same in both languages."""
    said = " ".join(filter(None, (code, text)))
    return Text(said, said)


def _words(change: AttemptChange) -> Text:
    """Ours in both languages; a bank's or a person's as they stand."""
    said = change.bank_text or ""
    return Text(said, change.bank_text_zh or said)


def _reason(change: AttemptChange) -> str | Text | None:
    """The same, for the steps of a document."""
    return change.bank_text if change.bank_text_zh is None else _words(change)


def _withdrawn(session: Session, change: AttemptChange) -> None:
    """Taken out before anything left: back for approval, or waiting where it is."""
    code, text = change.bank_code or "WITHDRAWN", _words(change)
    if code == HASH_CHANGED:
        approval.withdraw(session, "document", [change.document_id], text.en, change.at)
        transition(
            session,
            change.document_id,
            State.BATCHED,
            actor=ACTOR,
            now=change.at,
            reason_code=code,
            reason=text,
        )
    else:
        wait(session, [change.document_id], code, text)


def _review(session: Session, change: AttemptChange) -> None:
    wait(session, [change.document_id], "REVIEW", _words(change))
    _incident(
        session,
        change,
        "UNKNOWN_REVIEW",
        Text(
            f"the bank does not know {change.instruction_id}; two persons decide with evidence",
            f"银行查无指令 {change.instruction_id};须双人凭证据认定",
        ),
    )


def _late_success(session: Session, change: AttemptChange) -> None:
    """A payment called failed was done after all: the document is paid, if that is possible."""
    state = _states(session, [change.document_id])[change.document_id]
    steps = {State.FAILED: (State.PAID,), State.UNPAID: (State.SENDING, State.PAID)}.get(state, ())
    for step in steps:
        transition(
            session,
            change.document_id,
            step,
            actor=ACTOR,
            now=change.at,
            reason_code=change.new.value,
            reason=_reason(change),
        )
    if steps:
        report(session, [change.document_id], "PAID", change.at)
    note = Text(
        f"{change.instruction_id} had failed and is paid after all",
        f"指令 {change.instruction_id} 曾判失败,实际已支付",
    )
    if not steps:
        note = Text(
            f"{note.en}, while its document is {state.value}: money may have left twice; ask the "
            "bank to recall it and tell the source system",
            f"{note.zh},而单据状态为 {state.value}:可能重复支付;请联系银行追回并告知来源系统",
        )
    _incident(session, change, "LATE_SUCCESS" if steps else "DUPLICATE_PAYMENT", note)


def _decisions(changes: Sequence[AttemptChange]) -> dict[int, list[int]]:
    return {one.document_id: [one.decision_id] for one in changes if one.decision_id is not None}


def _incident(session: Session, change: AttemptChange, code: str, message: Text) -> None:
    org_id = session.execute(
        sa.text("SELECT org_id FROM document WHERE id = :id"), {"id": change.document_id}
    ).scalar_one()
    raise_incident(
        session,
        org_id=str(org_id),
        code=code,
        subject_kind="attempt",
        subject_id=str(change.attempt_id),
        message=message,
        now=change.at,
    )
