"""Keeping the history: what was committed since the last run is added to the files of its months.

Decisions carry the transaction that wrote them. What is below the oldest transaction still running
is complete; the cursor stands there, so that a decision committed late is found by the next run.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from sqlmodel import Session

from engine.rulebook.history.extract import extract, settled
from engine.rulebook.history.store import (
    DECISIONS,
    HistoryError,
    HistoryFolder,
    Month,
    MonthFile,
    read_file,
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A month in the log and on disk."""

    month: Month
    logged: int
    """Decisions in the log."""
    file: MonthFile | None

    @property
    def complete(self) -> bool:
        """Whether the file holds them all."""
        return self.file is not None and self.file.decisions == self.logged


@dataclass(frozen=True, slots=True)
class _Cursor:
    """Up to where the log is in the files (transactions below `xact`), and the months it has."""

    xact: int
    months: frozenset[Month]


def status(session: Session, folder: HistoryFolder) -> list[Kept]:
    """Every month with decisions, by kind, subject and month: counts the whole log."""
    files = _files(folder)
    rows = session.execute(
        sa.text(
            "SELECT kind, subject, date_trunc('month', business_date)::date AS first, "
            "count(*) AS decisions FROM decision GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
        )
    )
    return [
        Kept(month, row.decisions, files.get(month))
        for row in rows
        if (month := Month(row.kind, row.subject, row.first))
    ]


def update(session: Session, folder: HistoryFolder, *, anew: bool = False) -> Iterator[Month]:
    """Add what the files lack (`anew`: write all of them); each month as it is written.

    Doing it twice, or in two processes at once, gives the same files, and so does `anew`.
    """
    with folder.writing():
        # Taken before anything is read: what commits meanwhile is read again by the next run.
        oldest = int(
            session.execute(
                sa.text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
            ).scalar_one()
        )
        before = None if anew else _read_cursor(folder)
        if before is not None and before.xact > oldest:
            before = None  # another database, or an older copy of this one
        since = 0 if before is None else before.xact
        found = _months(session, since)
        files = {} if before is None else _files(folder)
        known = found if before is None else found | before.months
        for month in sorted(known):
            file = files.get(month)
            if file is None or month in found:
                table = _whole(session, month, file, since)
                if file is None or table.num_rows != file.decisions:
                    folder.write(month, table, last=_last(table))
                    yield month
        for month, file in _files(folder).items():
            if month not in known:
                folder.remove(file)
        _write_cursor(folder, _Cursor(oldest, frozenset(known)))


def _whole(session: Session, month: Month, file: MonthFile | None, since: int) -> pa.Table:
    """A month with what was decided since; all of it where the file cannot be added to."""
    if file is not None:
        try:
            old, new = read_file(file), extract(session, month, since=since)
        except HistoryError:
            return extract(session, month)
        both = _added(old, new)
        if both is not None:
            return both
    return extract(session, month)


def _added(old: pa.Table, new: pa.Table) -> pa.Table | None:
    """`new` beside `old` by decision id; None when their columns do not mean the same."""
    old = old.replace_schema_metadata(None)
    if not new.schema.equals(old.schema, check_metadata=True):
        return None
    have = old.column("decision_id").combine_chunks()
    fresh = new.filter(pc.invert(pc.is_in(new.column("decision_id"), value_set=have)))
    if not fresh.num_rows:
        return old
    both = pa.concat_tables([old, fresh])
    return settled(both.take(pc.sort_indices(both.column("decision_id"))))


def _months(session: Session, since: int) -> frozenset[Month]:
    rows = session.execute(
        sa.text(
            "SELECT DISTINCT kind, subject, date_trunc('month', business_date)::date AS first "
            "FROM decision WHERE xact >= :since"
        ),
        {"since": since},
    )
    return frozenset(Month(row.kind, row.subject, row.first) for row in rows)


def _files(folder: HistoryFolder) -> dict[Month, MonthFile]:
    return {one.month: one for one in folder.files() if one.source == DECISIONS}


def _last(table: pa.Table) -> int:
    ids = table.column("decision_id")
    return int(ids[-1].as_py()) if len(ids) else 0


def _read_cursor(folder: HistoryFolder) -> _Cursor | None:
    """The cursor; None when there is none, or none that can be read: then all is written."""
    try:
        found = json.loads(folder.cursor.read_text("utf-8"))
        months = (
            Month(str(kind), str(subject), dt.date.fromisoformat(first))
            for kind, subject, first in found["months"]
        )
        return _Cursor(int(found["xact"]), frozenset(months))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write_cursor(folder: HistoryFolder, cursor: _Cursor) -> None:
    months = [[one.kind, one.subject, one.first.isoformat()] for one in sorted(cursor.months)]
    fresh = folder.cursor.with_suffix(".tmp")
    fresh.write_text(json.dumps({"xact": cursor.xact, "months": months}), "utf-8")
    fresh.replace(folder.cursor)
