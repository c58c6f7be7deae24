"""Cells of a workbook read back as texts; what Excel made of a text is refused, never guessed."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

from openpyxl.cell.read_only import ReadOnlyCell

from engine.rules.excel.errors import ExcelRefused, refused
from engine.rules.excel.words import Known
from engine.rules.model import Type

EXACT_DIGITS = 15
"""A spreadsheet keeps 15 digits of a number; the rest becomes zeros."""
_NUMBERS = frozenset({Type.MONEY, Type.INT, Type.PERCENT, None})
_ESCAPED = re.compile(r"_x005F_(?=x[0-9A-Fa-f]{4}_)")
"""How a workbook writes an underscore that would begin an escape."""
_PLAIN = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


def text_of(cell: ReadOnlyCell, known: Known, place: str) -> str:
    """The text of a cell. `place` is like "Rules!C5".

    Numbers, truth values, dates and times are taken where the column is of their type and they
    are exactly what was typed. Raises ExcelRefused EXCEL_FORMULA or EXCEL_CELL.
    """
    value = cell.value
    if cell.data_type == "f":
        raise refused(
            "EXCEL_FORMULA",
            "a formula cannot be taken; write its result as text",
            "不能使用公式；请以文本填写其结果",
            place,
        )
    if value is None:
        return ""
    if cell.data_type == "e":
        raise _changed(place, str(value))
    if isinstance(value, str):
        return _line(value, place)
    if isinstance(value, bool):
        if known.type in {Type.BOOL, None}:
            return "true" if value else "false"
    elif isinstance(value, int | float):
        written = _number(value, "%" in str(cell.number_format))
        if written is not None and known.type in _NUMBERS:
            return written
    elif isinstance(value, dt.datetime):
        if known.type in {Type.DATE, None} and value.time() == dt.time():
            return value.date().isoformat()
    elif isinstance(value, dt.date):
        if known.type in {Type.DATE, None}:
            return value.isoformat()
    elif isinstance(value, dt.time) and known.type in {Type.TIME, None} and not value.microsecond:
        return value.isoformat("seconds" if value.second else "minutes")
    raise _changed(place, str(value))


def _line(value: str, place: str) -> str:
    text = _ESCAPED.sub("_", value).strip(" \t\r\n")
    if "\n" in text or "\r" in text:
        raise refused(
            "EXCEL_CELL",
            "the cell has a line break; write it in one line",
            "单元格内有换行；请写成一行",
            place,
        )
    return text


def _number(value: int | float, percent: bool) -> str | None:
    """The digits of a number that a spreadsheet has kept whole, or None."""
    exact = Decimal(repr(value))
    if not exact.is_finite() or len(exact.as_tuple().digits) > EXACT_DIGITS:
        return None
    if abs(exact) >= Decimal(10) ** EXACT_DIGITS:
        return None
    exact = exact * 100 if percent else exact
    if exact == exact.to_integral_value():
        written = str(int(exact))
    else:
        written = format(exact.normalize(), "f")
    return (written + "%" if percent else written) if _PLAIN.fullmatch(written) else None


def _changed(place: str, shown: str) -> ExcelRefused:
    return refused(
        "EXCEL_CELL",
        f"Excel holds {shown[:40]!r} here, which may not be what was typed; "
        "give the cell the format Text and type it again",
        f"Excel 在此保存的是 {shown[:40]!r}，可能与输入不同；请将单元格设为文本格式后重新输入",
        place,
    )
