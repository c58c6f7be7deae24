"""Alerts: what about documents, balances, statement lines and unclear payments deserves eyes."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from engine.base import message_folders
from engine.base.collector import Collector
from engine.base.findings import Finding
from engine.base.text import Text
from engine.rules.kind import Kind, OutputSpec
from engine.rules.model import Duration, HitPolicy, Literal, NullOutput, Ruleset, Type
from engine.rules.roles import ROLES
from engine.rules.suggest import remedy


@dataclass(frozen=True, slots=True)
class PaymentToWatch:
    """A checked payment. `amount` in minor units of the base currency."""

    amount: int
    currency: str
    business_type: str
    business_reference: str | None
    creditor_type: str
    creditor_name: str | None
    creditor_account: str | None
    payment_method: str
    urgency: str
    org_level: str


@dataclass(frozen=True, slots=True)
class CollectionToWatch:
    """A checked collection. `amount` in minor units of the base currency."""

    amount: int
    currency: str
    business_type: str
    business_reference: str | None
    debtor_name: str | None
    debtor_account: str | None
    payment_method: str
    urgency: str
    org_level: str


@dataclass(frozen=True, slots=True)
class BalanceToWatch:
    """A balance the bank reported. Minor units of the account's currency."""

    balance: int
    available_balance: int
    balance_change: Decimal | None
    """Against the last report of an earlier day; null without one, or when it was zero."""
    currency: str
    account_nature: str
    account_state: str
    bank: str
    org_level: str
    statement_age: int | None
    """Days since the last statement taken in; null before the first."""


@dataclass(frozen=True, slots=True)
class StatementLineToWatch:
    """A new line of a statement. `amount` in minor units of the account's currency."""

    amount: int
    currency: str
    entry_direction: str
    counterparty_name: str | None
    counterparty_account: str | None
    remittance: str | None
    own_reference: bool
    returned: bool
    days_late: int
    times_booked: int | None
    """How often the payment it names was booked this way, this entry included; null: names none."""
    account_nature: str
    bank: str
    org_level: str


@dataclass(frozen=True, slots=True)
class UnknownPaymentToWatch:
    """An attempt nobody knows the outcome of. `amount` in minor units of its currency."""

    amount: int
    currency: str
    direction: str
    business_type: str
    urgency: str
    channel: str
    bank: str
    org_level: str
    age: Duration
    """0, 15 minutes, 1, 4 hours, 1, 3, 7 days: told once at each step."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert: how grave, what happens to the document, who hears of it and how."""

    severity: str
    action: str
    notify: tuple[str, ...] | None = None
    channel: tuple[str, ...] | None = None
    template: str | None = None
    message_en: str | None = None
    message_zh: str | None = None


def _check_telling(ruleset: Ruleset) -> list[Finding]:
    """Templates that are there, and somebody to tell where something goes out."""
    columns = {column.name: at for at, column in enumerate(ruleset.table.outputs)}
    known = message_folders.names()
    out = Collector(ruleset.file)
    for row in ruleset.table.rows:
        cells = {name: row.outputs[at] for name, at in columns.items()}
        template, channel = cells.get("template"), cells.get("channel")
        if isinstance(template, Literal) and template.value not in known:
            name = str(template.value)
            out.warn(
                "K601",
                template.span,
                Text(
                    f"row {row.id}: there is no notification template {name!r}; the standard "
                    "one is sent instead",
                    f"行 {row.id}：没有通知模板 {name!r}，将改用通用模板",
                ),
                remedy(name, known),
            )
        if not isinstance(channel, Literal) or not isinstance(channel.value, tuple):
            continue
        if set(channel.value) - {"page"} and isinstance(
            cells.get("notify", NullOutput()), NullOutput
        ):
            out.warn(
                "K602",
                channel.span,
                Text(
                    f"row {row.id}: an e-mail or SMS goes out, and no role is named to get it",
                    f"行 {row.id}：需发送邮件或短信，但未指定通知角色",
                ),
                Text("name roles under `notify`", "请在 notify 中填写角色"),
            )
    return out.findings


KIND = Kind(
    name="alerts",
    title=Text("Alerts", "预警"),
    about=Text(
        "Decides what raises an alert: documents (suspected duplicates, large amounts, split "
        "payments), balances, statement lines, and payments of unknown outcome. Windows over "
        "earlier documents are written under `derive`, for documents only. An alert can only "
        "inform, add an approver, or hold the document until somebody releases it.",
        "决定哪些情况触发预警：单据（疑似重复、大额、拆分支付）、账户余额、账户明细、结果未知的支付。"
        "对历史单据的统计写在 derive 下，仅用于单据。"
        "预警只能提示、增加审批人，或扣住单据待人放行。",
    ),
    facts={
        "payment": PaymentToWatch,
        "collection": CollectionToWatch,
        "balance": BalanceToWatch,
        "statement_line": StatementLineToWatch,
        "unknown_payment": UnknownPaymentToWatch,
    },
    outputs={
        "severity": OutputSpec(
            Type.CODE,
            Text("severity", "级别"),
            {"low": Text("low", "低"), "medium": Text("medium", "中"), "high": Text("high", "高")},
            required=True,
        ),
        "action": OutputSpec(
            Type.CODE,
            Text("action", "处置"),
            {
                "hint": Text("inform only", "仅提示"),
                "extra_approver": Text("one more approver", "增加审批人"),
                "hold": Text("hold until released", "扣住待放行"),
            },
            required=True,
        ),
        "notify": OutputSpec(Type.LIST, Text("notify", "通知角色"), offers=ROLES),
        "channel": OutputSpec(
            Type.LIST,
            Text("by", "通知方式"),
            {
                "page": Text("page", "页面"),
                "email": Text("e-mail", "邮件"),
                "sms": Text("SMS", "短信"),
            },
        ),
        "template": OutputSpec(Type.CODE, Text("message template", "消息模板")),
        "message_en": OutputSpec(Type.TEXT, Text("message in English", "英文消息")),
        "message_zh": OutputSpec(Type.TEXT, Text("message in Chinese", "中文消息")),
    },
    outcome=Alert,
    hit_policies=frozenset({HitPolicy.COLLECT, HitPolicy.RULE_ORDER}),
    checks=(_check_telling,),
)
