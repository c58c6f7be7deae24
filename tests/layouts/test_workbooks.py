"""Workbooks: days and numbers as people see them, and files made to break a reader."""

from __future__ import annotations

import datetime as dt
import io
import random
import zipfile
from collections.abc import Callable, Sequence

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from engine.formats.layouts import FileRefused, check, read_statement
from engine.formats.statement import StatementLine
from tests.layouts.given import HEAD, layout

TEXT = (
    HEAD.format(name="book", use="statement")
    + """\
file: {form: workbook, encoding: auto}
preamble: ["账号:{account}"]
footer: ["合计*"]
dates: ["%Y-%m-%d", "%Y%m%d", serial]
amount: {rule: debit_credit}
records:
  detail: |
    field        | type | column | check
    booking_date | date | 日期   | required
    debit        | yuan | 支出   | -
    credit       | yuan | 收入   | -
    balance      | yuan | 余额   | -
    remittance   | text | 摘要   | -
"""
)
BOOK = layout(TEXT)
NAMES = ["日期", "支出", "收入", "余额", "摘要"]
Row = Sequence[object]


def book(rows: Sequence[Row], change: Callable[[Worksheet], None] | None = None) -> bytes:
    """A workbook with these rows."""
    made = openpyxl.Workbook()
    sheet = made.active
    assert isinstance(sheet, Worksheet)
    for row in rows:
        sheet.append(list(row))
    if change is not None:
        change(sheet)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def lines(content: bytes) -> tuple[StatementLine, ...]:
    """The bookings of a workbook."""
    return read_statement(BOOK, io.BytesIO(content), account="6100").statements[0].lines


def refused(content: bytes) -> FileRefused:
    """How a workbook is refused."""
    with pytest.raises(FileRefused) as caught:
        lines(content)
    return caught.value


@pytest.mark.parametrize(
    "day", ["2026-01-05", "20260105", 20260105, 20260105.0, dt.date(2026, 1, 5), 46027]
)
def test_a_day_is_a_day_however_the_workbook_holds_it(day: object) -> None:
    found = lines(book([NAMES, [day, None, 12.3, 100, "赔款"]]))
    assert (found[0].booking_date, found[0].signed) == (dt.date(2026, 1, 5), 1230)


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        (0.1 + 0.2, 30),
        ("1,234.50", 123_450),
        (1e6, 100_000_000),
        ("¥ 0.01", 1),
        (1234567.89, 123_456_789),
    ],
)
def test_amounts_are_what_people_see(cell: object, amount: int) -> None:
    assert lines(book([NAMES, ["2026-01-05", None, cell, None, "x"]]))[0].signed == amount


def test_lines_around_the_rows_are_read_over_and_said() -> None:
    content = book([["账号: 6100 000"], [], NAMES, ["20260105", 1, None, 9, "a"], ["合计", 1]])
    read = read_statement(BOOK, io.BytesIO(content))
    assert read.statements[0].account == "6100000"
    assert [one.line for one in read.left_out] == [5]


def test_a_text_called_xls_is_read_as_what_it_is() -> None:
    rows = ["日期\t支出\t收入\t余额\t摘要", '="20260105"\t=""\t="1.50"\t="9.00"\t="张三"']
    found = lines("\r\n".join([*rows, ""]).encode("gb18030"))
    assert (found[0].signed, found[0].remittance) == (150, "张三")


def test_what_is_no_amount_names_its_row() -> None:
    rows: list[Row] = [NAMES, ["2026-01-05", None, 1, None, "x"]]
    error = refused(book([*rows, ["2026-01-06", None, True, None, "x"]]))
    assert (error.code, error.faults[0].row, error.faults[0].field) == ("AMOUNT", 2, "credit")


@pytest.mark.parametrize("cell", ["=1+1", "#N/A"])
def test_a_formula_without_its_result_is_an_empty_cell_and_said(cell: str) -> None:
    rows: list[Row] = [NAMES, ["2026-01-05", None, 1, None, "x"]]
    content = book([*rows, ["2026-01-06", None, cell, None, "x"]])
    read = read_statement(BOOK, io.BytesIO(content), account="1")
    assert [one.line for one in read.left_out] == [3]


def test_a_formula_without_its_result_breaks_the_balance() -> None:
    rows: list[Row] = [
        NAMES,
        ["2026-01-05", None, 1, 101, "x"],
        ["2026-01-06", None, "=1", 102, "x"],
    ]
    rows.append(["2026-01-07", None, 1, 103, "x"])
    assert refused(book(rows)).code == "BALANCE_CHAIN"


def _far(sheet: Worksheet) -> None:
    sheet.cell(1_048_576, 16_384, "x")


def test_a_cell_at_the_end_of_the_sheet_is_refused_before_it_is_laid_out() -> None:
    assert refused(book([NAMES, ["2026-01-05", None, 1, None, "x"]], _far)).code == "TOO_LARGE"


def test_a_file_that_unpacks_to_far_more_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b" " * 50_000_000)
    assert refused(out.getvalue()).code == "TOO_LARGE"


