"""Posting: the lines of the voucher that an event gets in the ledger."""

from __future__ import annotations

from dataclasses import dataclass

from engine.base.text import Text
from engine.rules.kind import ANY_SUBJECT, Kind, OutputSpec, Starter
from engine.rules.model import HitPolicy, Type


@dataclass(frozen=True, slots=True)
class Event:
    """Something that moved money for certain. `amount` > 0, minor units of `currency`.

    An event without a document (a fee, an own transfer) carries the bank's reference of the line
    as `document_no` and the business type `treasury`. The names are empty text rather than null
    where there is none, since voucher texts use them.
    """

    event: str
    amount: int
    currency: str
    document_no: str
    business_type: str
    creditor_name: str
    debtor_name: str
    org_level: str


@dataclass(frozen=True, slots=True)
class Line:
    """One voucher line: minor units on exactly one side."""

    account: str
    debit: int
    credit: int
    dimensions: tuple[str, ...] | None = None
    text: str | None = None


DIMENSIONS = {
    "org": Text("organisation", "机构"),
    "bank_account": Text("bank account", "银行账户"),
    "counterparty": Text("counterparty", "往来单位"),
    "counter_org": Text("counter organisation", "对方机构"),
    "cash_flow": Text("cash-flow item", "现金流量项目"),
    "business_type": Text("business type", "业务类型"),
}
"""Auxiliary accounting of a line; the values come from the event, never from a ruleset."""

_STARTER = Starter(
    envelope=(
        "params: {bank: 100201, fees: 660303}",
        "balance: {debit: debit, credit: credit}",
        "hit_policy: collect",
    ),
    rules=(
        "id | event => account | debit | credit | dimensions | text",
        "J1 | fee_charged => $fees | = amount | = 0 | org | 银行手续费 {document_no}",
        "J2 | fee_charged => $bank | = 0 | = amount | org, bank_account | 银行手续费 {document_no}",
    ),
    examples=(
        "event | amount | document_no => id | account | debit | credit",
        "fee_charged | 2 | F1 => J1, J2 | 660303; 100201 | 2; 0 | 0; 2",
        "transfer_in | 2 | T1 => none | - | - | -",
    ),
)

KIND = Kind(
    name="posting",
    title=Text("Vouchers", "记账"),
    about=Text(
        "Decides the voucher lines of an event whose money is proven by the bank's statement. "
        "Each matching row is one line. Every combination of rows must balance. Reversals are "
        "the exact negative of what they reverse: they are generated and never ruled.",
        "对已由银行对账单证实的事件生成凭证分录，每个命中的行即一条分录，任何行组合都必须借贷平衡。"
        "冲销是原凭证的精确相反数，由程序生成，不由规则决定。",
    ),
    facts={"event": Event},
    outputs={
        "account": OutputSpec(Type.CODE, Text("ledger account", "科目"), required=True),
        "debit": OutputSpec(Type.MONEY, Text("debit", "借方"), required=True),
        "credit": OutputSpec(Type.MONEY, Text("credit", "贷方"), required=True),
        "dimensions": OutputSpec(Type.LIST, Text("dimensions", "辅助核算"), DIMENSIONS),
        "text": OutputSpec(Type.TEXT, Text("text", "摘要")),
    },
    outcome=Line,
    hit_policies=frozenset({HitPolicy.COLLECT, HitPolicy.RULE_ORDER}),
    extras_schema={
        "balance": {
            "description": "The output columns whose totals must be equal. 须相等的借贷两列。",
            "type": "object",
            "properties": {"debit": {"const": "debit"}, "credit": {"const": "credit"}},
            "required": ["debit", "credit"],
            "additionalProperties": False,
        }
    },
    starters={ANY_SUBJECT: _STARTER},
)
