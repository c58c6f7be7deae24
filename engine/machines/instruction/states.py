"""States of an attempt to move money, the only transitions there are, and a batch's state."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class AttemptState(StrEnum):
    """Where one attempt stands (SEMANTICS §6)."""

    READY = "READY"
    """In a payment batch that has not left."""
    WITHDRAWN = "WITHDRAWN"
    """Taken out of the batch before it left; nothing was sent. Final."""
    SENDING = "SENDING"
    """Committed before the first byte: from here on the bank may know of it."""
    PROCESSING = "PROCESSING"
    """The bank accepted it and has not finished."""
    UNKNOWN = "UNKNOWN"
    """Nobody here knows whether the bank has it. Never sent again; left only by evidence."""
    REVIEW = "REVIEW"
    """The bank does not know it after the finality horizon; two persons decide."""
    PAID = "PAID"
    """The bank says it is done."""
    FAILED = "FAILED"
    """Definitely not done: refused by the bank, not sent, or found not received."""
    LATE_SUCCESS = "LATE_SUCCESS"
    """Found paid after it had been called failed: an incident."""
    CONFIRMED = "CONFIRMED"
    """The statement shows it."""
    BOUNCED = "BOUNCED"
    """The money came back. Final."""


class BatchState(StrEnum):
    """State of a payment batch, derived from its attempts, never stored."""

    READY = "READY"
    WITHDRAWN = "WITHDRAWN"
    SENDING = "SENDING"
    PROCESSING = "PROCESSING"
    UNKNOWN = "UNKNOWN"
    REVIEW = "REVIEW"
    PARTIAL = "PARTIAL"
    PAID = "PAID"
    FAILED = "FAILED"
    CONFIRMED = "CONFIRMED"


A = AttemptState
TRANSITIONS: dict[AttemptState, frozenset[AttemptState]] = {
    A.READY: frozenset({A.SENDING, A.WITHDRAWN}),
    A.WITHDRAWN: frozenset(),
    A.SENDING: frozenset({A.PROCESSING, A.UNKNOWN, A.PAID, A.FAILED}),
    A.PROCESSING: frozenset({A.UNKNOWN, A.PAID, A.FAILED}),
    A.UNKNOWN: frozenset({A.PROCESSING, A.PAID, A.FAILED, A.REVIEW}),
    A.REVIEW: frozenset({A.PROCESSING, A.PAID, A.FAILED}),
    A.PAID: frozenset({A.CONFIRMED, A.BOUNCED}),
    A.FAILED: frozenset({A.LATE_SUCCESS}),
    A.LATE_SUCCESS: frozenset({A.BOUNCED}),
    A.CONFIRMED: frozenset({A.BOUNCED, A.PAID}),
    A.BOUNCED: frozenset(),
}
"""Held in the database too (trigger of migration 0008; a test compares the two)."""

LIVE = frozenset({A.READY, A.SENDING, A.PROCESSING, A.UNKNOWN, A.REVIEW, A.PAID, A.CONFIRMED})
"""At most one attempt of a document may be in one of these (partial unique index)."""

OPEN = frozenset({A.SENDING, A.PROCESSING, A.UNKNOWN})
"""The bank has still to say what became of it: keep asking."""


def derive_batch_state(states: Iterable[AttemptState]) -> BatchState:
    """State of a batch whose attempts stand in `states`; withdrawn items do not count.

    Any UNKNOWN makes it UNKNOWN, then REVIEW, then what is still under way; several final
    states make it PARTIAL (SEMANTICS §6).
    """
    present = set(states) - {A.WITHDRAWN}
    if not present:
        return BatchState.WITHDRAWN
    for first in (A.UNKNOWN, A.REVIEW, A.SENDING, A.READY, A.PROCESSING):
        if first in present:
            return BatchState(first.value)
    if present == {A.CONFIRMED}:
        return BatchState.CONFIRMED
    if present <= {A.PAID, A.CONFIRMED}:
        return BatchState.PAID
    if present == {A.FAILED}:
        return BatchState.FAILED
    return BatchState.PARTIAL
