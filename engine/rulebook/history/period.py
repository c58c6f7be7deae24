"""What the last days of decision history say of a ruleset's rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from engine.rules.preview.hits import RowCounts


@dataclass(frozen=True, slots=True)
class PeriodHits:
    """The documents of some days as a ruleset decides them today, and as it did decide them."""

    days: int
    since: dt.date
    """The first business date that counts."""
    counts: RowCounts
    made_up: int
    """How many of the documents are a demo's and were never decided."""
    elsewhere: int
    """Documents of organisations the user may see that another ruleset decides."""
    recorded: int
    """Documents whose last decision in the log was made by this very version."""
    recorded_rows: Mapping[str, int]
    """Row id -> those documents, by the row that was recorded."""

    @property
    def never_hit(self) -> tuple[str, ...]:
        """Rows that decide no document; empty where there are no documents to tell by."""
        if not self.counts.documents:
            return ()
        return tuple(row for row, count in self.counts.rows.items() if not count)
