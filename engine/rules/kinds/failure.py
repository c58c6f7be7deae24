"""Failure: what a bank's answer about one item means."""

from __future__ import annotations

from dataclasses import dataclass

from engine.base.collector import Collector
from engine.base.findings import Finding
from engine.base.text import Text
from engine.rules.kind import ANY_SUBJECT, Kind, OutputSpec, Starter
from engine.rules.model import (
    Cell,
    Compare,
    HitPolicy,
    Literal,
    OneOf,
    Output,
    ParamRef,
    Ruleset,
    Type,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One bank answer about one attempt. `attempts` counts this one."""

    bank: str
    direction: str
    bank_code: str | None
    reason_code: str | None
    attempts: int


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the answer means and what happens next. `class_` is the column `class`."""

    class_: str
    handling: str


FINAL = frozenset({"paid", "failed"})
"""Classes that only a listed code may give."""


def _listed(cell: Cell) -> bool:
    """Whether `cell` takes nothing but codes that it names."""
    match cell:
        case Compare(op="=", operand=Literal() | ParamRef()):
            return True
        case OneOf(items=items):
            return all(_listed(item) for item in items)
        case _:
            return False


def _final(output: Output | None) -> Literal | None:
    return output if isinstance(output, Literal) and output.value in FINAL else None


def _only_listed_codes_are_final(ruleset: Ruleset) -> list[Finding]:
    """`paid` and `failed` need the bank's own code: never by default, never by `-`."""
    outputs = [column.name for column in ruleset.table.outputs]
    inputs = [column.name for column in ruleset.table.inputs]
    wrong = {"`otherwise`": _final((ruleset.otherwise or {}).get("class"))}
    for row in ruleset.table.rows if "class" in outputs else ():
        if "bank_code" not in inputs or not _listed(row.cells[inputs.index("bank_code")]):
            wrong[row.id] = _final(row.outputs[outputs.index("class")])
    out = Collector(ruleset.file)
    for where, given in wrong.items():
        if given is not None:
            out.add(
                "K401",
                given.span,
                Text(
                    f"{where} calls answers {given.written} without naming their bank_code",
                    f"{where} 未列明返回码即判为 {given.written}",
                ),
                Text(
                    "list the codes: an answer wrongly called failed is paid twice",
                    "请逐一列出返回码：误判失败会导致重复付款",
                ),
            )
    return out.findings


_STARTER = Starter(
    envelope=("hit_policy: first", "otherwise: {class: unknown, handling: query}"),
    rules=(
        "id | bank_code | reason_code => class | handling | basis",
        "F1 | ACSC | - => paid | confirm | -",
        "F2 | PDNG | - => pending | query | -",
        "F3 | RJCT | AC01, AC04 => failed | return_to_source | -",
        "F4 | RJCT | - => failed | review | -",
    ),
    examples=(
        "bank_code | reason_code => id | class | handling",
        "ACSC | - => F1 | paid | confirm",
        "PDNG | - => F2 | pending | query",
        "RJCT | AC01 => F3 | failed | return_to_source",
        "RJCT | MS03 => F4 | failed | review",
        "- | - => none | unknown | query",
    ),
)

KIND = Kind(
    name="failure",
    title=Text("Bank answers", "银行返回码"),
    about=Text(
        "Decides what a bank's answer about one item means and what happens next. Only codes that "
        "a row names can mean paid or failed; everything else, no answer included, is unknown "
        "and is asked again. `paid` is the bank's word; only the statement proves money.",
        "决定银行对某一笔的回答是什么意思、下一步做什么。只有列明的返回码才能判为已支付或失败，其余"
        "（包括没有回答）一律未知并继续查询。“已支付”只是银行的答复，资金以对账单为准。",
    ),
    facts={"answer": Answer},
    outputs={
        "class": OutputSpec(
            Type.CODE,
            Text("class", "分类"),
            {
                "paid": Text("paid", "已支付"),
                "pending": Text("in processing", "支付中"),
                "failed": Text("failed for certain", "确定失败"),
                "unknown": Text("unknown", "未知"),
            },
            required=True,
        ),
        "handling": OutputSpec(
            Type.CODE,
            Text("handling", "处理"),
            {
                "confirm": Text("wait for the statement", "等待到账确认"),
                "query": Text("ask the bank again", "继续查询"),
                "retry_inside": Text("kept for a new attempt", "留存待重新支付"),
                "return_to_source": Text("returned to the source", "退回来源系统"),
                "review": Text("a person decides", "人工处理"),
            },
            required=True,
        ),
    },
    outcome=Meaning,
    hit_policies=frozenset({HitPolicy.FIRST, HitPolicy.UNIQUE}),
    checks=(_only_listed_codes_are_final,),
    starters={ANY_SUBJECT: _STARTER},
)