def test_a_doctype_in_a_sheet_is_refused() -> None:
    good = book([NAMES, ["2026-01-05", None, 1, None, "x"]])
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good)) as old, zipfile.ZipFile(out, "w") as new:
        for item in old.infolist():
            content = old.read(item)
            if item.filename.endswith("sheet1.xml"):
                content = content.replace(b"<worksheet", b"<!DOCTYPE x []><worksheet", 1)
            new.writestr(item.filename, content)
    assert refused(out.getvalue()).code == "WORKBOOK"


def test_a_zip_of_a_version_nobody_knows_is_refused() -> None:
    content = bytearray(book([NAMES]))
    place = content.index(b"PK\x01\x02")
    content[place + 6 : place + 8] = b"\xf6\x00"
    assert refused(bytes(content)).code == "WORKBOOK"


@pytest.mark.parametrize("begin", [b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])
def test_damaged_workbooks_are_refused(begin: bytes) -> None:
    for seed in range(6):
        rubbish = random.Random(seed).randbytes(2_000)
        assert refused(begin + rubbish).code == "WORKBOOK"


def test_a_program_that_asks_for_too_much_memory_ends_alone() -> None:
    """A header of an old workbook that promises more sectors than a disk has."""
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    header[24:34] = b"\x3e\x00\x03\x00\xfe\xff\x09\x00\x06\x00"
    header[44:48] = b"\xff\xff\xff\x7f"
    header[48:80] = b"\xfe\xff\xff\xff" * 8
    header[64:72] = b"\xff\xff\xff\x7f\xff\xff\xff\x7f"
    assert refused(bytes(header) + b"\0" * 4096).code == "WORKBOOK"


def test_a_sheet_that_is_not_there_is_named() -> None:
    other = layout(TEXT.replace("form: workbook,", "form: workbook, sheet: 明细,"))
    with pytest.raises(FileRefused) as caught:
        read_statement(other, io.BytesIO(book([NAMES])), account="1")
    assert "明细" in caught.value.text.en


@pytest.mark.parametrize("form", ["%m", "YYYYMMDD", "%Y%m"])
def test_a_date_without_a_month_or_a_day_is_a_finding(form: str) -> None:
    assert {one.code for one in check(TEXT.replace("%Y%m%d", form), "x.yaml")} == {"B033"}


def test_day_numbers_are_for_workbooks() -> None:
    text = TEXT.replace("form: workbook", "form: csv")
    assert {one.code for one in check(text, "x.yaml")} == {"B033"}


PAGE = """<html><head><style>td{}</style></head><body><table><tr><td><table>
<tr><td colspan="5">账号:6217</td></tr>
<tr><th>日期</th><th>支出</th><th>收入</th><th>余额</th><th>摘要</th></tr>
<tr><td>20260105</td><td>&nbsp;</td><td>10.00</td><td>110.00</td><td>保费 &amp; 其他<br>续</td></tr>
<tr><td>20260106</td><td>5.00</td><td></td><td>105.00</td><td>费</td></tr>
<tr><td>合计</td><td colspan="4"></td></tr></table></td></tr></table></body></html>"""
XML_SHEET = """<?xml version="1.0" encoding="UTF-8"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"
 xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="a"><Table>
<Row><Cell><Data ss:Type="String">账号:6217</Data></Cell></Row><Row>NAMES</Row>
<Row><Cell><Data ss:Type="DateTime">2026-01-05T00:00:00.000</Data></Cell>
<Cell ss:Index="3"><Data ss:Type="Number">10</Data></Cell>
<Cell><Data ss:Type="Number">110</Data></Cell><Cell><Data>保费</Data></Cell></Row>
</Table></Worksheet></Workbook>""".replace(
    "NAMES", "".join(f"<Cell><Data>{one}</Data></Cell>" for one in NAMES)
)


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_web_page_called_xls_is_read_as_its_table(codec: str) -> None:
    read = read_statement(BOOK, io.BytesIO(PAGE.encode(codec)))
    (statement,) = read.statements
    assert (statement.account, statement.opening, statement.closing) == ("6217", 10000, 10500)
    assert [one.remittance for one in statement.lines] == ["保费 & 其他续", "费"]
    assert [one.text.strip() for one in read.left_out] == ["合计"]


def test_an_xml_sheet_called_xls_is_read_with_the_columns_it_leaves_out() -> None:
    (statement,) = read_statement(BOOK, io.BytesIO(XML_SHEET.encode())).statements
    (line,) = statement.lines
    assert (line.booking_date, line.signed, line.balance) == (dt.date(2026, 1, 5), 1000, 11000)


def test_marked_up_files_that_attack_or_end_early_are_refused() -> None:
    entity = XML_SHEET.replace("<Workbook", '<!DOCTYPE x [<!ENTITY a "1">]><Workbook', 1)
    assert refused(entity.encode()).code == "WORKBOOK"
    assert refused(XML_SHEET[:-60].encode()).code == "WORKBOOK"
    assert refused(PAGE.replace('colspan="5"', 'colspan="99999"').encode()).code == "TOO_LARGE"
    assert refused(("<html>" + "<div>" * 100_000 + "<table></table>").encode()).code in (
        "WORKBOOK",
        "HEADER_ROW",
    )
