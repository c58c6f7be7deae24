"""Routing: the way a document's money takes, before anybody approves it."""

from __future__ import annotations

from dataclasses import dataclass

from engine.base.text import Text
from engine.rules.kind import ANY_SUBJECT, Kind, OutputSpec, Starter
from engine.rules.model import HitPolicy, Type


@dataclass(frozen=True, slots=True)
class PaymentToRoute:
    """A checked payment. `amount` in minor units of the base currency."""

    amount: int
    currency: str
    payment_method: str
    business_type: str
    creditor_type: str
    same_bank: bool
    urgency: str
    org_level: str


@dataclass(frozen=True, slots=True)
class CollectionToRoute:
    """A checked collection. `amount` in minor units of the base currency."""

    amount: int
    currency: str
    payment_method: str
    business_type: str
    same_bank: bool
    urgency: str
    org_level: str


@dataclass(frozen=True, slots=True)
class Route:
    """Channel, whose account of which nature at which bank, and what a missed cut-off means."""

    channel: str
    account_nature: str | None = None
    account_of: str | None = None
    bank: str | None = None
    after_cutoff: str | None = None


CHANNELS = {
    "bank_direct": Text("bank direct", "银企直联"),
    "bank_file": Text("offer file", "报盘文件"),
    "ebank": Text("e-bank", "网银"),
    "cash": Text("cash", "现金"),
    "cheque": Text("cheque", "支票"),
    "wallet": Text("third-party wallet", "第三方支付"),
}

NATURES = {
    "collection": Text("collection account", "收入户"),
    "disbursement": Text("disbursement account", "支出户"),
    "basic": Text("basic account", "基本户"),
}

_STARTER = Starter(
    envelope=("hit_policy: first",),
    rules=(
        "id | payment_method => channel | account_of | after_cutoff | basis",
        "R1 | cash => cash | own | - | -",
        "R2 | cheque => cheque | own | next_day | -",
        "R3 | wallet => wallet | nearest | same_day | -",
        "R4 | - => bank_direct | nearest | next_day | -",
    ),
    examples=(
        "payment_method => id | channel",
        "cash => R1 | cash",
        "cheque => R2 | cheque",
        "wallet => R3 | wallet",
        "transfer => R4 | bank_direct",
    ),
)

KIND = Kind(
    name="routing",
    title=Text("Channel and account", "支付渠道与账户"),
    about=Text(
        "Decides the channel, the bank and whose account a document uses. Routing comes before "
        "approval: what is approved covers channel and account. Collection accounts only receive "
        "and disbursement accounts pay, whatever a row says: that barrier is in code. When no "
        "account fits the route, the document waits. Our bank is `same` (the counterparty's own), "
        "a bank's id, or none in particular.",
        "决定单据走哪个渠道、哪家银行、哪个机构的账户。路由先于审批：审批的内容包含渠道与账户。"
        "收入户只收、支出户只付，由程序把关，规则不能改变。没有合适账户时单据等待。"
        "我方银行可写 same（与对方同行）、银行代码，或不限。",
    ),
    facts={"payment": PaymentToRoute, "collection": CollectionToRoute},
    outputs={
        "channel": OutputSpec(Type.CODE, Text("channel", "渠道"), CHANNELS, required=True),
        "account_nature": OutputSpec(
            Type.CODE, Text("nature of our account", "我方账户性质"), NATURES
        ),
        "account_of": OutputSpec(
            Type.CODE,
            Text("account of", "用哪家机构的账户"),
            {
                "own": Text("the document's organisation only", "仅本机构"),
                "nearest": Text(
                    "the nearest organisation upwards that has one", "自下而上最近的有户机构"
                ),
                "head_office": Text("head office", "总公司"),
            },
        ),
        "bank": OutputSpec(
            Type.CODE,
            Text("our bank", "我方银行"),
            offers={"same": Text("the counterparty's own", "与对方同行")},
        ),
        "after_cutoff": OutputSpec(
            Type.CODE,
            Text("after cut-off", "过截止时间"),
            {
                "same_day": Text("still sent the same day", "当日照发"),
                "next_day": Text("sent on the next business day", "下一营业日发送"),
            },
        ),
    },
    outcome=Route,
    hit_policies=frozenset({HitPolicy.FIRST, HitPolicy.UNIQUE, HitPolicy.PRIORITY}),
    starters={ANY_SUBJECT: _STARTER},
)
