"""Which role may do what, and which duties one person never joins (不相容职务).

This table is the only place permissions come from. Rank and labels of the roles that rulesets
name are the rule language's (engine.rules.roles).
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Literal, get_args

from engine.base.text import Text
from engine.rules.roles import NEVER_APPROVE
from engine.rules.roles import ROLES as RULED_ROLES

Permission = Literal[
    "accounts.read",
    "alerts.handle",
    "alerts.read",
    "approvals.decide",
    "audit.read",
    "banks.manage",
    "delegations.give",
    "delegations.manage",
    "delegations.read",
    "documents.import",
    "documents.read",
    "documents.submit",
    "documents.void",
    "holds.release",
    "layouts.approve",
    "layouts.edit",
    "layouts.read",
    "operations.read",
    "operations.run",
    "payments.release",
    "statements.import",
    "statements.reconcile",
    "users.manage",
    "vouchers.read",
]
"""What is permitted by organisation alone."""
_KNOWN: Mapping[str, Permission] = {one: one for one in get_args(Permission)}


def known_permission(name: str) -> Permission:
    """The permission that a module below this one names as text. KeyError for none."""
    return _KNOWN[name]


RulePermission = Literal["rulesets.read", "rulesets.edit", "rulesets.approve", "rulesets.activate"]
"""What is permitted by organisation and kind of ruleset: see rule_grants."""
RULE_PERMISSIONS: tuple[RulePermission, ...] = get_args(RulePermission)

READ = frozenset({"documents.read", "accounts.read", "alerts.read", "vouchers.read"})
APPROVE = READ | {
    "approvals.decide",
    "delegations.give",
    "delegations.read",
    "holds.release",
    "alerts.handle",
    "rulesets.read",
}

PERMISSIONS: Mapping[str, frozenset[str]] = {
    "cashier": frozenset(
        {
            "documents.read",
            "documents.import",
            "documents.submit",
            "documents.void",
            "payments.release",
            "accounts.read",
            "statements.import",
            "alerts.read",
        }
    ),
    "operator": frozenset(
        {
            "operations.read",
            "operations.run",
            "documents.read",
            "accounts.read",
            "alerts.read",
            "alerts.handle",
            "rulesets.read",
            "rulesets.activate",
            "layouts.read",
            "layouts.edit",
        }
    ),
    "analyst": frozenset(
        {
            "rulesets.read",
            "rulesets.edit",
            "layouts.read",
            "layouts.edit",
            "documents.read",
            "accounts.read",
            "alerts.read",
        }
    ),
    "audit": READ
    | {"audit.read", "delegations.read", "rulesets.read", "layouts.read", "operations.read"},
    "accountant": READ
    | {
        "documents.import",
        "documents.submit",
        "documents.void",
        "statements.import",
        "statements.reconcile",
    },
    "reviewer": APPROVE,
    "finance_manager": APPROVE | {"documents.void", "layouts.read", "layouts.approve"},
    "treasurer": APPROVE
    | {
        "banks.manage",
        "documents.void",
        "layouts.read",
        "layouts.approve",
        "rulesets.approve",
        "rulesets.activate",
        "operations.read",
    },
    "cfo": APPROVE
    | {
        "rulesets.approve",
        "rulesets.activate",
        "layouts.read",
        "layouts.approve",
        "audit.read",
    },
    "audit_committee": APPROVE | {"audit.read"},
    "admin": frozenset(
        {
            "users.manage",
            "delegations.manage",
            "delegations.read",
            "audit.read",
            "operations.read",
            "rulesets.read",
        }
    ),
    "source": frozenset({"documents.submit", "documents.read"}),
}
"""Role -> what it may do, for the organisation of the grant and everything below."""

CONFLICTS: Mapping[frozenset[str], Text] = {
    frozenset({"approvals.decide", "payments.release"}): Text(
        "who pays out never approves", "出纳不得审批"
    ),
    frozenset({"approvals.decide", "operations.run"}): Text(
        "who runs the system never approves", "运维人员不得审批"
    ),
    frozenset({"approvals.decide", "rulesets.edit"}): Text(
        "who writes the rules never approves by them", "规则编写人不得审批"
    ),
    frozenset({"rulesets.edit", "rulesets.approve"}): Text(
        "who writes a rule never approves it", "规则编写人不得批准规则"
    ),
    frozenset({"banks.manage", "payments.release"}): Text(
        "who sets the limits of banks never pays out", "银行限额设置人不得付款"
    ),
    frozenset({"layouts.edit", "layouts.approve"}): Text(
        "who writes a layout never approves it", "布局编写人不得批准布局"
    ),
    frozenset({"payments.release", "statements.reconcile"}): Text(
        "who pays out never reconciles", "出纳不得对账"
    ),
    frozenset({"users.manage", "approvals.decide"}): Text(
        "who grants roles never approves", "用户管理员不得审批"
    ),
    frozenset({"users.manage", "payments.release"}): Text(
        "who grants roles never pays out", "用户管理员不得付款"
    ),
    frozenset({"users.manage", "documents.submit"}): Text(
        "who grants roles never makes documents", "用户管理员不得制单"
    ),
}
"""Two permissions that one person never joins, whatever the organisations. Making and approving
are not among them: that is judged per document, by the database."""

ROLES: Mapping[str, Text] = {
    **RULED_ROLES,
    "accountant": Text("accountant", "会计"),
    "admin": Text("user administrator", "用户管理员"),
    "source": Text("source system", "来源系统"),
}
"""Every role that can be granted -> label."""


def may_approve(role: str) -> bool:
    """Whether holders of `role` may take an approval step."""
    return role not in NEVER_APPROVE and "approvals.decide" in PERMISSIONS.get(role, frozenset())


def roles_with(permission: str) -> list[str]:
    """The roles that have `permission`."""
    return [role for role, allowed in PERMISSIONS.items() if permission in allowed]


def rules(role: str) -> frozenset[str]:
    """What `role` may do with rulesets."""
    return PERMISSIONS[role] & frozenset(RULE_PERMISSIONS)


def conflict(first: str, second: str) -> Text | None:
    """Why one person cannot hold both roles, or None when he can."""
    mine, other = PERMISSIONS[first], PERMISSIONS[second]
    for pair, why in CONFLICTS.items():
        one, two = sorted(pair)
        if (one in mine and two in other) or (two in mine and one in other):
            return why
    return None


def conflicting_roles() -> list[tuple[str, str]]:
    """All pairs of roles that one person cannot hold."""
    return [pair for pair in combinations(PERMISSIONS, 2) if conflict(*pair) is not None]
