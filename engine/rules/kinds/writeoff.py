"""Write-off: what a receipt does to the receivable it was found to pay."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from engine.base.text import Text
from engine.rules.kind import ANY_SUBJECT, Kind, OutputSpec, Starter
from engine.rules.model import HitPolicy, Type


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt beside its receivable. `covered` is receipt / open amount, 0 without a policy;
    `amount` in minor units."""

    policy_found: bool
    covered: Decimal
    first_premium: bool
    amount: int
    currency: str
    business_type: str


@dataclass(frozen=True, slots=True)
class WriteOff:
    """What happens to the receivable, and to what is left over or open."""

    outcome: str
    remainder: str | None = None


_STARTER = Starter(
    envelope=("hit_policy: first",),
    rules=(
        "id | policy_found | covered => outcome | remainder | basis",
        "W1 | true | 100% => clear | - | -",
        "W2 | true | < 100% => partial | keep_open | -",
        "W3 | true | > 100% => over | advance | -",
        "W4 | false | - => suspense | - | -",
    ),
    examples=(
        "policy_found | covered => id | outcome",
        "true | 100% => W1 | clear",
        "true | 40% => W2 | partial",
        "true | 120% => W3 | over",
        "false | 0% => W4 | suspense",
    ),
)

KIND = Kind(
    name="writeoff",
    title=Text("Receipt write-off", "收款核销"),
    about=Text(
        "Decides what a bank receipt does to the premium it pays: clear it, pay a part, or pay "
        "more than is open; and where the difference goes. What belongs to no policy waits in "
        "suspense. Reversing a write-off re-opens exactly what it cleared.",
        "决定银行收款如何核销应收保费：结清、部分核销或超额，以及差额去向。找不到保单的进入待查款项。"
        "撤销核销时精确恢复原状。",
    ),
    facts={"receipt": Receipt},
    outputs={
        "outcome": OutputSpec(
            Type.CODE,
            Text("outcome", "结果"),
            {
                "clear": Text("cleared", "结清"),
                "partial": Text("partly paid", "部分核销"),
                "over": Text("overpaid", "超额"),
                "suspense": Text("in suspense", "待查"),
            },
            required=True,
        ),
        "remainder": OutputSpec(
            Type.CODE,
            Text("the difference", "差额"),
            {
                "keep_open": Text("stays open", "继续挂账"),
                "advance": Text("kept as advance", "转预收"),
                "refund": Text("refunded", "退还"),
                "difference": Text("to the difference account", "转尾差科目"),
            },
        ),
    },
    outcome=WriteOff,
    hit_policies=frozenset({HitPolicy.UNIQUE, HitPolicy.FIRST, HitPolicy.ANY}),
    starters={ANY_SUBJECT: _STARTER},
)
