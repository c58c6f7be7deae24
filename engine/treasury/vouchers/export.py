"""The voucher list as an Excel file: text stays text, amounts are exact numbers, totals below."""

from __future__ import annotations

import io
from decimal import Decimal

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from engine.base.money import decimals, format_major
from engine.base.text import Lang, Text
from engine.treasury.vouchers.listing import VoucherLineRow, VoucherList, VoucherRow

COLUMNS = (
    (Text("voucher", "凭证号"), 24),
    (Text("date", "日期"), 12),
    (Text("type", "凭证类别"), 10),
    (Text("organisation", "机构"), 12),
    (Text("text", "摘要"), 36),
    (Text("account", "科目"), 10),
    (Text("account name", "科目名称"), 24),
    (Text("currency", "币种"), 6),
    (Text("debit", "借方"), 18),
    (Text("credit", "贷方"), 18),
    (Text("dimensions", "辅助核算"), 40),
    (Text("document", "单据号"), 22),
    (Text("match number", "核对批号"), 24),
    (Text("reverses", "冲销凭证"), 24),
)
"""Heading and width of each column."""

TYPES = {
    "payment": Text("payment", "付款"),
    "receipt": Text("receipt", "收款"),
    "transfer": Text("transfer", "转账"),
}

CURRENCY, DEBIT, CREDIT = 8, 9, 10
"""Places of the columns that hold totals, from 1."""


EXACT_DIGITS = 15
"""Digits a number in Excel keeps; a larger amount is written as text rather than rounded."""


def export_xlsx(found: VoucherList, lang: Lang) -> bytes:
    """One row per voucher line, then a total per currency."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = Text("Vouchers", "凭证").say(lang)
    sheet.freeze_panes = "A2"
    for place, (heading, width) in enumerate(COLUMNS, start=1):
        sheet.column_dimensions[get_column_letter(place)].width = width
        _text(_cell(sheet, 1, place), heading.say(lang), bold=True)
    number = 1
    for voucher in found.rows:
        for line in voucher.lines:
            number += 1
            _row(sheet, number, voucher, line, lang)
    for total in found.totals:
        number += 1
        label = Text(f"total, {total.vouchers} vouchers", f"合计,{total.vouchers} 张凭证")
        _text(_cell(sheet, number, 1), label.say(lang), bold=True)
        _text(_cell(sheet, number, CURRENCY), total.currency, bold=True)
        _money(_cell(sheet, number, DEBIT), total.debit, total.currency, bold=True)
        _money(_cell(sheet, number, CREDIT), total.credit, total.currency, bold=True)
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def _row(
    sheet: Worksheet, number: int, voucher: VoucherRow, line: VoucherLineRow, lang: Lang
) -> None:
    kind = TYPES.get(voucher.voucher_type, Text(voucher.voucher_type, voucher.voucher_type))
    texts = {
        1: voucher.number,
        2: voucher.voucher_date.isoformat(),
        3: kind.say(lang),
        4: voucher.org_id,
        5: line.text,
        6: line.account,
        7: Text(line.account_en, line.account_zh).say(lang),
        CURRENCY: voucher.currency,
        11: "; ".join(f"{name}={value}" for name, value in line.dimensions.items()),
        12: voucher.document_no or "",
        13: voucher.match_no or "",
        14: voucher.reverses or "",
    }
    for place, value in texts.items():
        _text(_cell(sheet, number, place), value)
    # As in a ledger, the side without an amount is empty.
    if line.debit:
        _money(_cell(sheet, number, DEBIT), line.debit, voucher.currency)
    if line.credit:
        _money(_cell(sheet, number, CREDIT), line.credit, voucher.currency)


def _cell(sheet: Worksheet, row: int, place: int) -> Cell:
    cell = sheet.cell(row, place)
    if not isinstance(cell, Cell):
        raise TypeError("merged cells have no value of their own")
    return cell


def _text(cell: Cell, value: str, *, bold: bool = False) -> None:
    """A text cell: what looks like a number or a formula stays what was written."""
    cell.value = value
    cell.data_type = "s"
    cell.number_format = "@"
    if bold:
        cell.font = Font(bold=True)


def _money(cell: Cell, minor: int, currency: str, *, bold: bool = False) -> None:
    """A number in major units."""
    places = decimals(currency)
    if len(str(abs(minor))) > EXACT_DIGITS:
        _text(cell, format_major(minor, currency), bold=bold)
        return
    cell.value = Decimal(minor).scaleb(-places)
    cell.number_format = "#,##0." + "0" * places if places else "#,##0"
    if bold:
        cell.font = Font(bold=True)
