"""Sweep: how much of an account's money goes up, and how the amount is found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from engine.base.collector import Collector
from engine.base.findings import Finding
from engine.base.text import Text
from engine.rules.kind import ANY_SUBJECT, Kind, OutputSpec, Starter
from engine.rules.model import HitPolicy, Literal, NullOutput, Ruleset, Type


@dataclass(frozen=True, slots=True)
class AccountToSweep:
    """An account at sweep time. `available` is E of the sweep formula, minor units, computed
    by code: bank's available balance less holds, money in flight and reserved payments."""

    account_state: str
    account_nature: str
    currency: str
    available: int
    bank: str
    org_level: str


@dataclass(frozen=True, slots=True)
class Sweep:
    """Method and its parameters; money in minor units, `percent` a fraction."""

    method: str
    reserve: int | None = None
    unit: int | None = None
    fixed: int | None = None
    threshold: int | None = None
    percent: Decimal | None = None
    partial: bool | None = None
    min_amount: int | None = None
    max_amount: int | None = None
    target: str | None = None


NEEDS: Mapping[str, tuple[str, ...]] = {
    "round": ("unit",),
    "reserve": ("reserve",),
    "fixed": ("fixed",),
    "threshold": ("threshold",),
    "collar": ("threshold", "reserve"),
    "percent": ("percent",),
}
"""What a method cannot do without."""


def _methods_are_complete(ruleset: Ruleset) -> list[Finding]:
    """Every row gives the parameters that its method needs."""
    out = Collector(ruleset.file)
    for row in ruleset.table.rows:
        outputs = {c.name: o for c, o in zip(ruleset.table.outputs, row.outputs, strict=True)}
        method = outputs.get("method")
        if not isinstance(method, Literal):
            continue
        missing = [
            name
            for name in NEEDS.get(str(method.value), ())
            if isinstance(outputs.get(name, NullOutput()), NullOutput)
        ]
        if missing:
            out.add(
                "K501",
                method.span,
                Text(
                    f"row {row.id}: method {method.written} needs {', '.join(missing)}",
                    f"行 {row.id}：方法 {method.written} 缺少 {', '.join(missing)}",
                ),
                Text(f"give {', '.join(missing)}", f"请填写 {', '.join(missing)}"),
            )
    return out.findings


_STARTER = Starter(
    envelope=("params: {reserve: 10万}", "adjustable: {reserve: up}", "hit_policy: first"),
    rules=(
        "id | account_nature | account_state => method | reserve | min_amount | target | basis",
        "S1 | collection | active => reserve | $reserve | 1万 | parent | -",
        "S2 | - | - => none | - | - | - | -",
    ),
    examples=(
        "account_nature | account_state => id | method",
        "collection | active => S1 | reserve",
        "basic | active => S2 | none",
    ),
)

KIND = Kind(
    name="sweep",
    title=Text("Upward sweep", "资金上划"),
    about=Text(
        "Decides how much of an account's available money is swept to the account above it. The "
        "base amount E is computed by code (never more than is proven to be there); "
        "the row names method and limits, applied in the order rounding, maximum, fee, minimum. "
        "Guarantee deposits, special-purpose and separate accounts are never swept, whatever a "
        "row says.",
        "决定账户可用资金上划多少到上级账户。可上划基数 E 由程序计算；规则给出方法与限额，"
        "按取整、上限、手续费、下限的次序执行。资本保证金户、专项资金户、独立账户一律不上划，规则不能改变。",
    ),
    facts={"account": AccountToSweep},
    outputs={
        "method": OutputSpec(
            Type.CODE,
            Text("method", "方法"),
            {
                "none": Text("nothing", "不上划"),
                "full": Text("all of it", "全额"),
                "round": Text("whole units", "取整"),
                "reserve": Text("all but a reserve", "保留余额"),
                "fixed": Text("a fixed amount", "定额"),
                "threshold": Text("all, from a threshold on", "达到限额全额"),
                "collar": Text("all but a reserve, from a threshold on", "达到限额保留余额"),
                "percent": Text("a share", "比例"),
            },
            required=True,
        ),
        "reserve": OutputSpec(Type.MONEY, Text("reserve kept", "保留余额")),
        "unit": OutputSpec(Type.MONEY, Text("unit", "取整单位")),
        "fixed": OutputSpec(Type.MONEY, Text("fixed amount", "定额")),
        "threshold": OutputSpec(Type.MONEY, Text("threshold", "起划金额")),
        "percent": OutputSpec(Type.PERCENT, Text("share", "比例")),
        "partial": OutputSpec(Type.BOOL, Text("less than the fixed amount too", "不足定额也划")),
        "min_amount": OutputSpec(Type.MONEY, Text("least amount", "最小金额")),
        "max_amount": OutputSpec(Type.MONEY, Text("largest amount", "最大金额")),
        "target": OutputSpec(
            Type.CODE,
            Text("to", "划至"),
            {
                "parent": Text("the organisation above", "上级机构"),
                "head_office": Text("head office", "总公司"),
            },
        ),
    },
    outcome=Sweep,
    hit_policies=frozenset({HitPolicy.FIRST, HitPolicy.UNIQUE, HitPolicy.PRIORITY}),
    extras_schema={
        "schedule": {
            "description": "When the sweep runs. 上划时间。",
            "type": "object",
            "properties": {
                "at": {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"},
                "every": {"enum": ["day", "week", "month"]},
                "calendar": {"type": "string"},
                "roll": {"enum": ["skip", "preceding", "following"]},
            },
            "required": ["at", "calendar", "roll"],
            "additionalProperties": False,
        }
    },
    checks=(_methods_are_complete,),
    starters={ANY_SUBJECT: _STARTER},
)
