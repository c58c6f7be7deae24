"""Arrival confirmation: statement lines prove payments, collections, returns and fees."""

from engine.treasury.arrivals.by_hand import confirm_proposal
from engine.treasury.arrivals.confirming import Run, Services, confirm_account
from engine.treasury.arrivals.errors import ArrivalError
from engine.treasury.arrivals.handling import register
from engine.treasury.arrivals.items import NO_WORDS, OpenLine, open_lines
from engine.treasury.arrivals.proposals import Choice, proposals
from engine.treasury.arrivals.reversals import (
    MAX_PROOF,
    OpenReversal,
    Proof,
    decide_reversal,
    open_reversals,
    proof_of,
    propose_reversal,
)

__all__ = [
    "MAX_PROOF",
    "NO_WORDS",
    "ArrivalError",
    "Choice",
    "OpenLine",
    "OpenReversal",
    "Proof",
    "Run",
    "Services",
    "confirm_account",
    "confirm_proposal",
    "decide_reversal",
    "open_lines",
    "open_reversals",
    "proof_of",
    "proposals",
    "propose_reversal",
    "register",
]
