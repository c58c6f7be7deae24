"""Whether a draft writes its sample again, byte for byte, where the form allows it."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.base.text import SluiceError, Text
from engine.formats.layouts import FileReader, Layout, write
from engine.formats.layouts.model import Form, Type
from engine.formats.learning.columns import ColumnGuess

_SHOWN = 60


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """Whether the bytes come back; `reason` says why not."""

    same: bool
    reason: Text


def round_trip(
    layout: Layout, content: bytes, encoding: str, columns: Sequence[ColumnGuess]
) -> RoundTrip:
    """Read the sample and write what was read, in the sample's `encoding`."""
    lost = _lost(layout, columns)
    if lost is not None:
        return RoundTrip(False, lost)
    exact = replace(layout, file=replace(layout.file, encoding=encoding))
    try:
        reader = FileReader(exact, "CNY")
        names: list[str] = []
        rows: list[tuple[object, ...]] = []
        for chunk in reader.chunks(io.BytesIO(content)):
            names = list(chunk.columns)
            rows += zip(*chunk.columns.values(), strict=True)
        out = io.BytesIO()
        write(exact, {**reader.header, **reader.trailer}, names, rows, out)  # type: ignore[arg-type]
    except SluiceError as error:
        return RoundTrip(False, error.text)
    return _compared(content, out.getvalue(), encoding)


def _lost(layout: Layout, columns: Sequence[ColumnGuess]) -> Text | None:
    """What the draft does not keep of a file, so that it cannot come back."""
    if layout.file.form is Form.WORKBOOK:
        return Text("workbooks are read only", "工作簿只能读取")
    over = ", ".join(one.name for one in columns if one.role is None)
    names = Counter(one.name for one in layout.detail.fields if one.type is not Type.IGNORED)
    joined = ", ".join(name for name, count in names.items() if count > 1)
    statement = layout.statement
    if statement.preamble or statement.footer or statement.skip:
        return Text("lines around the bookings are read over", "明细之外的行未保留")
    if over:
        return Text(f"columns are read over: {over}", f"未读取的列：{over}")
    if joined:
        return Text(f"several columns make one field: {joined}", f"多列合并为一个字段：{joined}")
    return None


def _compared(content: bytes, made: bytes, encoding: str) -> RoundTrip:
    if content == made:
        return RoundTrip(True, Text("", ""))
    before, after = content.split(b"\n"), made.split(b"\n")
    pairs = zip(before, after, strict=False)
    at = next(
        (place for place, (one, other) in enumerate(pairs) if one != other),
        min(len(before), len(after)),
    )
    was, now = (
        (lines[at] if at < len(lines) else b"").decode(encoding, "replace").strip()[:_SHOWN]
        for lines in (before, after)
    )
    return RoundTrip(
        False,
        Text(
            f"line {at + 1}: {was!r} is written as {now!r}", f"第 {at + 1} 行：{was!r} 写为 {now!r}"
        ),
    )
