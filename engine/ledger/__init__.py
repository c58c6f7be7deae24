"""Double entry in PostgreSQL: accounts, vouchers, balances."""

from engine.ledger.accounts import ensure_account
from engine.ledger.balances import (
    Balance,
    TrialBalanceRow,
    balances,
    is_balanced,
    trial_balance,
)
from engine.ledger.drafts import LedgerError, LineDraft, VoucherDraft
from engine.ledger.models import GlAccount, Voucher, VoucherLine
from engine.ledger.posting import lines_of, post, post_all, reverse

__all__ = [
    "Balance",
    "GlAccount",
    "LedgerError",
    "LineDraft",
    "TrialBalanceRow",
    "Voucher",
    "VoucherDraft",
    "VoucherLine",
    "balances",
    "ensure_account",
    "is_balanced",
    "lines_of",
    "post",
    "post_all",
    "reverse",
    "trial_balance",
]
