"""Banks in daily use: what persons set of them while the product runs, and what that stops.

set_parameter(session, user_id, Change(...), now)     # permission banks.manage, reason, audit
BankGate(session, now).refusal(payment)               # why a payment must not leave now
"""

from engine.treasury.banks.changing import BankSettingError, Change, set_parameter
from engine.treasury.banks.gate import BankGate, Leaving
from engine.treasury.banks.showing import BankView, ChannelView, bank_view, changes

__all__ = [
    "BankGate",
    "BankSettingError",
    "BankView",
    "Change",
    "ChannelView",
    "Leaving",
    "bank_view",
    "changes",
    "set_parameter",
]
