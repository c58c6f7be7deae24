"""A changed workbook brought onto the text it was made from, as exact edits of that text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from engine.rules.diff import longest_rise
from engine.rules.edit import AddExamples, AddValue, Edited, EditRefused, RemoveValue, SetValue
from engine.rules.edit.apply import Bench
from engine.rules.edit.edits import Edit, TableName
from engine.rules.edit.rows import fresh_id
from engine.rules.edit.source import Line
from engine.rules.edit.tables import Sheet
from engine.rules.excel.content import (
    ADJUSTABLE,
    ARROW,
    ENVELOPE,
    MADE_FROM,
    NUMBER,
    PARAMETER,
    PARAMETERS,
    TABLES,
    VALUE,
    Grid,
    grids,
    parameter_paths,
)
from engine.rules.excel.errors import ExcelRefused, refused
from engine.rules.excel.reading import Read, read_book
from engine.rules.excel.words import Words
from engine.rules.model import Vocabulary


def from_xlsx(content: bytes, text: str, vocabulary: Vocabulary) -> Edited:
    """The text with the workbook's changes in it; without changes the same text.

    `text` must be the one the workbook was made from. Raises ExcelRefused, which names sheet and
    cell, and EditRefused when `text` itself cannot be read.
    """
    bench = Bench(text)
    before = grids(bench)
    words = Words(bench.root(), vocabulary)
    after = read_book(content, before, words)
    _same_base(before[ENVELOPE], after[ENVELOPE])
    for name, title in TABLES.items():
        if name == "examples" and name not in bench.root().entries:
            if title not in before or not after[title].grid.rows:
                continue
            bench.make(AddExamples())
        if title in before:
            _table(bench.sheet(name), name, before[title], after[title])
    bench.reread()
    for edit, place in _values(before, after, parameter_paths(bench.root())):
        with _at(place):
            bench.make(edit)
    return bench.edited()


def _same_base(before: Grid, after: Read) -> None:
    made_from = after.grid.rows.get(MADE_FROM, {}).get(VALUE)
    if made_from != before.rows[MADE_FROM][VALUE]:
        raise refused(
            "EXCEL_BASE",
            "the workbook was made from another text: what changed there since would be undone; "
            "bring it onto that text, or make a new workbook and change that one",
            "该工作簿由另一版本的文本导出：其后的改动会被覆盖；请应用于原文本，或重新导出后再修改",
            after.places.get((MADE_FROM, VALUE)),
        )


def _same(old: str, new: str) -> bool:
    """Whether a cell is as it was; the reader loses one rare piece of text on the way."""
    old = old.strip(" \t")
    return new in {old, old.replace("x005F_", "")}


@contextmanager
def _at(place: str) -> Iterator[None]:
    """Refusals of edits name the cell they come from."""
    try:
        yield
    except EditRefused as error:
        raise ExcelRefused(error.code, error.text, place) from error


# --- tables


def _table(sheet: Sheet, name: TableName, before: Grid, after: Read) -> None:
    keys = list(after.grid.rows)
    lines = dict(zip(before.rows, list(sheet.rows), strict=True))
    for key in before.rows:
        if key not in after.grid.rows:
            sheet.drop(lines.pop(key))
    _cells(sheet, before, after, lines)
    order = {key: place for place, key in enumerate(before.rows)}
    staying = longest_rise([order[key] for key in keys if key in lines])
    last: Line | None = None
    for key in keys:
        if key not in lines:
            with _at(after.places[key, after.grid.columns[0]]):
                lines[key] = _insert(sheet, _new_row(sheet, name, key, after), last)
        elif order[key] not in staying:
            text = lines[key].text
            sheet.drop(lines[key])
            lines[key] = _insert(sheet, text, last)
        last = lines[key]


def _cells(sheet: Sheet, before: Grid, after: Read, lines: dict[str, Line]) -> None:
    for key, line in lines.items():
        old, new = before.rows[key], after.grid.rows[key]
        for column in before.columns[1:]:
            if not _same(old[column], new[column]):
                with _at(after.places[key, column]):
                    sheet.set(line, {sheet.column(column.removeprefix(ARROW)): new[column]})


def _new_row(sheet: Sheet, name: TableName, key: str, after: Read) -> str:
    cells = after.grid.rows[key]
    texts = [""] * len(sheet.columns)
    for column, text in cells.items():
        if column != NUMBER:
            texts[sheet.column(column.removeprefix(ARROW))] = text
    if name == "rules":
        texts[0] = fresh_id(sheet, key)
    return sheet.laid_out(texts)


def _insert(sheet: Sheet, text: str, last: Line | None) -> Line:
    if last is None:
        return sheet.insert(text, 0, below=not sheet.rows)
    return sheet.insert(text, sheet.rows.index(last) + 1, below=True)


# --- envelope


def _values(
    before: dict[str, Grid], after: dict[str, Read], present: set[str]
) -> Iterator[tuple[Edit, str]]:
    """The edits of parameters and envelope, each with the cell it comes from."""
    old, new = before[PARAMETERS], after[PARAMETERS]
    columns = dict.fromkeys((*old.columns[1:], *(c for c in new.grid.columns if c != PARAMETER)))
    for column in columns:
        for name in dict.fromkeys((*old.rows, *new.grid.rows)):
            was = old.rows.get(name, {}).get(column, "").strip(" \t")
            now = new.grid.rows.get(name, {}).get(column, "")
            path = _path(column, name)
            place = new.places.get((name, column), PARAMETERS)
            yield from ((edit, place) for edit in _change(path, was, now, present))
    yield from _envelope(before[ENVELOPE], after[ENVELOPE])


def _path(column: str, name: str) -> str:
    section = {VALUE: "params", ADJUSTABLE: "adjustable"}.get(column, f"overrides.{column}")
    return f"{section}.{name}"


def _change(path: str, was: str, now: str, present: set[str]) -> Iterator[Edit]:
    if was and not now:
        yield RemoveValue(path=path)
    elif now and path not in present:
        yield AddValue(path=path, value=now)
    elif not _same(was, now):
        yield SetValue(path=path, value=now)


def _envelope(old: Grid, new: Read) -> Iterator[tuple[Edit, str]]:
    for path, row in new.grid.rows.items():
        now, place = row[VALUE], new.places[path, VALUE]
        if path not in old.rows:
            yield AddValue(path=path, value=now), place
        elif not _same(old.rows[path][VALUE], now):
            if not now:
                raise refused(
                    "EXCEL_VALUE",
                    "the value is empty; write it, or delete the whole row to remove the key",
                    "值为空；请填写，或删除整行以删除该键",
                    place,
                )
            yield SetValue(path=path, value=now), place
    # Items of a list go from the last, so that the places of those before them stay.
    for path in reversed(old.rows):
        if path not in new.grid.rows:
            yield RemoveValue(path=path), ENVELOPE
