"""Reading files, whole-file refusals, templates, and the Excel of refused rows."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineWorkbook
from sqlmodel import Session

from engine.base.text import SluiceError
from engine.formats.layouts import workbooks
from engine.rulebook import Rulebook
from engine.runtime.clock import ManualClock
from engine.treasury.intake import files
from engine.treasury.intake.columns import COLUMNS
from engine.treasury.intake.files import read_file
from engine.treasury.intake.imports import import_file
from engine.treasury.intake.reasons import IntakeError
from engine.treasury.intake.refusals import neutral, refusals_xlsx
from engine.treasury.intake.template import csv_template, title, xlsx_template
from tests.treasury_intake.support import (
    RULESETS,
    bring_in,
    csv_file,
    documents,
    publish_shipped,
    row,
    states,
)


def xlsx(lines: Sequence[Sequence[object]]) -> bytes:
    """Lines as an xlsx file."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    for line in lines:
        sheet.append(list(line))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


HEADER = list(row())


def line(**changes: object) -> list[object]:
    """A good row as cells."""
    return list({**row(1), **changes}.values())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_is_read_in_every_encoding_banks_and_branches_use(encoding: str) -> None:
    [read] = read_file(csv_file([row(1, counterparty_name="𠮷田 王小二")], encoding))
    assert read.texts["counterparty_name"] == "𠮷田 王小二"


def test_headers_are_known_in_chinese_and_in_both_languages() -> None:
    names = [c.label.zh if at % 2 else title(c) for at, c in enumerate(COLUMNS)]
    [read] = read_file(xlsx([names, line()]))
    assert read.texts == row(1)


def test_the_templates_are_files_the_importer_reads() -> None:
    [from_csv] = read_file(csv_template())
    with pytest.raises(IntakeError, match="FILE_EMPTY"):
        read_file(xlsx_template({}))
    assert from_csv.texts == {column.name: column.example for column in COLUMNS}


def test_template_columns_are_formatted_as_text() -> None:
    book = load_workbook(io.BytesIO(xlsx_template({})))
    sheet = book["documents"]
    assert sheet["G2"].number_format == "@"
    assert "选填" in str(sheet["G1"].comment.text)


def test_a_long_account_number_kept_as_a_number_is_refused_not_guessed() -> None:
    [read] = read_file(xlsx([HEADER, line(counterparty_account=6222021001116245702)]))
    assert [reason.code for reason in read.trouble] == ["NUMBER_PRECISION"]


def test_a_short_number_and_an_amount_as_numbers_are_read_exactly() -> None:
    [read] = read_file(xlsx([HEADER, line(counterparty_account=622202, amount=100.1)]))
    assert (read.texts["counterparty_account"], read.texts["amount"]) == ("622202", "100.1")
    assert not read.trouble


def test_a_workbook_that_ends_its_reader_is_refused_and_ends_nothing_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    dying = tmp_path / "dying.py"
    dying.write_text("raise MemoryError\n", "utf-8")
    monkeypatch.setattr(workbooks, "_CHILD", dying)
    with pytest.raises(IntakeError, match="FILE_DAMAGED"):
        read_file(xlsx([HEADER, line()]))


def test_days_booleans_and_large_numbers_of_a_workbook_are_kept_as_they_stand() -> None:
    due = dt.datetime.fromisoformat("2026-11-23T09:30")
    [read] = read_file(
        xlsx([HEADER, line(due_date=due, payee_is_insured=True, amount=123456789012.34)])
    )
    found = [read.texts[one] for one in ("due_date", "payee_is_insured", "amount")]
    assert found == ["2026-11-23", "true", "123456789012.34"]
    assert not read.trouble


def test_an_error_cell_is_a_reason() -> None:
    [read] = read_file(csv_file([row(1, amount="#REF!")]))
    assert [reason.code for reason in read.trouble] == ["CELL_ERROR"]


