"""SQLite with one writer: what was answered is on disk, whatever happens to the process."""

import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SqlValue = str | int | bytes | None

_META: Final = "CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);"


class StoreInUse(Exception):
    """Another process has the file open, or it is not one of ours."""


class Store:
    """One connection behind one lock: calls come one after the other, so each sees a whole bank."""

    def __init__(self, path: Path, schema: str) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        try:
            self._connection = sqlite3.connect(
                path, isolation_level=None, check_same_thread=False, timeout=1.0
            )
            self._connection.row_factory = sqlite3.Row
            # EXCLUSIVE keeps a second simulator from serving the same books.
            self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            self._connection.executescript(f"BEGIN IMMEDIATE; {_META} {schema} COMMIT;")
        except sqlite3.Error as error:
            raise StoreInUse(f"{path}: {error}") from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; nests into the outermost one."""
        with self._lock:
            outermost = self._depth == 0
            if outermost:
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                if outermost:
                    self._connection.execute("ROLLBACK")
                raise
            else:
                if outermost:
                    self._connection.execute("COMMIT")
            finally:
                self._depth -= 1

    def rows(self, sql: str, values: Sequence[SqlValue] = ()) -> list[sqlite3.Row]:
        """All rows of a query."""
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def row(self, sql: str, values: Sequence[SqlValue] = ()) -> sqlite3.Row | None:
        """The first row of a query, if any."""
        found = self.rows(sql, values)
        return found[0] if found else None

    def number(self, sql: str, values: Sequence[SqlValue] = ()) -> int:
        """The single whole number a query yields; 0 for null."""
        found = self.row(sql, values)
        return 0 if found is None or found[0] is None else int(found[0])

    def execute(self, sql: str, values: Sequence[SqlValue] = ()) -> int:
        """Run one statement inside a transaction; the id of the row it inserted."""
        with self.transaction():
            return self._connection.execute(sql, values).lastrowid or 0

    def insert(self, table: str, values: Mapping[str, SqlValue]) -> int:
        """Insert one row; table and column names come from our own code only."""
        columns, marks = ", ".join(values), ", ".join("?" for _ in values)
        sql = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608
        return self.execute(sql, tuple(values.values()))

    def execute_many(self, sql: str, values: Sequence[Sequence[SqlValue]]) -> None:
        """Run one statement for each tuple of values."""
        with self.transaction():
            self._connection.executemany(sql, values)

    def remembered(self, name: str) -> str | None:
        """A setting kept across restarts."""
        found = self.row("SELECT value FROM meta WHERE name = ?", (name,))
        return None if found is None else str(found["value"])

    def remember(self, name: str, value: str) -> None:
        """Keep a setting across restarts."""
        self.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", (name, value))

    def close(self) -> None:
        """Close the file; calls under way finish first."""
        with self._lock:
            self._connection.close()
