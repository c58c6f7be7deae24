"""Approval: who must agree, in which order, within which time."""

from __future__ import annotations

from dataclasses import dataclass

from engine.base.collector import Collector
from engine.base.findings import Finding
from engine.base.text import Text
from engine.rules.kind import ANY_SUBJECT, Kind, OutputSpec, Starter
from engine.rules.model import Duration, HitPolicy, Literal, Ruleset, Type
from engine.rules.roles import NEVER_APPROVE, ROLES
from engine.rules.suggest import remedy

_REVIEWERS = {role: label for role, label in ROLES.items() if role not in NEVER_APPROVE}


@dataclass(frozen=True, slots=True)
class PaymentToApprove:
    """A routed payment and what the alerts said about it. Amounts in base-currency minor units."""

    amount: int
    batch_total: int
    currency: str
    business_type: str
    creditor_type: str
    urgency: str
    channel: str
    org_level: str
    extra_approver: bool
    duplicate: bool


@dataclass(frozen=True, slots=True)
class CollectionToApprove:
    """A routed collection. Amounts in base-currency minor units."""

    amount: int
    batch_total: int
    currency: str
    business_type: str
    urgency: str
    channel: str
    org_level: str
    extra_approver: bool
    duplicate: bool


@dataclass(frozen=True, slots=True)
class Route:
    """Roles in order, and how long each step may take."""

    approvers: tuple[str, ...]
    sla: Duration | None = None


def _roles_can_approve(ruleset: Ruleset) -> list[Finding]:
    """Roles that execute never approve; a role nobody knows would block every document."""
    names = [column.name for column in ruleset.table.outputs]
    if "approvers" not in names:
        return []
    at = names.index("approvers")
    out = Collector(ruleset.file)
    for row in ruleset.table.rows:
        output = row.outputs[at]
        if not isinstance(output, Literal) or not isinstance(output.value, tuple):
            continue
        for role in output.value:
            if role in NEVER_APPROVE:
                out.add(
                    "K301",
                    output.span,
                    Text(
                        f"row {row.id}: a {role} executes and therefore approves nothing",
                        f"行 {row.id}：{ROLES[role].zh}负责执行，不得审批",
                    ),
                    Text("name a role that reviews", "请改为有复核职责的角色"),
                )
            elif role not in ROLES:
                out.warn(
                    "K302",
                    output.span,
                    Text(
                        f"row {row.id}: {role!r} is no role that is known, and where nobody holds "
                        "it documents are blocked",
                        f"行 {row.id}：未知角色 {role!r}，无人任职时单据将被阻塞",
                    ),
                    remedy(role, _REVIEWERS),
                )
    return out.findings


_STARTER = Starter(
    envelope=("params: {large: 50万}", "adjustable: {large: down}", "hit_policy: unique"),
    rules=(
        "id | amount | extra_approver => approvers | sla | basis",
        "A1 | < $large | false => reviewer | 8h | -",
        "A2 | >= $large | false => reviewer > finance_manager | 24h | -",
        "A3 | - | true => reviewer > finance_manager > treasurer | 24h | -",
    ),
    examples=(
        "amount | extra_approver => id | approvers",
        "1 | false => A1 | reviewer",
        "50万 | false => A2 | reviewer > finance_manager",
        "1 | true => A3 | reviewer > finance_manager > treasurer",
    ),
)

KIND = Kind(
    name="approval",
    title=Text("Approval", "审批"),
    about=Text(
        "Decides which roles must approve a document, in which order. Each step goes to the "
        "nearest holder of the role, from the document's organisation upwards; several rows that "
        "match are merged, each role once, by rank. Nobody to approve means blocked, never "
        "passed. That one person never approves twice, nor what he made, is in the database.",
        "决定单据须经哪些角色、按何顺序审批。每一步交给自本机构向上最近的任职人；多行命中时按职级合并，"
        "每个角色一次。无人可批即阻塞，绝不放行。同一人不得重复审批、不得审批自己经办的单据，由数据库把关。",
    ),
    facts={"payment": PaymentToApprove, "collection": CollectionToApprove},
    outputs={
        "approvers": OutputSpec(
            Type.CHAIN, Text("approvers", "审批链"), required=True, offers=_REVIEWERS
        ),
        "sla": OutputSpec(Type.DURATION, Text("time for a step", "每步时限")),
    },
    outcome=Route,
    hit_policies=frozenset(
        {
            HitPolicy.UNIQUE,
            HitPolicy.FIRST,
            HitPolicy.ANY,
            HitPolicy.COLLECT,
            HitPolicy.RULE_ORDER,
        }
    ),
    checks=(_roles_can_approve,),
    starters={ANY_SUBJECT: _STARTER},
)
