"""The made-up history of a demo workspace: so that a preview there has something to show.

It stands in files of its own, called demo-…, and every answer that counts it says so. Nothing
writes it into a workspace that is no demo.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from engine.rulebook.history.sample import as_history, make_sample
from engine.rulebook.history.store import DEMO, HistoryFolder, Month

DOCUMENTS = 100_000
DAYS = 85
"""Some fewer than the 90 that are looked at, so that all of them still count a few days later."""
SEED = 1


def write_made_up(
    folder: HistoryFolder,
    paths: Sequence[tuple[str, ...]],
    *,
    last: dt.date,
    documents: int = DOCUMENTS,
) -> bool:
    """Write `documents` made-up payments of 85 days; False when there are some already."""
    with folder.writing():
        if any(one.source == DEMO for one in folder.files()):
            return False
        table = as_history(make_sample(documents, SEED, sorted(paths), last=last, days=DAYS))
        days = table.column("business_date")
        first = (last - dt.timedelta(days=DAYS - 1)).replace(day=1)
        while first <= last:
            month = Month("approval", "payment", first)
            inside = pc.and_(
                pc.greater_equal(days, pa.scalar(first)), pc.less(days, pa.scalar(month.after))
            )
            rows = table.filter(inside)
            if rows.num_rows:
                folder.write(month, rows, last=0, source=DEMO)
            first = month.after
    return True
