"""Matching: whether a statement line is the money of one of our items."""

from __future__ import annotations

from dataclasses import dataclass

from engine.base.text import Text
from engine.rules.kind import ANY_SUBJECT, Kind, OutputSpec, Starter
from engine.rules.model import HitPolicy, Type


@dataclass(frozen=True, slots=True)
class Pair:
    """One item of ours beside one statement line; all facts compare the two.

    `amount_gap` is the absolute difference in minor units, `days_apart` the absolute difference
    between value date and booking date in calendar days.
    """

    item: str
    direction: str
    currency: str
    reference: str
    amount_gap: int
    days_apart: int
    same_account: bool
    same_name: bool


@dataclass(frozen=True, slots=True)
class Match:
    """What the pair is worth."""

    outcome: str
    cardinality: str | None = None


_STARTER = Starter(
    envelope=(
        "block_on: [account, currency, direction]",
        "interchangeable: false",
        "return_words: [退票, 退汇]",
        "fee_words: [手续费, bank fee]",
        "params: {days: 3}",
        "adjustable: {days: down}",
        "hit_policy: first",
        "otherwise: {outcome: unmatched}",
    ),
    rules=(
        "id | reference | amount_gap | days_apart => outcome | cardinality | basis",
        "M1 | equal | 0 | - => auto | one_to_one | -",
        "M2 | - | 0 | <= $days => propose | one_to_one | -",
    ),
    examples=(
        "reference | amount_gap | days_apart => id | outcome",
        "equal | 0 | 9 => M1 | auto",
        "none | 0 | 3 => M2 | propose",
        "none | 1 | 0 => none | unmatched",
    ),
)

KIND = Kind(
    name="matching",
    title=Text("Matching", "匹配"),
    about=Text(
        "Decides, pair by pair, whether a statement line is the money of one of our items. Rows "
        "are passes, strictest first. A line with several equally good items, or an item with "
        "several such lines, is never guessed: it goes to a person.",
        "逐对判断银行明细是否就是我方某笔单据的资金。行即轮次，先严后宽。"
        "一条明细有多个同样合适的单据（或反之）时绝不猜测，交人工处理。",
    ),
    facts={"arrival": Pair},
    outputs={
        "outcome": OutputSpec(
            Type.CODE,
            Text("outcome", "结果"),
            {
                "auto": Text("matched", "自动匹配"),
                "propose": Text("proposed to a person", "建议，待人确认"),
                "unmatched": Text("not a match", "不匹配"),
            },
            required=True,
        ),
        "cardinality": OutputSpec(
            Type.CODE,
            Text("cardinality", "对应关系"),
            {
                "one_to_one": Text("one item, one line", "一对一"),
                "batch_total": Text("a batch's total, one line", "批次合计对一"),
            },
        ),
    },
    outcome=Match,
    hit_policies=frozenset({HitPolicy.FIRST, HitPolicy.UNIQUE}),
    extras_schema={
        "block_on": {
            "description": "Pairs are formed only where all three agree: it is said, not chosen. "
            "仅在三者都相同时成对比较，此处写明而非选择。",
            "type": "array",
            "items": {"enum": ["account", "currency", "direction"]},
            "minItems": 3,
            "uniqueItems": True,
        },
        "interchangeable": {
            "description": "k identical items and k identical lines are paired in order of date "
            "and number. 完全相同的 k 笔与 k 条按日期、编号顺序配对。",
            "type": "boolean",
        },
        "return_words": {
            "description": "A line whose text has one of them is money that came back, as one with "
            "a reason code of the bank is. 摘要含有其中任一词语的明细视为退票，"
            "与银行退票代码同等。",
            "type": "array",
            "items": {"type": "string", "minLength": 2},
            "uniqueItems": True,
        },
        "fee_words": {
            "description": "A debit without a reference of ours whose text has one of them is a "
            "bank's fee. 无我方参考号且摘要含有其中任一词语的支出视为银行收费。",
            "type": "array",
            "items": {"type": "string", "minLength": 2},
            "uniqueItems": True,
        },
    },
    starters={ANY_SUBJECT: _STARTER},
)
