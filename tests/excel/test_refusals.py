"""What a workbook must not bring: named with sheet, cell, cause and remedy; nothing is guessed."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from engine.rules.excel import ExcelRefused, from_xlsx, to_xlsx
from tests.edit.given import TEXTS, table
from tests.excel.test_round_trip import APPROVAL, VOCABULARY, saved

CALENDAR = next(one for one in TEXTS if one.startswith("kind: calendar"))
BANKS = next(one for one in TEXTS if "name: bank-answers" in one)


def put(sheet: str, cell: str, value: object, number_format: str = "General") -> Any:
    def change(book: Workbook) -> None:
        book[sheet][cell] = value  # type: ignore[assignment]
        book[sheet][cell].number_format = number_format

    return change


def drop(sheet: str, **part: int) -> Any:
    def change(book: Workbook) -> None:
        found = book[sheet]
        assert isinstance(found, Worksheet)
        if "row" in part:
            found.delete_rows(part["row"])
        else:
            found.delete_cols(part["column"])

    return change


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        (put("Rules", "B3", "=1+1"), "EXCEL_FORMULA", "Rules!B3"),
        (put("Envelope", "B5", "=NOW()"), "EXCEL_FORMULA", "Envelope!B5"),
        (put("Rules", "C3", 12), "EXCEL_CELL", "Rules!C3"),
        (put("Rules", "A3", 12), "EXCEL_CELL", "Rules!A3"),
        (put("Rules", "B3", 1234567890123456789), "EXCEL_CELL", "format Text"),
        (put("Rules", "B3", 1 / 3), "EXCEL_CELL", "Rules!B3"),
        (put("Rules", "B3", dt.date(2026, 3, 4), "yyyy-mm-dd"), "EXCEL_CELL", "Rules!B3"),
        (put("Rules", "B3", True), "EXCEL_CELL", "Rules!B3"),
        (put("Rules", "F3", dt.timedelta(hours=4)), "EXCEL_CELL", "Rules!F3"),
        (put("Rules", "B3", "#REF!"), "EXCEL_CELL", "Rules!B3"),
        (put("Rules", "E3", "a\nb"), "EXCEL_CELL", "line break"),
        (put("Rules", "A3", "A2"), "EXCEL_TWICE", "Rules!A3"),
        (put("Rules", "A4", None), "EXCEL_ROW", "Rules!A4"),
        (put("Rules", "A12", "none"), "EDIT_ROW_ID", "Rules!A12"),
        (put("Rules", "G3", "字" * 10_001), "EDIT_TOO_LONG", "Rules!G3"),
        (put("Rules", "B1", "amuont"), "EXCEL_COLUMN", "did you mean 'amount'"),
        (put("Rules", "B1", "creditor_type"), "EXCEL_TWICE", "Rules!C1"),
        (put("Rules", "H4", "note"), "EXCEL_COLUMN", "Rules!H4"),
        (put("Rules", "H1", "currency"), "EXCEL_COLUMN", "column add"),
        (put("Examples", "A5", "2"), "EXCEL_TWICE", "Examples!A5"),
        (put("Examples", "A5", "77"), "EXCEL_ROW", "Examples!A5"),
        (put("Envelope", "B3", "0" * 64), "EXCEL_BASE", "made from another text"),
        (put("Envelope", "B6", None), "EXCEL_VALUE", "Envelope!B6"),
        (put("Envelope", "A12", "kind.x"), "EDIT_NO_KEY", "Envelope!B12"),
        (drop("Rules", row=2), "EXCEL_HEADER", "second row"),
        (drop("Rules", row=1), "EXCEL_COLUMN", "Rules!A1"),
        (drop("Rules", column=3), "EXCEL_HEADER", "'creditor_type'"),
        (drop("Envelope", row=3), "EXCEL_BASE", "another text"),
        (lambda book: book.remove(book["Examples"]), "EXCEL_SHEET", "'Examples' is missing"),
        (lambda book: book.create_sheet("Sheet1"), "EXCEL_SHEET", "'Sheet1'"),
    ],
)
def test_a_cell_that_cannot_be_taken_is_named(
    change: Callable[[Workbook], None], code: str, said: str
) -> None:
    with pytest.raises(ExcelRefused) as refused:
        saved(APPROVAL, change)
    assert refused.value.code == code
    assert said in refused.value.text.en
    assert refused.value.text.zh != refused.value.text.en


@pytest.mark.parametrize(
    ("text", "cell", "value", "shown", "written"),
    [
        (APPROVAL, "B3", 50000, "General", "50000"),
        (APPROVAL, "B3", 49999.99, "#,##0.00", "49999.99"),
        (APPROVAL, "B3", 1e5, "General", "100000"),
        (APPROVAL, "D3", True, "General", "true"),
        (CALENDAR, "B4", dt.date(2026, 1, 1), "yyyy-mm-dd", "2026-01-01"),
        (CALENDAR, "E3", dt.time(16, 30), "hh:mm", "16:30"),
        (BANKS, "E3", 3, "0", "3"),
    ],
)
def test_what_excel_kept_whole_is_read_back_as_it_was_typed(
    text: str, cell: str, value: object, shown: str, written: str
) -> None:
    new = saved(text, put("Rules", cell, value, shown))
    row, column = int(cell[1:]) - 2, ord(cell[0]) - ord("A")
    assert table(new)[row][column] == written


def test_a_percentage_is_written_with_its_sign() -> None:
    assert "large: 30%" in saved(APPROVAL, put("Parameters", "B4", 0.3, "0%"))


def content() -> bytes:
    return to_xlsx(APPROVAL, VOCABULARY)


def packed(**parts: bytes) -> bytes:
    """The workbook with other parts, by the end of their names."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content())) as old,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for item in old.infolist():
            name = item.filename.rpartition("/")[2].partition(".")[0]
            new.writestr(item.filename, parts.get(name, old.read(item)))
    return made.getvalue()


def far() -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(content()))
    book["Rules"]["A1048576"] = "x"
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


ENTITIES = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><sst>&a;</sst>'


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (lambda: b"", "EXCEL_FILE"),
        (lambda: b"kind: approval", "EXCEL_FILE"),
        (lambda: content()[:-200], "EXCEL_FILE"),
        (lambda: content()[:3000], "EXCEL_FILE"),
        (lambda: packed(sheet1=b"<worksheet><sheetData><row"), "EXCEL_FILE"),
        (lambda: packed(workbook=b"<x/>"), "EXCEL_SHEET"),
        (lambda: packed(workbook=b"<x"), "EXCEL_FILE"),
        (lambda: packed(styles=ENTITIES), "EXCEL_FILE"),
        (lambda: packed(styles=b" " * 200_000_000), "EXCEL_TOO_LARGE"),
        (far, "EXCEL_TOO_LARGE"),
        (lambda: b"PK\x03\x04" + b"x" * 21_000_000, "EXCEL_TOO_LARGE"),
    ],
)
def test_a_broken_or_hostile_file_is_refused(broken: Callable[[], bytes], code: str) -> None:
    with pytest.raises(ExcelRefused) as refused:
        from_xlsx(broken(), APPROVAL, VOCABULARY)
    assert refused.value.code == code
