"""Keeping the history: months whose decisions are not all in their file are written anew.

The decision log only grows, so a month is complete exactly when its file holds as many decisions
as the log. No cursor is kept that a transaction committing late could fall behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from engine.rulebook.history.extract import extract
from engine.rulebook.history.store import DECISIONS, HistoryFolder, Month, MonthFile


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


def status(session: Session, folder: HistoryFolder) -> list[Kept]:
    """Every month with decisions, by kind, subject and month."""
    files = {one.month: one for one in folder.files() if one.source == DECISIONS}
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
    """Write the months that are not complete (`anew`: all of them); each one as it is written.

    Doing it twice, or in two processes at once, gives the same files.
    """
    with folder.writing():
        found = status(session, folder)
        for one in found:
            if anew or not one.complete:
                table = extract(session, one.month)
                ids = table.column("decision_id")
                last = int(ids[-1].as_py()) if len(ids) else 0
                folder.write(one.month, table, last=last)
                yield one.month
        months = {one.month for one in found}
        for file in folder.files():
            if file.source == DECISIONS and file.month not in months:
                folder.remove(file)
