"""What an account may do, in code and not in rules: no ruleset can lift these barriers.

Frozen and closed accounts do nothing. Collection accounts only receive (and are swept),
disbursement accounts only pay, basic accounts do both; guarantee deposits, special-purpose and
separate accounts take no part in payments. Money crosses legal entities only where the master
data allow that pair.
"""

from __future__ import annotations

from typing import Literal

from engine.base.text import Text
from engine.treasury.accounts.errors import AccountError
from engine.treasury.accounts.models import BankAccount

Direction = Literal["pay", "collect"]

NATURES_FOR: dict[str, frozenset[str]] = {
    "pay": frozenset({"disbursement", "basic"}),
    "collect": frozenset({"collection", "basic"}),
}
"""Direction of a document -> natures that may serve it."""

_STATES = {"frozen": Text("frozen", "已冻结"), "closed": Text("closed", "已销户")}


def state_refusal(account: BankAccount) -> AccountError | None:
    """ACCOUNT_FROZEN or ACCOUNT_CLOSED; None for an active account."""
    if account.state == "active":
        return None
    said = _STATES[account.state]
    return AccountError(
        f"ACCOUNT_{account.state.upper()}",
        Text(
            f"account {account.number} is {said.en}: nothing moves; use another account",
            f"账户 {account.number} {said.zh},不得办理任何业务;请使用其他账户",
        ),
    )


def refusal(account: BankAccount, direction: Direction) -> AccountError | None:
    """Why the account may not pay or collect, None when it may."""
    found = state_refusal(account)
    if found is not None:
        return found
    if account.nature in NATURES_FOR[direction]:
        return None
    doing = Text("pay", "付款") if direction == "pay" else Text("collect", "收款")
    return AccountError(
        "NATURE_BARRED",
        Text(
            f"account {account.number} is a {account.nature} account and may not {doing.en}; "
            f"use one of: {', '.join(sorted(NATURES_FOR[direction]))}",
            f"账户 {account.number} 的性质({account.nature})不允许{doing.zh};"
            f"可用性质:{', '.join(sorted(NATURES_FOR[direction]))}",
        ),
    )
