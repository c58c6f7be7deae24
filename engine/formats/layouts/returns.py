"""Return files by a layout: what the bank says of each item, its codes mapped, never guessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

from engine.formats.layouts.model import Layout, Value
from engine.formats.layouts.reading import FileReader

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ReturnItem:
    """The bank's word about one item. `amount` in minor units; `meaning` is paid, failed or
    unknown; `code` and `text` are the bank's own."""

    line: int
    row: int | None
    """Number of the item in our file, where the bank gives that instead of our reference."""
    instruction_id: str | None
    counterparty_account: str | None
    amount: int
    code: str
    meaning: str
    reason: str | None
    text: str | None
    bank_reference: str | None


@dataclass(frozen=True, slots=True)
class ReturnFile:
    """A return file: which message it is about (where it says so) and its items."""

    message_id: str | None
    whole: bool | None
    """Whether it answers every item; None when it does not say."""
    items: tuple[ReturnItem, ...]


def read_return(layout: Layout, stream: BinaryIO, currency: str) -> ReturnFile:
    """Read a return file whose amounts are in `currency`; FileRefused when it is not whole."""
    reader = FileReader(layout, currency)
    items: list[ReturnItem] = []
    for chunk in reader.chunks(stream):
        for place, line in enumerate(chunk.lines):
            cells = {name: values[place] for name, values in chunk.columns.items()}
            items.append(_item(layout, cells, line))
    head = {**reader.header, **reader.trailer}
    coverage = _text(head, "coverage")
    return ReturnFile(
        message_id=_text(head, "message_id"),
        whole=None if coverage is None else coverage == "all",
        items=tuple(items),
    )


def meaning(layout: Layout, code: str) -> str:
    """paid, failed or unknown. A code the layout does not list is unknown: calling it failed would
    invite a second payment."""
    return UNKNOWN if layout.codes is None else layout.codes.read.get(code, UNKNOWN)


def _item(layout: Layout, cells: Mapping[str, Value], line: int) -> ReturnItem:
    amount, row = cells.get("amount"), cells.get("row")
    code = _text(cells, "code") or ""
    assert isinstance(amount, int)
    return ReturnItem(
        line=line,
        row=row if isinstance(row, int) else None,
        instruction_id=_text(cells, "instruction_id"),
        counterparty_account=_text(cells, "counterparty_account"),
        amount=amount,
        code=code,
        meaning=meaning(layout, code),
        reason=_text(cells, "reason"),
        text=_text(cells, "text"),
        bank_reference=_text(cells, "bank_reference"),
    )


def _text(cells: Mapping[str, Value], name: str) -> str | None:
    value = cells.get(name)
    return None if value is None else str(value)
