"""Cash: a desk per organisation and currency, its journal, and what is paid and received there."""

from engine.treasury.cash.confirming import confirm
from engine.treasury.cash.desks import Desk, Entry, desks, ensure_desk, journal

__all__ = ["Desk", "Entry", "confirm", "desks", "ensure_desk", "journal"]
