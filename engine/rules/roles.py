"""The roles of treasury staff that rulesets name, with labels, in order of rank.

Which person holds which role, for which organisation, is the group's own data. A role a ruleset
names that nobody holds blocks the matter; it never lets it pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.base.text import Text

ROLES: Mapping[str, Text] = {
    "cashier": Text("cashier", "出纳"),
    "operator": Text("operator", "运维人员"),
    "analyst": Text("rule analyst", "规则分析师"),
    "audit": Text("auditor", "审计人员"),
    "reviewer": Text("reviewer", "复核"),
    "finance_manager": Text("finance manager", "财务经理"),
    "treasurer": Text("treasurer", "资金主管"),
    "cfo": Text("chief financial officer", "财务总监"),
    "audit_committee": Text("audit committee", "审计委员会"),
}
"""Role -> label, lowest rank first."""

NEVER_APPROVE = frozenset({"cashier", "operator", "analyst"})
"""Roles that execute or write rules and therefore approve nothing (不相容职务)."""

_RANK = {role: rank for rank, role in enumerate(ROLES)}


def merge_chains(chains: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Merge approval chains of several hits: each role once, lowest rank first.

    Roles that are not in ROLES come last, in the order in which they were first named.
    """
    named = dict.fromkeys(role for chain in chains for role in chain)
    return tuple(sorted(named, key=lambda role: _RANK.get(role, len(_RANK))))
