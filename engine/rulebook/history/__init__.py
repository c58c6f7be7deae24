"""Decision history as Parquet beside the database: what previews are made on.

folder = HistoryFolder(workspace.folder / "history")
for month in update(session, folder): ...              # months that lack decisions
loaded = LoadedHistories(folder).since("approval", "payment", since("live:90d", today))
found = preview_draft(valid_draft(session, pinned, file, text, on=today), loaded)
"""

from engine.rulebook.history.hits import row_hits
from engine.rulebook.history.job import KEEP, Keeper, register
from engine.rulebook.history.keeping import Kept, status, update
from engine.rulebook.history.loaded import LoadedHistories, LoadedHistory
from engine.rulebook.history.made_up import write_made_up
from engine.rulebook.history.period import PeriodHits
from engine.rulebook.history.previews import (
    Draft,
    DraftErrors,
    days_of,
    in_place,
    live_world,
    preview_draft,
    since,
    valid_draft,
)
from engine.rulebook.history.store import HistoryError, HistoryFolder, Month, MonthFile
from engine.rulebook.history.warming import Warmer

__all__ = [
    "KEEP",
    "Draft",
    "DraftErrors",
    "HistoryError",
    "HistoryFolder",
    "Keeper",
    "Kept",
    "LoadedHistories",
    "LoadedHistory",
    "Month",
    "MonthFile",
    "PeriodHits",
    "Warmer",
    "days_of",
    "in_place",
    "live_world",
    "preview_draft",
    "register",
    "row_hits",
    "since",
    "status",
    "update",
    "valid_draft",
    "write_made_up",
]
