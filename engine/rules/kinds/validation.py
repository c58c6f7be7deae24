"""Validation: what is wrong with a document as it came in."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields

from engine.base.collector import Collector
from engine.base.findings import Finding
from engine.base.text import Text
from engine.rules.kind import ANY_SUBJECT, Kind, OutputSpec, Starter
from engine.rules.model import HitPolicy, Literal, Ruleset, Type
from engine.rules.suggest import remedy


@dataclass(frozen=True, slots=True)
class RawPayment:
    """A payment document as received; every word may be missing. Amounts in minor units."""

    amount: int | None
    currency: str | None
    payment_method: str | None
    business_type: str | None
    business_reference: str | None
    creditor_type: str | None
    creditor_name: str | None
    creditor_account: str | None
    creditor_bank_code: str | None
    payee_is_insured: bool | None
    purpose: str | None
    urgency: str | None
    due_date: dt.date | None
    days_overdue: int | None
    org_level: str | None


@dataclass(frozen=True, slots=True)
class RawCollection:
    """A collection document as received; every word may be missing. Amounts in minor units."""

    amount: int | None
    currency: str | None
    payment_method: str | None
    business_type: str | None
    business_reference: str | None
    debtor_name: str | None
    debtor_account: str | None
    debtor_bank_code: str | None
    purpose: str | None
    urgency: str | None
    due_date: dt.date | None
    days_overdue: int | None
    org_level: str | None


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: an error returns the document, a warning travels with it."""

    severity: str
    message_en: str
    message_zh: str
    field: str | None = None


def _field_is_supplied(ruleset: Ruleset) -> list[Finding]:
    """`field` names the document's own field, so that the refused cell can be marked."""
    facts = KIND.facts.get(ruleset.subject)
    names = [column.name for column in ruleset.table.outputs]
    if facts is None or "field" not in names:
        return []
    known = {one.name for one in fields(facts)}
    at = names.index("field")
    out = Collector(ruleset.file)
    for row in ruleset.table.rows:
        output = row.outputs[at]
        if isinstance(output, Literal) and output.value not in known:
            out.add(
                "K101",
                output.span,
                Text(
                    f"row {row.id}: {output.written!r} is no field of a {ruleset.subject}",
                    f"行 {row.id}:{output.written!r} 不是 {ruleset.subject} 的字段",
                ),
                remedy(output.written, sorted(known)),
            )
    return out.findings


_STARTER = Starter(
    envelope=("params: {large: 1000万}", "hit_policy: rule order"),
    rules=(
        "id | amount | due_date => severity | field | message_en | message_zh | basis",
        "V1 | null | - => error | amount | The amount is missing | 缺少金额 | -",
        "V2 | - | null => warning | due_date | No due date is given | 未填应付日期 | -",
        "V3 | >= $large | - => warning | amount | A very large amount | 金额特别大 | -",
    ),
    examples=(
        "amount | due_date => id | severity",
        "null | 2026-12-01 => V1 | error",
        "1 | null => V2 | warning",
        "1000万 | 2026-12-01 => V3 | warning",
        "1 | 2026-12-01 => none | -",
    ),
)

KIND = Kind(
    name="validation",
    title=Text("Document checks", "单据校验"),
    about=Text(
        "Decides what is wrong with a document as it came in, before anything else looks at it. "
        "Every row that matches reports. One error is enough to return the document to its "
        "source; warnings travel with the document. What no rule can excuse (unknown "
        "organisation, closed account, unreadable amount) is refused before this table is asked.",
        "在其他处理之前检查进来的单据。每个命中的行都报告。有一个错误即退回来源；提示随单据继续。"
        "任何规则都不能放行的情形（未知机构、已销户、金额不可读）在询问本表之前即被拒绝。",
    ),
    facts={"payment": RawPayment, "collection": RawCollection},
    outputs={
        "severity": OutputSpec(
            Type.CODE,
            Text("severity", "级别"),
            {
                "error": Text("error: the document is returned", "错误：退回单据"),
                "warning": Text("warning: the document goes on", "提示：单据继续"),
            },
            required=True,
        ),
        "field": OutputSpec(Type.CODE, Text("field at fault", "出错字段")),
        "message_en": OutputSpec(Type.TEXT, Text("message in English", "英文说明"), required=True),
        "message_zh": OutputSpec(Type.TEXT, Text("message in Chinese", "中文说明"), required=True),
    },
    outcome=Fault,
    hit_policies=frozenset({HitPolicy.RULE_ORDER, HitPolicy.COLLECT}),
    extras_schema={
        "on_error": {
            "description": "What a file with a wrong row gets: refused whole, or its bad rows "
            "returned. 文件中有错误行时：整份拒绝，或仅退回错误行。",
            "enum": ["refuse_file", "return_rows"],
        }
    },
    raw_facts=True,
    checks=(_field_is_supplied,),
    starters={ANY_SUBJECT: _STARTER},
)
