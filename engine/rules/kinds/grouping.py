"""Grouping: which documents travel to the bank in one message."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.base.collector import Collector
from engine.base.findings import Finding
from engine.base.text import Text
from engine.rules.kind import Kind, OutputSpec, Starter
from engine.rules.model import HitPolicy, Literal, Output, Row, Ruleset, Type


@dataclass(frozen=True, slots=True)
class PaymentToGroup:
    """An approved payment about to be sent. `amount` in minor units of the base currency."""

    amount: int
    currency: str
    channel: str
    bank: str
    urgency: str
    business_type: str
    creditor_type: str
    same_bank: bool
    org_level: str


@dataclass(frozen=True, slots=True)
class CollectionToGroup:
    """An approved collection about to be sent. `amount` in minor units of the base currency."""

    amount: int
    currency: str
    channel: str
    bank: str
    urgency: str
    business_type: str
    same_bank: bool
    org_level: str


@dataclass(frozen=True, slots=True)
class Grouping:
    """How a document joins others. `max_amount` in minor units; None is no limit of ours."""

    mode: str
    batch_by: tuple[str, ...] | None = None
    max_items: int | None = None
    max_amount: int | None = None


BATCH_KEYS = {
    "debtor_account": Text("paying account", "付款账号"),
    "creditor_account": Text("receiving account", "收款账号"),
    "currency": Text("currency", "币种"),
    "value_date": Text("value date", "起息日"),
    "channel": Text("channel", "渠道"),
    "bank": Text("our bank", "我方银行"),
    "same_bank": Text("same bank or not", "同行或跨行"),
    "urgency": Text("urgency", "加急"),
    "business_type": Text("business type", "业务类型"),
    "org": Text("organisation", "机构"),
}
"""What payment batches may be kept apart by."""

OWN_ACCOUNT = {"payment": "debtor_account", "collection": "creditor_account"}
"""Our own side of a document: one message to a bank concerns one account of ours."""


def _outputs(ruleset: Ruleset, row: Row) -> Iterator[tuple[str, Output]]:
    return ((c.name, o) for c, o in zip(ruleset.table.outputs, row.outputs, strict=True))


def _batches_are_whole(ruleset: Ruleset) -> list[Finding]:
    """A batch row names our own account and the currency among its keys: else no message."""
    out = Collector(ruleset.file)
    for row in ruleset.table.rows:
        outputs = dict(_outputs(ruleset, row))
        mode = outputs.get("mode")
        if not isinstance(mode, Literal) or mode.value != "batch":
            continue
        keys = outputs.get("batch_by")
        given = keys.value if isinstance(keys, Literal) and isinstance(keys.value, tuple) else ()
        wanted = [OWN_ACCOUNT.get(ruleset.subject, "debtor_account"), "currency"]
        missing = [key for key in wanted if key not in given]
        if missing:
            out.add(
                "K201",
                keys.span if isinstance(keys, Literal) else row.span,
                Text(
                    f"row {row.id}: a batch is one account and one currency, but batch_by lacks "
                    f"{', '.join(missing)}",
                    f"行 {row.id}：一批只含一个账户一种币种，batch_by 缺少 {', '.join(missing)}",
                ),
                Text(
                    f"add {', '.join(missing)} to batch_by",
                    f"请在 batch_by 中加上 {', '.join(missing)}",
                ),
            )
    return out.findings


def _starter(account: str) -> Starter:
    """Everything alone but what our bank takes directly: one batch per account and day."""
    return Starter(
        envelope=("hit_policy: first",),
        rules=(
            "id | channel | urgency => mode | batch_by | max_items | basis",
            "G1 | - | urgent => single | - | 1 | -",
            f"G2 | bank_direct | - => batch | {account}, currency, value_date | 500 | -",
            "G3 | - | - => single | - | 1 | -",
        ),
        examples=(
            "channel | urgency => id | mode",
            "bank_direct | urgent => G1 | single",
            "bank_direct | normal => G2 | batch",
            "cash | normal => G3 | single",
        ),
    )


KIND = Kind(
    name="grouping",
    title=Text("Payment batches", "支付组批"),
    about=Text(
        "Decides at sending time which approved documents share one payment batch, that is one "
        "message to the bank. A document is in one live payment batch at most; documents are "
        "cut into batches of the same row and the same keys, in order of their numbers.",
        "发送时决定哪些已批准单据同属一个支付批，即发给银行的一份报文。一张单据至多在一个有效支付批中；"
        "同一行、同一组键值的单据按单据号顺序切分成批。",
    ),
    facts={"payment": PaymentToGroup, "collection": CollectionToGroup},
    outputs={
        "mode": OutputSpec(
            Type.CODE,
            Text("mode", "方式"),
            {"single": Text("alone", "单笔"), "batch": Text("in a batch", "成批")},
            required=True,
        ),
        "batch_by": OutputSpec(Type.LIST, Text("kept apart by", "分批依据"), BATCH_KEYS),
        "max_items": OutputSpec(Type.INT, Text("most items", "最多笔数")),
        "max_amount": OutputSpec(Type.MONEY, Text("largest total", "最大总额")),
    },
    outcome=Grouping,
    hit_policies=frozenset({HitPolicy.FIRST, HitPolicy.UNIQUE, HitPolicy.PRIORITY}),
    checks=(_batches_are_whole,),
    starters={subject: _starter(account) for subject, account in OWN_ACCOUNT.items()},
)
