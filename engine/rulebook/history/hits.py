"""How often each row of a ruleset decides, over kept history.

The rows are asked today: the ruleset decides the documents of the last days where it would decide
now, with the parameters of their branches. So a version that is live since yesterday has counts as
well, and so has a draft. What was recorded under the version itself is told beside it.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engine.rulebook.history.loaded import LoadedHistories, LoadedHistory
from engine.rulebook.history.period import PeriodHits
from engine.rulebook.history.previews import Draft, branches_seen, since
from engine.rules.model import Ruleset
from engine.rules.preview.hits import Decided, branches_decided

USUAL = (30, 90)
"""Days that are counted unless others are named."""

Flags = npt.NDArray[np.bool_]


def row_hits(
    draft: Draft,
    histories: LoadedHistories,
    today: dt.date,
    *,
    days: Sequence[int] = USUAL,
    visible: Collection[str] | None = None,
) -> tuple[PeriodHits, ...]:
    """The hits of the draft's rows in the last `days`, one answer for each of them.

    Counted are the documents that the draft decides in the world with it; `visible`: only those of
    these organisations. Counts are kept as long as the history is the same. Raises HistoryError
    NO_HISTORY and HISTORY_RANGE, PreviewRefused NO_DOCUMENTS, HistoryRefused.
    """
    # The usual range is in memory already: shorter periods are a part of it.
    longest = max(*days, *USUAL)
    loaded = histories.since(
        draft.ruleset.kind, draft.ruleset.subject, since(f"live:{longest}d", today)
    )
    seen = branches_seen(loaded.documents, visible)
    decided = set(branches_decided(draft.new, draft.ruleset, loaded.documents)) & set(seen)
    chosen = sorted(decided)
    periods = {one: since(f"live:{one}d", today) for one in days}
    ruleset = draft.ruleset
    # The ruleset is kept with its counts, so that its id stays its own.
    key = (ruleset.hash, id(ruleset), tuple(chosen), tuple(seen), tuple(periods.items()))
    return loaded.counted.get(
        key, lambda: (ruleset, _counted(ruleset, loaded, chosen, seen, periods))
    )[1]


def _counted(
    ruleset: Ruleset,
    loaded: LoadedHistory,
    chosen: Sequence[int],
    seen: Sequence[int],
    periods: dict[int, dt.date],
) -> tuple[PeriodHits, ...]:
    documents, table = loaded.documents, loaded.history.table
    decided = Decided(ruleset, documents, chosen)
    mine, visible = (np.isin(documents.branch_at, one) for one in (chosen, seen))
    own = _decided_by(table, ruleset.hash) & visible
    made_up = _flags(pc.is_null(table.column("decision_id"))) & mine
    found = []
    for days, first in periods.items():
        inside = _flags(pc.greater_equal(table.column("business_date"), pa.scalar(first)))
        counts = decided.count(inside)
        recorded = _rows(table, own & inside)
        found.append(
            PeriodHits(
                days=days,
                since=first,
                counts=counts,
                made_up=int((made_up & inside).sum()),
                elsewhere=int((visible & inside).sum()) - counts.documents,
                recorded=int((own & inside).sum()),
                recorded_rows=recorded,
            )
        )
    return tuple(found)


def _decided_by(table: pa.Table, hash: str) -> Flags:
    if "ruleset_hash" not in table.column_names:
        return np.zeros(table.num_rows, dtype=bool)  # a demo's documents alone
    return _flags(pc.equal(table.column("ruleset_hash").cast(pa.string()), hash))


def _rows(table: pa.Table, among: Flags) -> dict[str, int]:
    """Row id -> documents, as recorded in the column `rows` ("A1, A2")."""
    found: Counter[str] = Counter()
    if among.any():
        for one in table.column("rows").filter(pa.array(among)).value_counts().to_pylist():
            for row in filter(None, (one["values"] or "").split(", ")):
                found[row] += int(one["counts"])
    return dict(found)


def _flags(column: pa.ChunkedArray) -> Flags:
    flags: Flags = pc.fill_null(column, False).to_numpy()
    return flags