def _bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * 5_000_000)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "FILE_EMPTY"),
        (csv_file([]), "FILE_EMPTY"),
        (b"organisation,colour\nBJ,red\n", "FILE_HEADER"),
        (b"organisation,organisation\nBJ,BJ\n", "FILE_HEADER"),
        (b"organisation,amount\nBJ,1\n", "FILE_COLUMNS"),
        (b"organisation\n\xff\xff\xff", "FILE_ENCODING"),
        (b"PK\x03\x04 not a zip", "FILE_DAMAGED"),
        (b"\xd0\xcf\x11\xe0 old excel", "FILE_KIND"),
        (_bomb(), "FILE_TOO_LARGE"),
    ],
)
def test_an_unusable_file_is_refused_whole_with_a_sentence(content: bytes, code: str) -> None:
    with pytest.raises(IntakeError) as refused:
        read_file(content)
    assert refused.value.code == code
    assert refused.value.text.zh


def test_too_many_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_ROWS", 2)
    with pytest.raises(IntakeError, match="FILE_ROWS"):
        read_file(csv_file([row(n) for n in range(3)]))


def handmade(body: str, sheet: str = "sheet1.xml", head: str = "") -> bytes:
    """An xlsx whose only worksheet, in the part named `sheet`, is `body`."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(xlsx([]))) as sound,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in sound.namelist():
            text = sound.read(name).decode()
            if name == "xl/worksheets/sheet1.xml":
                name = f"xl/worksheets/{sheet}"
                text = (
                    f'{head}<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/'
                    f'2006/main">{body}</worksheet>'
                )
            packed.writestr(name, text.replace("sheet1.xml", sheet))
    return out.getvalue()


def _cells(values: Sequence[object]) -> str:
    return "".join(f'<c t="inlineStr"><is><t>{value}</t></is></c>' for value in values)


_FAR = '<c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c>'


def test_cells_without_places_are_read() -> None:
    body = f"<sheetData><row>{_cells(HEADER)}</row><row>{_cells(line())}</row></sheetData>"
    [read] = read_file(handmade(body))
    assert (read.number, read.texts) == (2, row(1))


@pytest.mark.parametrize(
    ("body", "cell"),
    [
        (f'<sheetData><row r="1048576">{_FAR}</row></sheetData>', "A1048576"),
        (f"<sheetData><row>{_FAR}</row></sheetData>", "XFD1048576"),
        ('<dimension ref="A1:XFD2"/><sheetData/>', "XFD2"),
        ('<sheetData><row><c r="BM1"/></row></sheetData>', "BM1"),
        ("<sheetData><row>" + "<c/>" * 65 + "</row></sheetData>", "BM1"),
        ('<sheetData><row r="10001"/><row/></sheetData>', "A10002"),
    ],
)
@pytest.mark.parametrize("sheet", ["sheet1.xml", "other.dat"])
def test_a_small_file_whose_sheet_reaches_far_is_refused_before_it_is_laid_out(
    body: str, cell: str, sheet: str
) -> None:
    with pytest.raises(IntakeError, match="FILE_RANGE") as refused:
        read_file(handmade(body, sheet))
    assert refused.value.status == 413
    assert f"cell {cell}," in refused.value.text.en


@pytest.mark.parametrize(
    ("body", "head"),
    [
        ("<sheetData><row></sheetData>", ""),
        ('<sheetData><row r="5"><c/></row><row r="2"><c/></row></sheetData>', ""),
        ('<sheetData><row><c r="5"/></row></sheetData>', ""),
        ("<sheetData/>", '<!DOCTYPE worksheet [<!ENTITY a "b">]>'),
    ],
)
def test_a_worksheet_that_is_no_sound_xml_is_damaged(body: str, head: str) -> None:
    with pytest.raises(IntakeError, match="FILE_DAMAGED"):
        read_file(handmade(body, head=head))


@pytest.mark.parametrize("name", ["xl/workbook.bin", "content.xml"])
def test_workbooks_of_another_kind_are_named(name: str) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr(name, b"x")
    with pytest.raises(IntakeError, match="FILE_KIND"):
        read_file(out.getvalue())


def test_one_file_is_one_batch_and_the_same_file_again_gets_the_first_answer(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    first = bring_in(live, rulebook, clock, [row(1), row(2)])
    again = bring_in(live, rulebook, clock, [row(1), row(2)])
    assert (first.status, again.status) == (201, 409)
    assert again.body == first.body
    assert len({d.document_batch_id for d in documents(live)}) == 1


def test_a_row_that_is_there_already_is_reported_and_another_content_refused(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    bring_in(live, rulebook, clock, [row(1)])
    answer = bring_in(live, rulebook, clock, [row(1), row(2), row(2, amount="9.00")])
    assert (answer.body["repeated"], answer.body["accepted"]) == (1, 1)
    refusals = answer.body["refusals"]
    assert isinstance(refusals, list)
    assert [r["code"] for r in refusals] == ["DUPLICATE_IN_FILE"]
    other = bring_in(live, rulebook, clock, [row(1, amount="8.00"), row(3)])
    refusals = other.body["refusals"]
    assert isinstance(refusals, list)
    assert [r["code"] for r in refusals] == ["DUPLICATE_NUMBER"]


def test_good_rows_are_taken_and_bad_ones_returned_or_refused(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    rows = [row(1), row(2, amount="0"), row(3, amount="1.234"), row(4, organisation="NO")]
    answer = bring_in(live, rulebook, clock, rows)
    assert answer.status == 201
    assert [answer.body[k] for k in ("accepted", "returned", "refused")] == [1, 1, 2]
    assert states(live) == {"CL-00001": "IN_APPROVAL", "CL-00002": "RETURNED"}


def _refusing(folder: Path) -> Path:
    """The shipped rulesets, but payments refuse a whole file."""
    for source in sorted(RULESETS.rglob("*.yaml")):
        target = folder / source.relative_to(RULESETS)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(
            source.read_text().replace("on_error: return_rows", "on_error: refuse_file")
        )
    return folder


def test_a_ruleset_can_refuse_the_whole_file_and_the_file_may_come_again(
    group: Session, rulebook: Rulebook, clock: ManualClock, tmp_path: Path
) -> None:
    publish_shipped(group, clock, _refusing(tmp_path))
    rows = [row(1), row(2, amount="0")]
    first = bring_in(group, rulebook, clock, rows)
    again = bring_in(group, rulebook, clock, rows)
    assert (first.status, again.status, documents(group)) == (422, 422, [])
    assert first.body["outcome"] == "refused"


def test_refused_rows_come_back_as_text_in_an_excel_file(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    rows = [
        row(1),
        row(2, amount="-5.00", purpose="=cmd|'/c calc'!A1"),
        row(3, amount="1.234", purpose="@SUM(A1)"),
    ]
    answer = bring_in(live, rulebook, clock, rows)
    content = refusals_xlsx(live, "maker", str(answer.body["batch_no"]))
    head, *lines = (
        CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    )
    purpose = [str(h) for h in head].index("用途 / purpose")
    assert {str(one[0]) for one in lines} == {"3", "4"}
    assert {str(one[purpose]) for one in lines} == {"'=cmd|'/c calc'!A1", "'@SUM(A1)"}
    assert all(one[3] and one[4] for one in lines)


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\t=1", "＝1"])
def test_formulas_are_neutralised(text: str) -> None:
    assert neutral(text).startswith("'")


def test_a_user_without_the_right_imports_nothing(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    with pytest.raises(SluiceError, match="NOT_PERMITTED"):
        import_file(live, rulebook, "auditor", "f.csv", csv_file([row(1)]), clock.now())


def test_a_branch_user_enters_only_for_its_own_organisations(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    answer = bring_in(live, rulebook, clock, [row(1), row(2, organisation="SH")], "bj-maker")
    assert [answer.body[k] for k in ("accepted", "refused")] == [1, 1]
