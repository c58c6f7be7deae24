"""Arrival confirmation: statement lines prove payments, collections, returns and fees."""

from engine.treasury.arrivals.by_hand import ArrivalError, confirm_proposal, unmatch
from engine.treasury.arrivals.confirming import Run, Services, confirm_account
from engine.treasury.arrivals.handling import register
from engine.treasury.arrivals.items import OpenLine, open_lines
from engine.treasury.arrivals.proposals import Choice, proposals

__all__ = [
    "ArrivalError",
    "Choice",
    "OpenLine",
    "Run",
    "Services",
    "confirm_account",
    "confirm_proposal",
    "open_lines",
    "proposals",
    "register",
    "unmatch",
]
