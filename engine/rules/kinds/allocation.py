"""Allocation: which sources fund a request, in which order, up to how much."""

from __future__ import annotations

from dataclasses import dataclass

from engine.base.text import Text
from engine.rules.kind import ANY_SUBJECT, Kind, OutputSpec, Starter
from engine.rules.model import HitPolicy, Type


@dataclass(frozen=True, slots=True)
class SourceOfFunds:
    """One funding request beside one candidate source. `amount` is the need in minor units."""

    business_type: str
    source: str
    amount: int
    currency: str
    urgency: str
    org_level: str


@dataclass(frozen=True, slots=True)
class Share:
    """The source's turn, what must stay in it and what it gives at most, in minor units."""

    order: str
    floor: int | None = None
    cap: int | None = None


_STARTER = Starter(
    envelope=("params: {hq_floor: 1000万}", "shortage: partial", "hit_policy: first"),
    rules=(
        "id | source => order | floor | cap | basis",
        "L1 | own_collection => 1 | 0 | - | -",
        "L2 | branch => 2 | 0 | - | -",
        "L3 | head_office => 3 | $hq_floor | - | -",
    ),
    examples=(
        "source => id | order",
        "own_collection => L1 | 1",
        "branch => L2 | 2",
        "head_office => L3 | 3",
    ),
)

KIND = Kind(
    name="allocation",
    title=Text("Downward allocation", "资金下拨"),
    about=Text(
        "Decides which sources may fund a request, and in which order: the row is asked for each "
        "candidate source. Code computes the amounts: each source gives what is left to give, "
        "never below its floor, never above its cap. `shortage` says what happens when all "
        "sources together do not suffice.",
        "决定资金申请可由哪些来源、按何顺序拨付：对每个候选来源询问一次。金额由程序计算："
        "不低于来源的保底余额，不超过上限。全部来源仍不足时按 shortage 处理。",
    ),
    facts={"funding_request": SourceOfFunds},
    outputs={
        "order": OutputSpec(
            Type.CODE,
            Text("taken in", "顺序"),
            {str(n): Text(f"turn {n}", f"第 {n} 顺位") for n in range(1, 10)},
            required=True,
        ),
        "floor": OutputSpec(Type.MONEY, Text("must stay", "保底余额")),
        "cap": OutputSpec(Type.MONEY, Text("at most", "上限")),
    },
    outcome=Share,
    hit_policies=frozenset(
        {HitPolicy.OUTPUT_ORDER, HitPolicy.PRIORITY, HitPolicy.FIRST, HitPolicy.UNIQUE}
    ),
    extras_schema={
        "shortage": {
            "description": "When the sources do not suffice. 来源不足时。",
            "enum": ["all_or_nothing", "partial", "pro_rata", "priority"],
        }
    },
    starters={ANY_SUBJECT: _STARTER},
)
