"""Posting vouchers and reversing them.

Numbers are gapless per legal entity and month of the voucher date: the counter row is raised
in the posting transaction, so a rollback gives its number back. The price is that postings of
one legal entity and month wait for each other until commit; keep those transactions short.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.base.money import decimals
from engine.base.text import SluiceError, Text
from engine.ledger.models import GlAccount, Voucher, VoucherLine
from engine.runtime.jsontypes import JsonValue, content_hash


class LedgerError(SluiceError):
    """A voucher that cannot be posted."""


@dataclass(frozen=True, slots=True)
class LineDraft:
    """One line to post: minor units, exactly one of debit and credit above zero."""

    account: str
    debit: int
    credit: int
    dimensions: Mapping[str, str] = field(default_factory=dict)
    text: str = ""


@dataclass(frozen=True, slots=True)
class VoucherDraft:
    """A voucher to post. `event_id` names the business event, `now` is UTC."""

    event_id: str
    org_id: str
    legal_entity_id: str
    currency: str
    voucher_date: dt.date
    voucher_type: str
    text: str
    lines: tuple[LineDraft, ...]
    now: dt.datetime
    reversal_of: int | None = None


def post(session: Session, draft: VoucherDraft) -> Voucher:
    """Post `draft`, or return the voucher its event was posted as; see `post_all`."""
    return post_all(session, [draft])[0]


def post_all(session: Session, drafts: Sequence[VoucherDraft]) -> list[Voucher]:
    """Post `drafts`, or return the vouchers their events were posted as; in their order.

    Raises LedgerError: VOUCHER_LINES, VOUCHER_LINE_SIDES, VOUCHER_UNBALANCED, GL_ACCOUNT_UNKNOWN,
    EVENT_CONFLICT (same event, other content), and MoneyError UNKNOWN_CURRENCY. The database
    checks balance and reversal again at commit.
    """
    hashes = [content_hash(_content(draft)) for draft in drafts]
    events = [draft.event_id for draft in drafts]
    posted = {
        one.event_id: one
        for one in session.exec(select(Voucher).where(col(Voucher.event_id).in_(events)))
    }
    new: dict[str, tuple[VoucherDraft, str]] = {}
    for draft, hashed in zip(drafts, hashes, strict=True):
        first = posted[draft.event_id].content_hash if draft.event_id in posted else None
        if draft.event_id in new:
            first = new[draft.event_id][1]
        if first is None:
            new[draft.event_id] = draft, hashed
        elif first != hashed:
            raise _event_conflict(draft, posted.get(draft.event_id))
    if new:
        made = _insert(session, list(new.values()))
        posted |= {one.event_id: one for one in made}
    return [posted[event] for event in events]


def _insert(session: Session, new: Sequence[tuple[VoucherDraft, str]]) -> list[Voucher]:
    drafts = [draft for draft, _ in new]
    _check(session, drafts)
    numbers = _next_numbers(session, drafts)
    vouchers = session.scalars(
        sa.insert(Voucher).returning(Voucher, sort_by_parameter_order=True),
        [
            {
                "org_id": draft.org_id,
                "legal_entity_id": draft.legal_entity_id,
                "number": number,
                "event_id": draft.event_id,
                "content_hash": hashed,
                "currency": draft.currency,
                "voucher_date": draft.voucher_date,
                "voucher_type": draft.voucher_type,
                "text": draft.text,
                "reversal_of": draft.reversal_of,
                "created_at": draft.now,
            }
            for (draft, hashed), number in zip(new, numbers, strict=True)
        ],
    ).all()
    session.execute(
        sa.insert(VoucherLine),
        [
            {
                "voucher_id": voucher.id,
                "line_no": number,
                "org_id": draft.org_id,
                "account": line.account,
                "debit": line.debit,
                "credit": line.credit,
                "currency": draft.currency,
                "dimensions": dict(line.dimensions),
                "text": line.text or draft.text,
            }
            for voucher, draft in zip(vouchers, drafts, strict=True)
            for number, line in enumerate(draft.lines, start=1)
        ],
    )
    return list(vouchers)


def reverse(
    session: Session, voucher_id: int, event_id: str, voucher_date: dt.date, now: dt.datetime
) -> Voucher:
    """Post the exact negative of a voucher: every line with debit and credit exchanged.

    Repeating the call with the same event returns the same reversal. Raises LedgerError
    VOUCHER_UNKNOWN, VOUCHER_IS_REVERSAL, VOUCHER_REVERSED (by another event).
    """
    # Locking the original makes two reversals at once wait instead of colliding.
    original = session.exec(
        select(Voucher).where(Voucher.id == voucher_id).with_for_update()
    ).first()
    if original is None:
        raise LedgerError(
            "VOUCHER_UNKNOWN",
            Text(
                f"there is no voucher {voucher_id}; take its id from the voucher list",
                f"凭证 {voucher_id} 不存在;请从凭证清单中选取",
            ),
        )
    if original.reversal_of is not None:
        raise LedgerError(
            "VOUCHER_IS_REVERSAL",
            Text(
                f"voucher {original.number} is a reversal itself; post the business event again",
                f"凭证 {original.number} 本身是冲销凭证;请重新过账该业务",
            ),
        )
    reversal = session.exec(select(Voucher).where(Voucher.reversal_of == voucher_id)).first()
    if reversal is not None and reversal.event_id != event_id:
        raise LedgerError(
            "VOUCHER_REVERSED",
            Text(
                f"voucher {original.number} was reversed by {reversal.number}; "
                "a voucher is reversed once at most",
                f"凭证 {original.number} 已由 {reversal.number} 冲销;每张凭证最多冲销一次",
            ),
        )
    lines = tuple(
        LineDraft(line.account, line.credit, line.debit, line.dimensions, line.text)
        for line in lines_of(session, voucher_id)
    )
    draft = VoucherDraft(
        event_id=event_id,
        org_id=original.org_id,
        legal_entity_id=original.legal_entity_id,
        currency=original.currency,
        voucher_date=voucher_date,
        voucher_type=original.voucher_type,
        text=f"冲销 {original.number} {original.text}",
        lines=lines,
        now=now,
        reversal_of=voucher_id,
    )
    return post(session, draft)


def lines_of(session: Session, voucher_id: int) -> list[VoucherLine]:
    """The lines of a voucher, in order."""
    query = select(VoucherLine).where(VoucherLine.voucher_id == voucher_id)
    return list(session.exec(query.order_by(sa.column("line_no"))))


def _content(draft: VoucherDraft) -> dict[str, JsonValue]:
    return {
        "org_id": draft.org_id,
        "legal_entity_id": draft.legal_entity_id,
        "currency": draft.currency,
        "voucher_date": draft.voucher_date.isoformat(),
        "voucher_type": draft.voucher_type,
        "text": draft.text,
        "reversal_of": draft.reversal_of,
        "lines": [
            [line.account, line.debit, line.credit, dict(line.dimensions), line.text]
            for line in draft.lines
        ],
    }


def _check(session: Session, drafts: Sequence[VoucherDraft]) -> None:
    """Say in words what the database would refuse at commit."""
    codes = {line.account for draft in drafts for line in draft.lines}
    query = select(GlAccount.code).where(col(GlAccount.code).in_(codes))
    known = frozenset(session.exec(query))
    for draft in drafts:
        _check_one(draft, known)


def _check_one(draft: VoucherDraft, known: frozenset[str]) -> None:
    decimals(draft.currency)
    if len(draft.lines) < 2:
        raise LedgerError(
            "VOUCHER_LINES",
            Text(
                f"event {draft.event_id}: a voucher needs two lines at least; "
                "correct the posting ruleset",
                f"事件 {draft.event_id}:凭证至少需要两行分录;请修改记账规则",
            ),
        )
    for number, line in enumerate(draft.lines, start=1):
        if min(line.debit, line.credit) != 0 or max(line.debit, line.credit) <= 0:
            raise LedgerError(
                "VOUCHER_LINE_SIDES",
                Text(
                    f"event {draft.event_id}, line {number}: exactly one of debit and credit "
                    "is above zero; correct the posting ruleset",
                    f"事件 {draft.event_id} 第 {number} 行:借方与贷方须恰有一方大于零;"
                    "请修改记账规则",
                ),
            )
    debits = sum(line.debit for line in draft.lines)
    credits = sum(line.credit for line in draft.lines)
    if debits != credits:
        raise LedgerError(
            "VOUCHER_UNBALANCED",
            Text(
                f"event {draft.event_id}: debits {debits} and credits {credits} (minor units) "
                "differ; correct the posting ruleset",
                f"事件 {draft.event_id}:借方 {debits} 与贷方 {credits}(最小货币单位)不相等;"
                "请修改记账规则",
            ),
        )
    if unknown := {line.account for line in draft.lines} - known:
        names = ", ".join(sorted(unknown))
        raise LedgerError(
            "GL_ACCOUNT_UNKNOWN",
            Text(
                f"event {draft.event_id}: no ledger account {names}; add it to the chart of "
                "accounts or correct the posting ruleset",
                f"事件 {draft.event_id}:会计科目 {names} 不存在;请补充科目表或修改记账规则",
            ),
        )


def _next_numbers(session: Session, drafts: Sequence[VoucherDraft]) -> list[str]:
    """A number for each draft, those of one legal entity and month without gaps in their order."""
    books = [(draft.legal_entity_id, draft.voucher_date.replace(day=1)) for draft in drafts]
    owners = {book: draft.org_id for book, draft in zip(books, drafts, strict=True)}
    following = {}
    # In one order, so that two postings at once wait for each other and never in a circle.
    for (entity, month), count in sorted(Counter(books).items()):
        last = session.execute(
            sa.text(
                "INSERT INTO voucher_counter AS c (legal_entity_id, month, org_id, last_number) "
                "VALUES (:entity, :month, :org, :count) ON CONFLICT (legal_entity_id, month) "
                "DO UPDATE SET last_number = c.last_number + :count RETURNING last_number"
            ),
            {"entity": entity, "month": month, "org": owners[entity, month], "count": count},
        ).scalar_one()
        following[entity, month] = itertools.count(last - count + 1)
    return [
        f"{entity}-{month:%Y%m}-{next(following[entity, month]):06d}" for entity, month in books
    ]


def _event_conflict(draft: VoucherDraft, posted: Voucher | None) -> LedgerError:
    if posted is None:
        return LedgerError(
            "EVENT_CONFLICT",
            Text(
                f"event {draft.event_id} is to be posted twice with different content; use an "
                "event of its own for each",
                f"事件 {draft.event_id} 将以不同内容重复过账；请分别使用不同的事件",
            ),
        )
    return LedgerError(
        "EVENT_CONFLICT",
        Text(
            f"event {draft.event_id} was posted as voucher {posted.number} with other content; "
            "reverse that voucher or use a new event",
            f"事件 {draft.event_id} 已以不同内容过账为凭证 {posted.number};"
            "请冲销该凭证或使用新事件",
        ),
    )
