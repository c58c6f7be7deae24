"""The voucher list: filters, scope, totals, and the Excel file."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
import sqlalchemy as sa
from openpyxl import load_workbook

from engine.machines.posting import post_event
from engine.rulebook import Rulebook
from engine.runtime import db
from engine.treasury.organisations.models import RoleGrant, UserAccount
from engine.treasury.vouchers import Filters, VoucherList, export_xlsx, vouchers
from tests.payments.stage import MORNING, prepare
from tests.payments.world import day
from tests.posting.test_events import EVENT

BIG = 123_456_789_012_345_678


@pytest.fixture(scope="module")
def books(module_engine: sa.Engine) -> sa.Engine:
    """Three vouchers in BJ01 and GROUP."""
    prepare(module_engine)
    with db.transaction(module_engine) as session:
        pinned = Rulebook().at(session)
        for event in (
            EVENT,
            replace(EVENT, event_id="E2", date=day(24), creditor_name="=cmd()", amount=100),
            replace(EVENT, event_id="E3", org_id="GROUP", event="fee_charged", amount=BIG),
        ):
            post_event(session, pinned, event, MORNING)
        session.add(UserAccount(id="branch", org_id="BJ", name="branch"))
        session.flush()
        session.add(RoleGrant(user_id="branch", role="accountant", org_id="BJ"))
    return module_engine


def _list(books: sa.Engine, filters: Filters, user: str = "accountant") -> VoucherList:
    with db.transaction(books) as session:
        return vouchers(session, user, filters)


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        (Filters(), 3),
        (Filters(first=day(24)), 1),
        (Filters(last=day(23)), 2),
        (Filters(org_id="GROUP"), 1),
        (Filters(account="660303"), 1),
        (Filters(number="LE1-202611-000002"), 1),
        (Filters(voucher_type="receipt"), 0),
        (Filters(text="王伟"), 1),
        (Filters(document_no="D9"), 0),
    ],
)
def test_filters_narrow_the_list(books: sa.Engine, filters: Filters, count: int) -> None:
    found = _list(books, filters)
    assert (found.count, len(found.rows)) == (count, count)


def test_a_branch_sees_only_its_own(books: sa.Engine) -> None:
    assert _list(books, Filters(), "branch").count == 2
    assert _list(books, Filters(), "cashier").count == 0


def test_totals_are_of_everything_found(books: sa.Engine) -> None:
    (total,) = _list(books, Filters()).totals
    assert (total.vouchers, total.debit, total.credit) == (3, BIG + 12_445, BIG + 12_445)


def test_the_excel_file_has_a_row_per_line_and_totals(books: sa.Engine) -> None:
    sheet = load_workbook(io.BytesIO(export_xlsx(_list(books, Filters(last=day(23))), "zh"))).active
    assert sheet is not None
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][0] == "凭证号"
    assert len(rows) == 1 + 4 + 1
    assert (rows[1][5], rows[1][8], rows[1][9]) == ("224101", 123.45, None)
    assert rows[-1][0] == "合计,2 张凭证"


def test_text_stays_text_in_the_excel_file(books: sa.Engine) -> None:
    found = _list(books, Filters(first=day(24)))
    sheet = load_workbook(io.BytesIO(export_xlsx(found, "en"))).active
    assert sheet is not None
    assert (sheet["E2"].data_type, sheet["E2"].value) == ("s", "付 =cmd() D1")
    assert (sheet["F2"].data_type, sheet["F2"].number_format) == ("s", "@")


def test_an_amount_excel_would_round_is_written_as_text(books: sa.Engine) -> None:
    found = _list(books, Filters(org_id="GROUP"))
    sheet = load_workbook(io.BytesIO(export_xlsx(found, "en"))).active
    assert sheet is not None
    assert sheet["I2"].value == "1234567890123456.78"
