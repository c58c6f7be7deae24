"""What is to be posted, and what is wrong with it before the database is asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.base.money import decimals
from engine.base.text import SluiceError, Text
from engine.ledger.models import Voucher
from engine.runtime.jsontypes import JsonValue


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


def content(draft: VoucherDraft) -> dict[str, JsonValue]:
    """Everything that makes two drafts of one event the same."""
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


def check(drafts: Sequence[VoucherDraft], known: frozenset[str]) -> None:
    """Say in words what the database would refuse; raises as `posting.post_all`.

    `known` are the codes of the accounts there are, at least of those in `drafts`.
    """
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


def event_conflict(draft: VoucherDraft, posted: Voucher | None) -> LedgerError:
    """An event that stands for two contents; `posted` is its voucher, if there is one."""
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
