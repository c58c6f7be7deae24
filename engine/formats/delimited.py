"""Offer files (报盘) and return files (回盘) of lines with a separator, by a bank's layout.

The layout is data (bank_templates/<bank>/offer_file.yaml, read by engine.banks.offer_files), so
another layout language can replace it without touching who sends the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.base.money import MoneyError, format_major, parse_major
from engine.base.text import Text
from engine.formats.payment import ItemFault, Limits, PaymentMessage, cut, faults
from engine.formats.reading import FormatError


@dataclass(frozen=True, slots=True)
class Column:
    """One cell of a line: a field by name, or the same text in every file."""

    field: str | None = None
    constant: str = ""


@dataclass(frozen=True, slots=True)
class ReturnLayout:
    """How the bank answers: its lines, and what its codes mean. Any other code is unknown."""

    header: tuple[Column, ...]
    detail: tuple[Column, ...]
    trailer: tuple[Column, ...]
    whole: str
    """What the header's `coverage` says when every item is answered; else the file is partial."""
    paid: frozenset[str]
    failed: frozenset[str]


@dataclass(frozen=True, slots=True)
class Layout:
    """A bank's offer file. `limits` count bytes when `encoding` is gb18030, else characters."""

    encoding: str
    separator: str
    line_end: str
    extension: str
    limits: Limits
    header: tuple[Column, ...]
    detail: tuple[Column, ...]
    trailer: tuple[Column, ...]
    reply: ReturnLayout


@dataclass(frozen=True, slots=True)
class ReturnItem:
    """The bank's word about one item. `amount` in minor units of the batch's currency."""

    row: int
    instruction_id: str
    amount: int
    code: str
    reason: str | None
    text: str | None
    bank_reference: str | None


@dataclass(frozen=True, slots=True)
class ReturnFile:
    """A return file: about which message, whether it answers every item, and the answers."""

    message_id: str
    whole: bool
    items: tuple[ReturnItem, ...]


HEAD_FIELDS = (
    "message_id",
    "account_number",
    "account_name",
    "account_bank_code",
    "currency",
    "value_date",
    "direction",
    "count",
    "total",
)
"""What header and trailer of an offer file may hold."""

DETAIL_FIELDS = (
    "row",
    "instruction_id",
    "counterparty_name",
    "counterparty_account",
    "counterparty_bank_code",
    "amount",
    "remittance",
)
"""What a detail line of an offer file may hold."""

RETURN_FIELDS = (
    "message_id",
    "coverage",
    "instruction_id",
    "amount",
    "code",
    "reason",
    "text",
    "bank_reference",
    "count",
    "total",
    "ignored",
)
"""What the lines of a return file may hold."""

_TEXTS = ("counterparty_name", "counterparty_account", "counterparty_bank_code", "remittance")


def offer_faults(message: PaymentMessage, layout: Layout) -> tuple[ItemFault, ...]:
    """Why items cannot stand in the file, by row: what all formats refuse, and separators."""
    return (*faults(message, layout.limits), *_separators(message, layout))


def write_offer(message: PaymentMessage, layout: Layout) -> bytes:
    """The file: header, one line per item, trailer with count and sum.

    FormatError with the first fault when `offer_faults` has one.
    """
    for fault in offer_faults(message, layout):
        raise FormatError(fault.code, fault.text)
    head = {
        "message_id": message.message_id,
        "account_number": message.account_number,
        "account_name": message.account_name,
        "account_bank_code": message.account_bank_code,
        "currency": message.currency,
        "value_date": f"{message.value_date:%Y%m%d}",
        "direction": message.direction,
        "count": str(len(message.items)),
        "total": format_major(message.total, message.currency),
    }
    lines = [_line(layout, layout.header, head)]
    for row, item in enumerate(message.items, 1):
        cells = {
            "row": str(row),
            "instruction_id": item.instruction_id,
            "counterparty_name": item.counterparty_name,
            "counterparty_account": item.counterparty_account,
            "counterparty_bank_code": item.counterparty_bank_code or "",
            "amount": format_major(item.amount, message.currency),
            "remittance": cut(item.remittance, layout.limits),
        }
        lines.append(_line(layout, layout.detail, cells))
    lines.append(_line(layout, layout.trailer, head))
    return "".join(line + layout.line_end for line in lines).encode(layout.encoding)


