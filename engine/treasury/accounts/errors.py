"""What accounts refuse, in words."""

from __future__ import annotations

from engine.base.text import SluiceError, Text


class AccountError(SluiceError):
    """An account that cannot do what was asked of it."""


def account_unknown(which: str) -> AccountError:
    """No such account."""
    return AccountError(
        "ACCOUNT_UNKNOWN",
        Text(
            f"there is no bank account {which}; check bank and number",
            f"银行账户 {which} 不存在;请核对开户行与账号",
        ),
    )
