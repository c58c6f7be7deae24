"""Cash: a desk per organisation and currency, its journal, and what is paid and received there."""

from engine.treasury.cash.confirming import confirm
from engine.treasury.cash.desks import Desk, Entry, desks, ensure_desk, journal
from engine.treasury.cash.undoing import CashReversal, decide, open_reversals, propose

__all__ = [
    "CashReversal",
    "Desk",
    "Entry",
    "confirm",
    "decide",
    "desks",
    "ensure_desk",
    "journal",
    "open_reversals",
    "propose",
]
