"""The states of a document and the only transitions there are (SEMANTICS §6)."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """States of a payment or collection document."""

    DRAFT = "DRAFT"
    VALIDATED = "VALIDATED"
    BATCHED = "BATCHED"
    IN_APPROVAL = "IN_APPROVAL"
    REJECTED = "REJECTED"
    UNPAID = "UNPAID"
    SENDING = "SENDING"
    PROCESSING = "PROCESSING"
    UNKNOWN = "UNKNOWN"
    PAID = "PAID"
    FAILED = "FAILED"
    CONFIRMED = "CONFIRMED"
    RETURNED = "RETURNED"
    BOUNCED = "BOUNCED"
    VOID = "VOID"


S = State
TRANSITIONS: dict[State, frozenset[State]] = {
    S.DRAFT: frozenset({S.VALIDATED, S.RETURNED, S.VOID}),
    S.VALIDATED: frozenset({S.BATCHED, S.RETURNED, S.VOID}),
    S.BATCHED: frozenset({S.IN_APPROVAL, S.UNPAID, S.RETURNED, S.VOID}),
    S.IN_APPROVAL: frozenset({S.UNPAID, S.REJECTED, S.BATCHED}),
    S.REJECTED: frozenset({S.IN_APPROVAL, S.VOID}),
    S.UNPAID: frozenset({S.SENDING, S.BATCHED, S.RETURNED, S.VOID}),
    S.SENDING: frozenset({S.PROCESSING, S.UNKNOWN, S.PAID, S.FAILED}),
    S.PROCESSING: frozenset({S.UNKNOWN, S.PAID, S.FAILED}),
    S.UNKNOWN: frozenset({S.PROCESSING, S.PAID, S.FAILED}),
    S.PAID: frozenset({S.CONFIRMED, S.BOUNCED}),
    S.FAILED: frozenset({S.UNPAID, S.PAID, S.RETURNED, S.VOID}),
    S.CONFIRMED: frozenset({S.BOUNCED, S.PAID, S.UNPAID}),
    S.RETURNED: frozenset(),
    S.BOUNCED: frozenset(),
    S.VOID: frozenset(),
}
"""FAILED -> PAID is a late success; CONFIRMED -> PAID undoes a wrong confirmation (dual control),
of cash it is CONFIRMED -> UNPAID: the cash is in the desk again;
IN_APPROVAL -> BATCHED and UNPAID -> BATCHED void the approvals when content or route changes."""

LIVE_EXCLUDED = frozenset({S.VOID, S.REJECTED, S.RETURNED, S.BOUNCED})
"""States that `live` windows do not count (a finally failed document is RETURNED), unless the
money left after all."""

DONE_FOR_THE_DAY = frozenset({S.CONFIRMED, S.RETURNED, S.REJECTED, S.BOUNCED, S.VOID})
"""States in which a document needs nothing more today."""
