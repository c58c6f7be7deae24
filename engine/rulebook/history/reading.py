"""The kept history of one kind and subject as one table: the last decision of each matter.

A matter decided again (after a correction, or when what it waited for came) was attempted
before: only its last decision says what became of it, so only that one is previewed.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.base.text import Text
from engine.rulebook.history.columns import TEXTS, TYPE
from engine.rulebook.history.extract import HEAD
from engine.rulebook.history.store import (
    DEMO,
    HistoryError,
    HistoryFolder,
    MonthFile,
    read_file,
)
from engine.rules.model import Duration, Type, Value
from engine.rules.values import value_text

LONGEST = 3660
"""Days a preview may look back."""


@dataclass(frozen=True, slots=True)
class History:
    """Documents as they were last decided."""

    table: pa.Table
    since: dt.date
    attempts: Mapping[str, int]
    """Organisation path -> earlier decisions of the same matters, left out."""
    made_up: Mapping[str, int]
    """Organisation path -> documents of a demo that nobody ever decided."""


def read_since(folder: HistoryFolder, kind: str, subject: str, since: dt.date) -> History:
    """Everything decided with a business date from `since` on. Raises HistoryError NO_HISTORY."""
    files = [one for one in folder.files(kind, subject) if one.month.after > since]
    tables = [_since(one, since) for one in files]
    if not any(table.num_rows for table in tables):
        raise HistoryError(
            "NO_HISTORY",
            Text(
                f"the history has no {kind} decisions about {subject} since {since}; look further "
                "back, or write it: sluice history rebuild",
                f"{since} 以来没有关于 {subject} 的 {kind} 决策记录；"
                "请延长期间，或执行 sluice history rebuild",
            ),
        )
    made_up = [table for one, table in zip(files, tables, strict=True) if one.source == DEMO]
    whole = pa.concat_tables(_alike(tables), promote_options="default")
    last = _last(whole)
    attempts = _by_path([whole])
    for path, count in _by_path([last]).items():
        attempts[path] -= count
    return History(last, since, attempts, _by_path(made_up))


def _by_path(tables: Sequence[pa.Table]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for table in tables:
        for one in table.column("org_path").value_counts().to_pylist():
            found[str(one["values"])] += int(one["counts"])
    return found


def _since(file: MonthFile, since: dt.date) -> pa.Table:
    table = read_file(file)
    if file.month.first < since:
        table = table.filter(pc.greater_equal(table.column("business_date"), pa.scalar(since)))
    return table.replace_schema_metadata(None)


def _last(table: pa.Table) -> pa.Table:
    """The last row of each document, by the time it was decided, then by decision id."""
    documents = table.column("document").combine_chunks().dictionary_encode()
    if len(documents.dictionary) == table.num_rows:
        return table
    codes = documents.indices.to_numpy()
    decided = pc.fill_null(table.column("decided_at").cast(pa.int64()), 0).to_numpy()
    ids = pc.fill_null(table.column("decision_id"), 0).to_numpy()
    order = np.lexsort((ids, decided, codes))
    ends = np.append(codes[order][1:] != codes[order][:-1], True)
    return table.take(pa.array(np.sort(order[ends])))


def _alike(tables: Sequence[pa.Table]) -> list[pa.Table]:
    """Tables whose columns of one name have one type: columns that differ become text."""
    fields: dict[str, pa.Field] = {}
    mixed: set[str] = set()
    wide: set[str] = set()
    for field in (field for table in tables for field in table.schema):
        known = fields.setdefault(field.name, field)
        if known.metadata != field.metadata:
            mixed.add(field.name)
        elif known.type != field.type:
            wide.add(field.name)
    return [_fitted(table, mixed, wide - mixed) for table in tables]


def _fitted(table: pa.Table, mixed: set[str], wide: set[str]) -> pa.Table:
    for at, field in enumerate(table.schema):
        column = table.column(at)
        if field.name in wide:
            wider = pa.field(field.name, pa.decimal128(38, 0), metadata=field.metadata)
            table = table.set_column(at, wider, column.cast(pa.decimal128(38, 0)))
        elif field.name in mixed and field.metadata is not None and field.name not in HEAD:
            written = _written(column, Type(field.metadata[TYPE].decode()), field)
            table = table.set_column(at, pa.field(field.name, TEXTS), written)
    return table


def _written(column: pa.ChunkedArray, type_: Type, field: pa.Field) -> pa.ChunkedArray:
    """A typed column as a user would write its values."""
    currency = field.metadata.get(b"sluice.currency", b"CNY").decode()
    texts = [
        None if one is None else value_text(_value(one, type_), type_, currency)
        for one in column.to_pylist()
    ]
    return pa.chunked_array([pa.array(texts, pa.string()).dictionary_encode()])


def _value(stored: Value, type_: Type) -> Value:
    if type_ in {Type.MONEY, Type.INT}:
        return int(stored)  # type: ignore[arg-type]
    if type_ is Type.DURATION:
        seconds = int(stored)  # type: ignore[arg-type]
        return Duration(seconds, f"{seconds // 60}min")
    return stored
