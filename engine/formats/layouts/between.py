"""The lines of a file without a row of names: header, details, trailer, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.formats.layouts.faults import FileFault
from engine.formats.layouts.lines import Lines
from engine.formats.layouts.model import Layout, RecordDef
from engine.formats.layouts.splitting import Batch

One = Callable[[RecordDef, Batch], None]
"""Takes the line of a header or trailer."""
_CPM = "\x1a"
"""The end-of-file mark of old systems, alone in the last line."""


def details(
    layout: Layout, blocks: Iterator[Lines], one: One, fault: Callable[[FileFault], None]
) -> Iterator[Batch]:
    """The lines between header and trailer, which go to `one`. Faults: RECORD_MISSING,
    BLANK_LINE."""
    header, held, blank = layout.header, Batch([], [], []), 0
    for block in blocks:
        numbers = list(range(block.first, block.first + len(block.texts)))
        batch = Batch(numbers, block.texts, block.raws)
        if blank or any(not text or text == _CPM for text in batch.texts):
            batch, blank = _without_blanks(batch, blank, fault)
        if not batch.texts:
            continue
        if header is not None:
            one(header, _take(batch, slice(0, 1)))
            header = None
            batch = _take(batch, slice(1, None))
        if layout.trailer is not None and batch.texts:
            whole = _join(held, batch)
            held = _take(whole, slice(-1, None))
            batch = _take(whole, slice(0, -1))
        if batch.texts:
            yield batch
    if header is not None or (layout.trailer is not None and not held.texts):
        missing, zh = ("header", "首行") if header is not None else ("trailer", "尾行")
        fault(
            FileFault.of(
                "RECORD_MISSING",
                f"the file has no {missing}; it is empty or cut off, get it again",
                f"文件缺少{zh}；为空或不完整，请重新获取",
            )
        )
    elif layout.trailer is not None:
        one(layout.trailer, held)


def _without_blanks(
    batch: Batch, blank: int, fault: Callable[[FileFault], None]
) -> tuple[Batch, int]:
    """Blank lines are taken at the end of a file only; `blank` is the number of the first."""
    good = []
    for place, text in enumerate(batch.texts):
        if not text.strip(f"{_CPM} \t"):
            blank = blank or batch.numbers[place]
            continue
        if blank:
            fault(
                FileFault.of(
                    "BLANK_LINE",
                    "a blank line stands within the file; a row may be missing, get it again",
                    "文件中间有空行；可能缺少明细，请重新获取",
                    line=blank,
                )
            )
            blank = 0
        good.append(place)
    return (
        Batch(
            [batch.numbers[one] for one in good],
            [batch.texts[one] for one in good],
            [batch.raws[one] for one in good],
        ),
        blank,
    )


def _take(batch: Batch, part: slice) -> Batch:
    return Batch(batch.numbers[part], batch.texts[part], batch.raws[part])


def _join(one: Batch, other: Batch) -> Batch:
    return Batch(one.numbers + other.numbers, one.texts + other.texts, one.raws + other.raws)