def read_return(content: bytes, layout: Layout, currency: str) -> ReturnFile:
    """Read a return file whose amounts are in `currency`.

    Refused whole (FormatError): RETURN_ENCODING, RETURN_LINES, RETURN_CELLS, RETURN_CONSTANT,
    RETURN_FIELD, RETURN_TOTAL when count or sum are not those of the lines.
    """
    reply = layout.reply
    try:
        text = content.decode(layout.encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise FormatError(
            "RETURN_ENCODING",
            Text(
                f"the return file is not {layout.encoding} at byte {error.start}; fetch it again",
                f"回盘文件第 {error.start} 字节不是 {layout.encoding} 编码;请重新获取",
            ),
        ) from error
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    if len(lines) < 2:
        raise FormatError(
            "RETURN_LINES",
            Text(
                "the return file has no header and trailer; fetch it again",
                "回盘文件缺少首行或尾行;请重新获取",
            ),
        )
    head = _cells(layout, reply.header, 1, lines[0])
    tail = _cells(layout, reply.trailer, len(lines), lines[-1])
    items = tuple(
        _item(_cells(layout, reply.detail, row, line), row, currency)
        for row, line in enumerate(lines[1:-1], 2)
    )
    _check_totals(head | tail, items, currency, len(lines))
    return ReturnFile(
        _needed(head, "message_id", 1), head.get("coverage", reply.whole) == reply.whole, items
    )


def _line(layout: Layout, columns: Sequence[Column], values: Mapping[str, str]) -> str:
    return layout.separator.join(
        column.constant if column.field is None else values[column.field] for column in columns
    )


def _separators(message: PaymentMessage, layout: Layout) -> Iterator[ItemFault]:
    for field in ("account_number", "account_name", "account_bank_code"):
        if layout.separator in getattr(message, field):
            yield _separator(0, "", field, layout)
    for row, item in enumerate(message.items, 1):
        for field in _TEXTS:
            if layout.separator in (getattr(item, field) or ""):
                yield _separator(row, item.instruction_id, field, layout)


def _separator(row: int, instruction_id: str, field: str, layout: Layout) -> ItemFault:
    return ItemFault(
        row,
        instruction_id,
        field,
        "SEPARATOR_IN_TEXT",
        Text(
            f"row {row}: {field} has the separator {layout.separator!r} of the bank's file; "
            "replace it in the document",
            f"第 {row} 行:{field} 含有银行文件的分隔符 {layout.separator!r};请在单据中替换",
        ),
    )


def _cells(layout: Layout, columns: Sequence[Column], row: int, line: str) -> dict[str, str]:
    cells = line.split(layout.separator)
    if len(cells) != len(columns):
        raise FormatError(
            "RETURN_CELLS",
            Text(
                f"line {row} of the return file has {len(cells)} cells instead of {len(columns)}; "
                "fetch it again or correct the bank's layout",
                f"回盘文件第 {row} 行有 {len(cells)} 列,应为 {len(columns)} 列;"
                "请重新获取或更正银行布局",
            ),
        )
    found: dict[str, str] = {}
    for column, cell in zip(columns, cells, strict=True):
        if column.field is not None:
            found[column.field] = cell.strip()
        elif cell.strip() != column.constant:
            raise FormatError(
                "RETURN_CONSTANT",
                Text(
                    f"line {row} of the return file has {cell.strip()!r} where the layout has "
                    f"{column.constant!r}; it may be another bank's file",
                    f"回盘文件第 {row} 行出现 {cell.strip()!r},布局应为 {column.constant!r};"
                    "可能是其他银行的文件",
                ),
            )
    return found


def _item(cells: Mapping[str, str], row: int, currency: str) -> ReturnItem:
    return ReturnItem(
        row,
        _needed(cells, "instruction_id", row),
        _amount(_needed(cells, "amount", row), currency, row),
        cells.get("code", ""),
        cells.get("reason") or None,
        cells.get("text") or None,
        cells.get("bank_reference") or None,
    )


def _needed(cells: Mapping[str, str], field: str, row: int) -> str:
    if not cells.get(field):
        raise _unreadable(row, field, "empty", "为空")
    return cells[field]


def _amount(text: str, currency: str, row: int) -> int:
    try:
        return parse_major(text, currency)
    except MoneyError as error:
        raise _unreadable(row, "amount", error.text.en, error.text.zh) from error


def _check_totals(
    said: Mapping[str, str], items: Sequence[ReturnItem], currency: str, last: int
) -> None:
    count, total = said.get("count"), said.get("total")
    total_here = sum(item.amount for item in items)
    good = count in (None, str(len(items))) and (
        total is None or _amount(total, currency, last) == total_here
    )
    if not good:
        here = format_major(total_here, currency)
        raise FormatError(
            "RETURN_TOTAL",
            Text(
                f"the return file has {len(items)} items of {here}, but says {count} of {total}; "
                "it may be cut off, fetch it again",
                f"回盘文件实有 {len(items)} 笔 {here},文件声明 {count} 笔 {total};"
                "可能不完整,请重新获取",
            ),
        )


def _unreadable(row: int, field: str, why: str, why_zh: str) -> FormatError:
    return FormatError(
        "RETURN_FIELD",
        Text(
            f"line {row} of the return file: {field} cannot be used ({why}); ask the bank",
            f"回盘文件第 {row} 行:{field} 无法使用({why_zh});请联系银行",
        ),
    )
