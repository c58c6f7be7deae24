"""From lines to cells: by separator, by quotes, or by bytes."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.formats.layouts.faults import FileFault
from engine.formats.layouts.model import MONEY, FileDef, Form, RecordDef, Type

Columns = list[tuple[str, ...]]


@dataclass(slots=True)
class Batch:
    """Some lines of one record, with their numbers in the file."""

    numbers: list[int]
    texts: list[str]
    raws: list[bytes]


@dataclass(slots=True)
class Cells:
    """Cells by column. `numbers` are the lines they stand in; lines that could not be taken apart
    are among the faults instead."""

    numbers: list[int]
    texts: list[str]
    columns: Columns
    faults: list[FileFault] = field(default_factory=list)


def cells_of(batch: Batch, record: RecordDef, file: FileDef, codec: str) -> Cells:
    """The cells of every field of `record`."""
    if file.form is Form.FIXED:
        return _by_bytes(batch, record, codec)
    rows, faults = rows_of(batch, file)
    wanted = len(record.fields)
    return _columns(batch, rows, wanted, record.name, faults)


def rows_of(batch: Batch, file: FileDef) -> tuple[list[list[str]], list[FileFault]]:
    """The cells of every line; a line with a fault is an empty list."""
    if file.quote is not None:
        return _quoted(batch, file)
    separator = file.separator
    faults: list[FileFault] = []
    if not file.trailing_separator:
        return [text.split(separator) for text in batch.texts], faults
    rows = []
    for number, text in zip(batch.numbers, batch.texts, strict=True):
        if text.endswith(separator):
            rows.append(text[: -len(separator)].split(separator))
        else:
            rows.append([])
            faults.append(
                _fault(
                    "SEPARATOR_MISSING",
                    number,
                    len(text),
                    f"the line does not end with {separator!r}; it may be cut off",
                    f"该行未以 {separator!r} 结尾；可能不完整",
                )
            )
    return rows, faults


def _quoted(batch: Batch, file: FileDef) -> tuple[list[list[str]], list[FileFault]]:
    """By the csv module, strictly, no cell over the end of its line: a quote that is not closed
    never swallows the rows after it."""
    try:
        rows = list(_reader(batch.texts, file))
    except csv.Error:
        rows = []
    if len(rows) == len(batch.texts):
        return rows, []
    rows, faults = [], []
    for number, text in zip(batch.numbers, batch.texts, strict=True):
        try:
            found = list(_reader([text], file)) or [[]]
        except csv.Error as error:
            rows.append([])
            faults.append(
                _fault(
                    "QUOTE",
                    number,
                    max(0, text.rfind(file.quote or '"')),
                    f"the quotes of the line do not pair ({error}); get the file again",
                    "该行引号不成对；请重新获取文件",
                )
            )
            continue
        rows.append(found[0])
    return rows, faults


def _reader(texts: Sequence[str], file: FileDef) -> csv._reader:  # type: ignore[name-defined]
    return csv.reader(
        texts, delimiter=file.separator, quotechar=file.quote, strict=True, doublequote=True
    )


def _columns(
    batch: Batch, rows: list[list[str]], wanted: int, record: str, faults: list[FileFault]
) -> Cells:
    if set(map(len, rows)) == {wanted}:
        return Cells(batch.numbers, batch.texts, list(zip(*rows, strict=True)), faults)
    named = {one.line for one in faults}
    good = []
    for place, row in enumerate(rows):
        if len(row) == wanted:
            good.append(place)
        elif batch.numbers[place] not in named:
            faults.append(
                FileFault.of(
                    "CELLS",
                    f"the line has {len(row)} cells instead of {wanted}; a text may hold the "
                    "separator, or the file is cut off",
                    f"该行有 {len(row)} 列，应为 {wanted} 列；文本可能含分隔符，或文件不完整",
                    record=record,
                    line=batch.numbers[place],
                )
            )
    kept = [rows[place] for place in good]
    columns: Columns = list(zip(*kept, strict=True)) if kept else [() for _ in range(wanted)]
    return Cells(
        [batch.numbers[place] for place in good],
        [batch.texts[place] for place in good],
        columns,
        faults,
    )


def _by_bytes(batch: Batch, record: RecordDef, codec: str) -> Cells:
    widths = [one.width or 0 for one in record.fields]
    total = sum(widths)
    numbers, texts, raws = batch.numbers, batch.texts, batch.raws
    faults: list[FileFault] = []
    if set(map(len, raws)) != {total}:
        good = [place for place, raw in enumerate(raws) if len(raw) == total]
        faults += [
            FileFault.of(
                "LENGTH",
                f"the line has {len(raw)} bytes instead of {total}; it is cut off, or a text "
                "is longer than its field",
                f"该行为 {len(raw)} 字节，应为 {total} 字节；不完整，或某字段超长",
                record=record.name,
                line=number,
                offset=min(len(raw), total),
            )
            for number, raw in zip(numbers, raws, strict=True)
            if len(raw) != total
        ]
        numbers = [numbers[place] for place in good]
        texts = [texts[place] for place in good]
        raws = [raws[place] for place in good]
    columns: Columns = []
    bad: set[int] = set()
    start = 0
    for one, width in zip(record.fields, widths, strict=True):
        cut = [raw[start : start + width] for raw in raws]
        decoded = _decoded(cut, codec)
        for place, cell in enumerate(decoded):
            if cell is None and place not in bad:
                bad.add(place)
                faults.append(
                    FileFault.of(
                        "SPLIT_CHARACTER",
                        "a character stands across the edge of the field: a text before it is "
                        "a byte too long or too short",
                        "有字符跨越字段边界：前面的文本多或少了一个字节",
                        record=record.name,
                        line=numbers[place],
                        field=one.name,
                        offset=start,
                    )
                )
        columns.append(_unpadded(decoded, one.align_right, one.pad, one.type))
        start += width
    if bad:
        good = [place for place in range(len(numbers)) if place not in bad]
        columns = [tuple(column[place] for place in good) for column in columns]
        numbers = [numbers[place] for place in good]
        texts = [texts[place] for place in good]
    return Cells(numbers, texts, columns, faults)


def _decoded(cells: list[bytes], codec: str) -> Sequence[str | None]:
    try:
        found = b"\n".join(cells).decode(codec).split("\n")
    except UnicodeDecodeError:
        found = []
    if len(found) == len(cells):
        return found
    decoded: list[str | None] = []
    for cell in cells:
        try:
            decoded.append(cell.decode(codec))
        except UnicodeDecodeError:
            decoded.append(None)
    return decoded


def _unpadded(cells: Sequence[str | None], right: bool, pad: str, kind: Type) -> tuple[str, ...]:
    texts = [cell or "" for cell in cells]
    if pad == " " or (kind in (Type.INT, *MONEY) and pad == "0"):
        return tuple(texts)  # blanks are no part of any cell, and zeros no part of a number
    return tuple(text.lstrip(pad) if right else text.rstrip(pad) for text in texts)


def _fault(code: str, line: int, offset: int | None, en: str, zh: str) -> FileFault:
    return FileFault.of(code, en, zh, record="detail", line=line, offset=offset)
