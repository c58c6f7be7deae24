"""Approval: who must agree, in which order, within which time."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from engine.base.text import Text
from engine.rules.findings import Finding, Severity
from engine.rules.kind import Kind, OutputSpec
from engine.rules.model import Duration, HitPolicy, Literal, Ruleset, Type
from engine.rules.roles import NEVER_APPROVE, ROLES


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
    found = []
    for row in ruleset.table.rows:
        output = row.outputs[at]
        if not isinstance(output, Literal) or not isinstance(output.value, tuple):
            continue
        for role in output.value:
            if role in NEVER_APPROVE:
                found.append(
                    Finding(
                        "K301",
                        Severity.ERROR,
                        ruleset.file,
                        output.span,
                        Text(
                            f"row {row.id}: a {role} executes and therefore approves nothing",
                            f"行 {row.id}:{ROLES[role].zh}负责执行,不得审批",
                        ),
                        Text("name a role that reviews", "请改为有复核职责的角色"),
                    )
                )
            elif role not in ROLES:
                near = difflib.get_close_matches(role, ROLES, 1)
                hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(ROLES)}"
                rat = f"是否指 {near[0]!r}?" if near else f"已知角色:{', '.join(ROLES)}"
                found.append(
                    Finding(
                        "K302",
                        Severity.WARNING,
                        ruleset.file,
                        output.span,
                        Text(
                            f"row {row.id}: nobody is known to hold the role {role!r}; "
                            "its documents would be blocked",
                            f"行 {row.id}:没有人担任角色 {role!r},单据将被阻塞",
                        ),
                        Text(hint, rat),
                    )
                )
    return found


KIND = Kind(
    name="approval",
    title=Text("Approval", "审批"),
    about=Text(
        "Decides which roles must approve a document, in which order. Each step goes to the "
        "nearest holder of the role, from the document's organisation upwards; several rows that "
        "match are merged, each role once, by rank. Nobody to approve means blocked, never "
        "passed. That one person never approves twice, nor what he made, is in the database.",
        "决定单据须经哪些角色、按何顺序审批。每一步交给自本机构向上最近的任职人;多行命中时按职级合并,"
        "每个角色一次。无人可批即阻塞,绝不放行。同一人不得重复审批、不得审批自己经办的单据,由数据库把关。",
    ),
    facts={"payment": PaymentToApprove, "collection": CollectionToApprove},
    outputs={
        "approvers": OutputSpec(Type.CHAIN, Text("approvers", "审批链"), required=True),
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
)
