"""A statement line as evidence: what a state of an attempt rests on."""

from __future__ import annotations

from engine.runtime.jsontypes import canonical_json
from engine.treasury.arrivals.items import OpenLine


def line_evidence(line: OpenLine) -> str:
    """The line as the bank wrote it, as JSON; the amount in minor units."""
    return canonical_json(
        {
            "statement_line": line.id,
            "booking_date": line.booking_date.isoformat(),
            "amount": line.amount,
            "direction": line.direction,
            "bank_reference": line.bank_reference,
            "our_reference": line.our_reference,
            "return_reason": line.return_reason,
        }
    )
