"""Plan control: how strictly a plan item holds at each control point."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from engine.base.text import Text
from engine.rules.kind import ANY_SUBJECT, Kind, OutputSpec, Starter
from engine.rules.model import HitPolicy, Type


@dataclass(frozen=True, slots=True)
class Usage:
    """A use of the plan. `amount` in minor units of the base currency."""

    plan_item: str
    control_point: str
    period: str
    amount: int
    currency: str
    org_level: str


@dataclass(frozen=True, slots=True)
class Control:
    """Level and tolerance: a fraction of plan and adjustments, and an amount in minor units."""

    level: str
    tolerance: Decimal | None = None
    tolerance_amount: int | None = None
    tolerance_takes: str | None = None


_STARTER = Starter(
    envelope=("params: {grace: 5%}", "adjustable: {grace: down}", "hit_policy: first"),
    rules=(
        "id | control_point => level | tolerance | basis",
        "P1 | request => advisory | $grace | -",
        "P2 | - => strict | $grace | -",
    ),
    examples=(
        "control_point => id | level",
        "request => P1 | advisory",
        "payment => P2 | strict",
    ),
)

KIND = Kind(
    name="plan_control",
    title=Text("Fund plan control", "资金计划控制"),
    about=Text(
        "Decides how strictly the fund plan holds, by plan item and control point. Code compares "
        "the use with what is available: plan, adjustments and carry-over less what is committed "
        "and spent. None only records, advisory warns, strict refuses beyond the tolerance.",
        "按计划项目与控制点决定资金计划的控制强度。程序比较用款与可用额度"
        "（计划+调整+结转-已占用-已执行）。不控制只记录，提示性仅警告，严格控制超过容差即拒绝。",
    ),
    facts={"plan": Usage},
    outputs={
        "level": OutputSpec(
            Type.CODE,
            Text("level", "控制级别"),
            {
                "none": Text("recorded only", "不控制"),
                "advisory": Text("warned", "提示性控制"),
                "strict": Text("refused", "严格控制"),
            },
            required=True,
        ),
        "tolerance": OutputSpec(Type.PERCENT, Text("tolerance as a share of the plan", "容差比例")),
        "tolerance_amount": OutputSpec(Type.MONEY, Text("tolerance as an amount", "容差金额")),
        "tolerance_takes": OutputSpec(
            Type.CODE,
            Text("of both tolerances the", "两种容差取"),
            {"smaller": Text("smaller", "较小者"), "larger": Text("larger", "较大者")},
        ),
    },
    outcome=Control,
    hit_policies=frozenset({HitPolicy.FIRST, HitPolicy.UNIQUE, HitPolicy.PRIORITY}),
    starters={ANY_SUBJECT: _STARTER},
)
