"""The history folder: history/<kind>/<subject>/<month>.parquet, each file replaced as a whole.

Decisions stand in `2026-11.parquet`, made-up documents of a demo in `demo-2026-11.parquet`: one
file never mixes them.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from engine.base.text import SluiceError, Text

FORMAT = 1
"""Version of the files' layout; files of another one are written anew."""

DECISIONS, DEMO = "decisions", "demo"
"""Where documents of a file come from: the decision log, or a demo's imagination."""

_FORMAT, _SOURCE, _ROWS, _LAST = (
    b"sluice.format",
    b"sluice.source",
    b"sluice.decisions",
    b"sluice.last",
)
_MADE_UP = "demo-"


class HistoryError(SluiceError):
    """The kept history cannot be used: HISTORY_BROKEN, HISTORY_RANGE, NO_HISTORY (404)."""

    @property
    def http_status(self) -> int:
        """404 where there is none, 400 for what was asked wrongly, 503 for a broken file."""
        return {"NO_HISTORY": 404, "HISTORY_BROKEN": 503}.get(self.code, 400)


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """Decisions of one kind about one subject in one month of business dates."""

    kind: str
    subject: str
    first: dt.date
    """The month's first day."""

    @property
    def after(self) -> dt.date:
        """The next month's first day."""
        return (self.first + dt.timedelta(days=32)).replace(day=1)


@dataclass(frozen=True, slots=True)
class MonthFile:
    """A kept file: what it holds, told by its own metadata."""

    month: Month
    source: str
    path: Path
    decisions: int
    last: int
    """Highest decision id; 0 for made-up documents."""
    size: int
    """Bytes."""


class HistoryFolder:
    """The files of one workspace."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Held while files are written: one writer at a time, whichever process."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.folder / ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @property
    def cursor(self) -> Path:
        """Where it is noted up to where the decision log is in the files."""
        return self.folder / "cursor.json"

    def path(self, month: Month, source: str = DECISIONS) -> Path:
        """Where the file of a month is."""
        mark = _MADE_UP if source == DEMO else ""
        name = f"{mark}{month.first:%Y-%m}.parquet"
        return self.folder / month.kind / month.subject / name

    def write(self, month: Month, table: pa.Table, *, last: int, source: str = DECISIONS) -> None:
        """Replace the file of a month: readers see the old one or the new one, never half."""
        path = self.path(month, source)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        metadata = {
            _FORMAT: str(FORMAT).encode(),
            _SOURCE: source.encode(),
            _ROWS: str(table.num_rows).encode(),
            _LAST: str(last).encode(),
        }
        fresh = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        try:
            with fresh.open("wb") as file:
                pq.write_table(table.replace_schema_metadata(metadata), file, compression="zstd")
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)

    def remove(self, file: MonthFile) -> None:
        """Delete a file whose month has no decisions."""
        file.path.unlink(missing_ok=True)

    def files(self, kind: str | None = None, subject: str | None = None) -> list[MonthFile]:
        """The kept files, by kind, subject and month; files nobody can read are left out."""
        pattern = f"{kind or '*'}/{subject or '*'}/*.parquet"
        found = (self._look(path) for path in sorted(self.folder.glob(pattern)))
        return [one for one in found if one is not None]

    def _look(self, path: Path) -> MonthFile | None:
        name = path.stem.removeprefix(_MADE_UP)
        try:
            first = dt.date.fromisoformat(f"{name}-01")
            metadata = pq.read_schema(path).metadata or {}
            if metadata.get(_FORMAT) != str(FORMAT).encode():
                return None
            return MonthFile(
                Month(path.parent.parent.name, path.parent.name, first),
                metadata[_SOURCE].decode(),
                path,
                int(metadata[_ROWS]),
                int(metadata[_LAST]),
                path.stat().st_size,
            )
        except (ValueError, KeyError, OSError, pa.ArrowException):
            # Damaged, half deleted or of another layout: the next update writes it anew.
            return None

    def subjects(self) -> list[tuple[str, str]]:
        """Kind and subject of every history that has files."""
        return sorted({(one.parts[-3], one.parts[-2]) for one in self.folder.glob("*/*/*.parquet")})

    def stamp(self, kind: str, subject: str) -> tuple[tuple[str, int, int], ...]:
        """What changes whenever a file of one history does: name, time and size of each."""
        found = []
        for path in sorted(self.folder.glob(f"{kind}/{subject}/*.parquet")):
            try:
                state = path.stat()
            except FileNotFoundError:
                continue
            found.append((path.name, state.st_mtime_ns, state.st_size))
        return tuple(found)


def read_file(file: MonthFile) -> pa.Table:
    """The table of a kept file. Raises HistoryError HISTORY_BROKEN."""
    try:
        return pq.read_table(file.path)
    except (OSError, pa.ArrowException) as error:
        raise HistoryError(
            "HISTORY_BROKEN",
            Text(
                f"{file.path} cannot be read ({str(error).splitlines()[0][:120]}); write it anew: "
                "sluice history rebuild",
                f"{file.path} 无法读取（{str(error).splitlines()[0][:120]}）；"
                "请重建：sluice history rebuild",
            ),
        ) from None
