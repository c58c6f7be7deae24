"""History files of a user: Parquet, CSV or JSON lines as one table, values as they are written."""

from __future__ import annotations

import csv
import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import BinaryIO, NoReturn

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from engine.base.text import SluiceError, Text
from engine.rules.preview.documents import BRANCH, DOCUMENT, ORG_PATH

SUFFIXES = (".parquet", ".csv", ".jsonl", ".ndjson")
CHUNK = 50_000
"""JSON lines that become one piece of a column."""


class HistoryFileError(SluiceError):
    """A history file that cannot be read: HISTORY_FILE, HISTORY_FORMAT, HISTORY_LINE,
    HISTORY_FLOAT, HISTORY_COLUMN_TWICE."""


class HistoryEmpty(HistoryFileError):
    """A history file that is in order and has no document: HISTORY_EMPTY."""


def read_history(path: Path, words: Collection[str]) -> pa.Table:
    """The columns named `words` (and document, branch) of a history file, if they are there.

    Every column of CSV and JSON lines is text; Parquet keeps its types. Raises HistoryFileError,
    HistoryEmpty.
    """
    table = _read(path, {*words, DOCUMENT, BRANCH, ORG_PATH})
    if not table.num_rows:
        raise HistoryEmpty(
            "HISTORY_EMPTY",
            Text(
                f"{path} has no documents, so nothing can be said of the draft; name a history "
                "that has some",
                f"{path} 中没有单据，无法预览草案；请指定含有单据的历史",
            ),
        )
    return table


def _read(path: Path, wanted: set[str]) -> pa.Table:
    if not path.is_file():
        raise HistoryFileError(
            "HISTORY_FILE",
            Text(
                f"{path} is no file; name a history of documents or live:90d",
                f"{path} 不是文件；请指定历史单据文件或 live:90d",
            ),
        )
    suffix = path.suffix.lower()
    try:
        if suffix == ".parquet":
            return _parquet(path, wanted)
        if suffix == ".csv":
            return _csv(path, wanted)
        if suffix in SUFFIXES:
            return _json_lines(path, wanted)
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise _broken(path, str(error).splitlines()[0][:200]) from None
    raise HistoryFileError(
        "HISTORY_FORMAT",
        Text(
            f"{path} has none of the endings {', '.join(SUFFIXES)}; save it as one of them",
            f"{path} 的扩展名不是 {'、'.join(SUFFIXES)} 之一；请另存为其中一种",
        ),
    )


def _broken(path: Path, why: str) -> HistoryFileError:
    return HistoryFileError(
        "HISTORY_FILE",
        Text(
            f"{path} cannot be read: {why}; write it again", f"{path} 无法读取：{why}；请重新生成"
        ),
    )


def _once(path: Path, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise HistoryFileError(
                "HISTORY_COLUMN_TWICE",
                Text(
                    f"{path}: the column {name!r} stands twice; keep one",
                    f"{path}：列 {name!r} 出现两次；请保留其一",
                ),
            )


def _parquet(path: Path, wanted: set[str]) -> pa.Table:
    with pq.ParquetFile(path) as file:
        names = file.schema_arrow.names
        _once(path, names)
        return file.read(columns=[one for one in names if one in wanted])


def _csv(path: Path, wanted: set[str]) -> pa.Table:
    """RFC 4180 with a header; all values are text, an empty one is null."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        names = next(csv.reader(file), [])
    _once(path, names)
    if not names:
        raise _broken(path, "it has no header line")
    return pa_csv.read_csv(
        path,
        read_options=pa_csv.ReadOptions(column_names=names, skip_rows=1),
        parse_options=pa_csv.ParseOptions(newlines_in_values=True),
        convert_options=pa_csv.ConvertOptions(
            include_columns=[one for one in names if one in wanted],
            column_types={one: pa.string() for one in names},
            strings_can_be_null=True,
            null_values=[""],
        ),
    )


def _json_lines(path: Path, wanted: set[str]) -> pa.Table:
    pieces = []
    with path.open("rb") as file:
        for columns, rows in _chunks(file, path, wanted):
            arrays = {name: pa.array(values, pa.string()) for name, values in columns.items()}
            pieces.append(pa.table(arrays) if arrays else pa.table({DOCUMENT: pa.nulls(rows)}))
    if not pieces:
        return pa.table({DOCUMENT: pa.array([], pa.string())})
    return pa.concat_tables(pieces, promote_options="default")


def _chunks(
    file: BinaryIO, path: Path, wanted: set[str]
) -> Iterator[tuple[dict[str, list[str | None]], int]]:
    columns: dict[str, list[str | None]] = {}
    rows = 0
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        for name, value in _object(line, number, path).items():
            if name in wanted:
                column = columns.setdefault(name, [])
                column.extend([None] * (rows - len(column)))
                column.append(_text(value, name, number, path))
        rows += 1
        if rows == CHUNK:
            yield _filled(columns, rows), rows
            columns, rows = {}, 0
    if rows:
        yield _filled(columns, rows), rows


def _filled(columns: dict[str, list[str | None]], rows: int) -> dict[str, list[str | None]]:
    for column in columns.values():
        column.extend([None] * (rows - len(column)))
    return columns


class _Float(float):
    """A JSON number with a fraction or an exponent: no exact value."""


def _object(line: bytes, number: int, path: Path) -> dict[str, object]:
    try:
        text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        found = json.loads(text, parse_float=_Float, object_pairs_hook=_pairs)
    except (ValueError, RecursionError):
        _bad_line(number, path)
    if not isinstance(found, dict):
        _bad_line(number, path)
    return found


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _bad_line(number: int, path: Path) -> NoReturn:
    raise HistoryFileError(
        "HISTORY_LINE",
        Text(
            f"{path}:{number}: this line is no JSON object with each name once; write one per line",
            f"{path}:{number}：此行不是 JSON 对象或有重复的键；请每行写一个对象",
        ),
    )


def _text(value: object, name: str, number: int, path: Path) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, _Float):
        raise HistoryFileError(
            "HISTORY_FLOAT",
            Text(
                f"{path}:{number}: {name} is a number with a fraction, which JSON cannot keep "
                'exactly; write it as text, like "49999.99"',
                f"{path}:{number}：{name} 是带小数的 JSON 数字，无法保证精确；"
                '请写成字符串，如 "49999.99"',
            ),
        )
    _bad_line(number, path)
