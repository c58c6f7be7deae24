"""A small vocabulary, a kind with every type of output, and rulesets around one table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from engine.base.text import Text
from engine.rules import (
    Decision,
    FactValue,
    Finding,
    Kind,
    Loaded,
    OutputSpec,
    branch_params,
    compile_ruleset,
    load_ruleset,
    parse_vocabulary,
)
from engine.rules.model import Duration, HitPolicy, Ruleset, Type, Vocabulary

WORDS = """\
amount: {type: money, en: amount, zh: 金额}
fee: {type: money, en: fee, zh: 手续费, min: 0, nullable: true}
days: {type: int, en: days, zh: 天数, min: 0}
rate: {type: percent, en: rate, zh: 比例}
type: {type: code, en: type, zh: 类型, values: {claim: 理赔, refund: 退费, premium: 保费}}
bank: {type: code, en: bank, zh: 银行}
payee: {type: text, en: payee, zh: 收款人, nullable: true}
urgent: {type: bool, en: urgent, zh: 加急}
due: {type: date, en: due, zh: 到期日}
booked: {type: date, en: booked, zh: 入账日, nullable: true}
at: {type: time, en: time, zh: 时间}
age: {type: duration, en: age, zh: 账龄}
"""


def _vocabulary() -> Vocabulary:
    vocabulary, findings = parse_vocabulary("vocabulary.yaml", WORDS)
    assert vocabulary is not None, findings
    return vocabulary


VOCABULARY = _vocabulary()


@dataclass(frozen=True, slots=True)
class Thing:
    """Facts of the trial kind."""

    amount: int


@dataclass(frozen=True, slots=True)
class Result:
    """Outcome of the trial kind."""

    code: str | None = None


def _output(type_: Type, **more: object) -> OutputSpec:
    return OutputSpec(type_, Text(type_.value, type_.value), **more)  # type: ignore[arg-type]


_LEVELS = {one: Text(one, one) for one in ("low", "middle", "high")}
OUTPUTS = {
    "code": _output(Type.CODE),
    "level": _output(Type.CODE, values=_LEVELS),
    "money": _output(Type.MONEY),
    "number": _output(Type.INT),
    "share": _output(Type.PERCENT),
    "text": _output(Type.TEXT),
    "chain": _output(Type.CHAIN),
    "names": _output(Type.LIST, values=_LEVELS),
    "wait": _output(Type.DURATION),
    "flag": _output(Type.BOOL),
    "day": _output(Type.DATE),
    "hour": _output(Type.TIME),
}


def kind(name: str = "trial", *, raw: bool = False, required: frozenset[str] = frozenset()) -> Kind:
    """A kind with every type of output and every hit policy."""
    outputs = {
        key: OutputSpec(spec.type, spec.label, spec.values, required=key in required)
        for key, spec in OUTPUTS.items()
    }
    return Kind(
        name=name,
        title=Text("Trial", "试验"),
        about=Text("For tests.", "用于测试。"),
        facts={"thing": Thing},
        outputs=outputs,
        outcome=Result,
        hit_policies=frozenset(HitPolicy) if name != "narrow" else frozenset({HitPolicy.UNIQUE}),
        extras_schema={
            "mode": {"enum": ["fast", "slow"]},
            "retries": {"type": "integer", "minimum": 0},
            "block_on": {"type": "array", "items": {"type": "string"}},
        },
        raw_facts=raw,
    )


KINDS: Mapping[str, Kind] = {
    one.name: one
    for one in (
        kind(),
        kind("narrow"),
        kind("strict", required=frozenset({"code"})),
        Kind(
            "raw",
            Text("Raw", "原始"),
            Text("For tests.", "用于测试。"),
            {"thing": Thing},
            OUTPUTS,
            Result,
            frozenset(HitPolicy),
            raw_facts=True,
        ),
    )
}


def text(
    table: str, *, policy: str = "first", more: str = "", examples: str = "", of: str = "trial"
) -> str:
    """A ruleset around `table` (lines without indentation); the table begins on line 8 + more."""
    lines = [
        f"kind: {of}",
        "name: a-trial",
        "title: {en: A trial, zh: 试验}",
        "version: 1",
        "effective: {from: 2026-01-01}",
        "scope: {org: GROUP, subject: thing}",
        f"hit_policy: {policy}",
        *(more.strip("\n").split("\n") if more.strip() else []),
        "rules: |",
        *(f"  {line}" for line in table.strip("\n").split("\n")),
    ]
    if examples:
        lines += ["examples: |", *(f"  {line}" for line in examples.strip("\n").split("\n"))]
    return "\n".join(lines) + "\n"


def load(
    table: str,
    *,
    policy: str = "first",
    more: str = "",
    examples: str = "",
    of: str = "trial",
    orgs: Mapping[str, str | None] | None = None,
) -> Loaded:
    """Load a ruleset around `table`."""
    source = text(table, policy=policy, more=more, examples=examples, of=of)
    return load_ruleset("t.yaml", source, VOCABULARY, kinds=KINDS, orgs=orgs)


def ruleset(
    table: str, *, policy: str = "first", more: str = "", examples: str = "", of: str = "trial"
) -> Ruleset:
    """Load a ruleset that must be without findings."""
    loaded = load(table, policy=policy, more=more, examples=examples, of=of)
    assert loaded.ruleset is not None, [said(f) for f in loaded.findings]
    assert not loaded.findings, [said(f) for f in loaded.findings]
    return loaded.ruleset


def decide(
    table: str,
    facts: Mapping[str, FactValue],
    *,
    policy: str = "first",
    more: str = "",
    branch: str | None = None,
) -> Decision:
    """Decide `facts` by a ruleset around `table`."""
    found = ruleset(table, policy=policy, more=more)
    path = ("GROUP",) if branch is None else ("GROUP", branch)
    return compile_ruleset(found, branch_params(found, path)).decide(facts)


def said(finding: Finding) -> str:
    """A finding as line:column+width, severity, code, and sentence."""
    place = f"{finding.span.line}:{finding.span.column}+{finding.span.width}"
    return f"{place} {finding.severity}[{finding.code}] {finding.message.en}"


def findings(table: str, **how: object) -> list[str]:
    """What is found in a ruleset around `table`, as `said` writes it."""
    return [said(f) for f in load(table, **how).findings]  # type: ignore[arg-type]


SAMPLE: Mapping[str, FactValue] = {
    "amount": 10_000,
    "fee": None,
    "days": 3,
    "type": "claim",
    "bank": "901",
    "payee": "张三",
    "urgent": True,
    "due": dt.date(2026, 11, 23),
    "booked": None,
    "at": dt.time(16, 30),
    "age": Duration(86_400, "1d"),
}
"""One fact for most words; amount is CNY 100.00."""
