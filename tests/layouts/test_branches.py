"""What a branch has otherwise, file names, and messages over several files."""

from __future__ import annotations

import datetime as dt

import pytest

from engine.formats.layouts import FileRefused, check, file_name, parts
from tests.layouts.given import BARS, PEOPLE, layout, rows_in, text_of

BEIJING = (
    BARS
    + """\
overrides:
  BJ:
    file: {eol: lf, encoding: utf-8, name: "BJ_{message_id}_{part:3}.txt", max_rows: 2}
    fields:
      tag: "B"
      remittance: {width: 10, check: overflow error}
"""
)


def test_a_branch_changes_its_own_files_and_no_others() -> None:
    whole = layout(BEIJING)
    branch = whole.for_org(("GROUP", "BJ", "BJ-01"))
    assert whole.for_org(("GROUP", "SH")) is whole
    assert text_of(whole) == text_of(layout(BARS))
    content = text_of(branch, PEOPLE[:2]).decode("utf-8")
    assert content.split("\n")[1] == "B|1|D1-1|6222021001000001|王伟|901100000001|123.45|赔款|"
    assert "\r" not in content
    assert rows_in(branch, content.encode()) == list(PEOPLE[:2])


def test_a_branch_has_its_own_widths_and_checks() -> None:
    branch = layout(BEIJING).for_org(("GROUP", "BJ"))
    with pytest.raises(FileRefused) as caught:
        text_of(branch, [(*PEOPLE[0][:5], "理赔款项")])
    assert [(one.code, one.field) for one in caught.value.faults] == [("TOO_LONG", "remittance")]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('tag: "B"', 'tag: "BB"', "B034"),
        ('tag: "B"', 'tag: "|"', "B017"),
        ('tag: "B"', 'mark: "B"', "B025"),
        ("eol: lf", "form: fixed", "B025"),
        ("eol: lf", "eol: both", "B003"),
        ("eol: lf", "ending: lf", "B001"),
        ("{message_id}", "{batch}", "B037"),
        ("width: 10", "width: ten", "B015"),
        ("check: overflow error", "checks: overflow error", "B001"),
        ("encoding: utf-8", "encoding: auto", "B038"),
    ],
)
def test_a_branch_is_checked_like_the_whole(old: str, new: str, code: str) -> None:
    assert old in BEIJING
    text = BEIJING.replace(old, new)
    found = check(text, "x.yaml")
    assert {one.code for one in found} == {code}
    assert all(1 <= one.span.line <= text.count("\n") for one in found)


def test_a_message_of_many_rows_makes_several_files() -> None:
    branch = layout(BEIJING).for_org(("GROUP", "BJ"))
    with pytest.raises(FileRefused) as caught:
        text_of(branch)
    assert caught.value.code == "TOO_MANY_ROWS"
    files = [text_of(branch, part) for part in parts(PEOPLE, branch)]
    assert len(files) == 2
    assert [row for one in files for row in rows_in(branch, one)] == list(PEOPLE)


def test_names_of_files_are_safe() -> None:
    branch = layout(BEIJING).for_org(("GROUP", "BJ"))
    assert file_name(branch, {"message_id": "PB1", "part": 7}) == "BJ_PB1_007.txt"
    assert "/" not in file_name(branch, {"message_id": "../../etc/x", "part": 1})
    with pytest.raises(FileRefused) as caught:
        file_name(branch, {"message_id": "PB1"})
    assert caught.value.code == "FILE_NAME"


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("P{value_date}.txt", "P20261123.txt"),
        ("P{value_date:%y%m}_{account_number}.txt", "P2611_6222.txt"),
    ],
)
def test_a_name_holds_what_its_pattern_asks_for(pattern: str, name: str) -> None:
    made = layout(BARS.replace("eol: crlf", f'eol: crlf, name: "{pattern}"'))
    given: dict[str, str | int | dt.date] = {
        "value_date": dt.date(2026, 11, 23),
        "account_number": "6222",
    }
    assert file_name(made, given) == name


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('separator: "|"', "separator: x", "B003"),
        ('separator: "|"', 'separator: "."', "B003"),
        ('separator: "|"', "separator: '\"', quote: '\"'", "B003"),
        ('separator: "|"', "separator: '||', quote: '\"'", "B003"),
        ("eol: crlf", 'eol: crlf, name: "{message_id}/{part}.txt"', "B037"),
        ("from: 2026-01-01", "from: 2026-01-01, to: 2025-12-31", "B003"),
        ("encoding: gb18030", "encoding: auto", "B038"),
        ("form: delimited", "form: workbook", "B038"),
    ],
)
def test_settings_that_cannot_work_are_findings(old: str, new: str, code: str) -> None:
    assert old in BARS
    assert code in {one.code for one in check(BARS.replace(old, new), "x.yaml")}
