"""Mistakes in a whole file: each gives one finding, in place, and all are found in one pass."""

from __future__ import annotations

import pytest

from engine.base.findings import Severity
from engine.base.yaml_marks import MAX_BYTES
from engine.rules import Loaded, load_ruleset
from engine.rules.lexer import MAX_CELL
from engine.rules.table import MAX_ROWS
from tests.rules.given import KINDS, VOCABULARY, findings, load, said, text

GOOD = "id | amount => code\nA | < 5 => x\nB | - => y"


def reading(source: str) -> Loaded:
    """Load a text as it is."""
    return load_ruleset("t.yaml", source, VOCABULARY, kinds=KINDS)


def found_in(source: str) -> list[str]:
    """What is found in a text as it is."""
    return [said(one) for one in reading(source).findings]


def test_the_manual_page_of_check_is_true() -> None:
    source = """\
kind: trial
name: payment-approval
title: {en: Payment approval, zh: 付款审批}
version: 7
effective: {from: 2020-01-01}
scope: {org: GROUP, subject: payment}
params: {small: 5万, large: 50万}
adjustable: {large: down, small: down}
overrides: {SH: {large: 30万}}
hit_policy: unique
rules: |
  id | amount           | creditor_typ    => chain
  A1 | < $small         | claimant, agent => reviewer
  A2 | [$small..$large) | claimant, agent => reviewer > finance_manager
"""
    vocabulary = type(VOCABULARY)(
        {**VOCABULARY.words, "creditor_type": VOCABULARY.words["bank"]}, "v.yaml"
    )
    (found,) = load_ruleset("t.yaml", source, vocabulary, kinds=KINDS).findings
    assert said(found) == (
        "12:27+12 error[R102] unknown column 'creditor_typ'; did you mean 'creditor_type'?"
    )
    assert found.message.zh == "未知列 'creditor_typ'；是否指 'creditor_type'？"
    assert found.hint is not None
    assert found.hint.en == "did you mean 'creditor_type'?"


# what is replaced in a good file, by what, and the only finding
SLIPS: list[tuple[str, str, str]] = [
    ("kind: trial", "kind: trail", "1:7+5 error[R010] unknown kind 'trail'; did you mean 'trial'?"),
    ("kind: trial", "knd: trial", "1:1+3 error[R011] unknown key 'knd'; did you mean 'kind'?"),
    ("name: a-trial\n", "", "1:1+1 error[R012] key 'name' is missing; add `name:`"),
    ("name: a-trial", "name: A Trial", "2:7+7 error[R013] 'A Trial' cannot stand at name; write"),
    ("zh: 试验}", "zn: 试验}", "3:22+2 error[R011] unknown key 'zn'; did you mean 'zh'?"),
    ("en: A trial", "en: ''", "3:13+2 error[R013] title.en is empty; write it, or delete"),
    ("version: 1", "version: one", "4:10+3 error[R013] 'one' cannot stand at version; write a wh"),
    ("version: 1", "version: 1.5", "4:10+3 error[R013] '1.5' cannot stand at version"),
    ("version: 1", "version: {a: 1}", "4:1+7 error[R013] version must be one value"),
    ("2026-01-01}", "2026-02-30}", "5:19+10 error[R015] 2026-02-30 is no day of the calendar"),
    ("01-01}", "01-01, to: 2025-01-01}", "5:35+10 error[R015] the last day lies before the first"),
    ("hit_policy: first", "hit_policy: frist", "7:13+5 error[R013] 'frist' cannot stand at hit_po"),
    ("hit_policy: first", "hit_policy: priority", "7:13+8 error[R018] 'priority' needs `priority:"),
    ("rules: |", "rules: >", "8:1+5 error[R014] rules must be a literal block; write `rules: |`"),
    ("rules: |", "rule: |", "8:1+4 error[R011] unknown key 'rule'; did you mean 'rules'?"),
    ("hit_policy", "name: b\nhit_policy", "7:1+4 error[R003] key 'name' is already on line 2"),
    ("name: a-trial", "name: &x a-trial", "2:7+10 error[R004] anchors and aliases are not allowed"),
    ("name: a-trial", "name: !!str a-trial", "2:7+13 error[R004] tags are not allowed"),
    ("name: a-trial", "name: 'a-trial", "12:1+1 error[R002] this is not YAML: found unexpected"),
    ("hit_policy", "mode: fats\nhit_policy", "7:7+4 error[R013] 'fats' cannot stand at mode; did"),
    ("hit_policy", "retries: some\nhit_policy", "7:10+4 error[R013] retries must be a whole num"),
    ("hit_policy", "retries: -1\nhit_policy", "7:10+2 error[R013] '-1' cannot stand at retries"),
    ("hit_policy", "currency: XAU\nhit_policy", "7:11+3 error[R013] 'XAU' cannot stand at curre"),
    ("hit_policy", "block_on: 5\nhit_policy", "7:11+1 error[R013] block_on must be a list"),
    (
        "id | amount => code",
        "id | amout => code",
        "9:8+5 error[R102] unknown column 'amout'; did y",
    ),
    (
        "id | amount => code",
        "id | amount => cod",
        "9:18+3 error[R104] unknown output 'cod'; did yo",
    ),
    (
        "id | amount => code",
        "no | amount => code",
        "9:3+2 error[R101] the first column must be 'id'",
    ),
    (
        "id | amount => code",
        "id | amount | code",
        "9:3+18 error[R108] this line has no '=>'; write",
    ),
    ("A | < 5 => x", "A | < 5 | x", "10:3+11 error[R108] this line has no '=>'"),
    ("A | < 5 => x", "A | < 5 => x => y", "10:16+2 error[R108] this line has a second '=>'"),
    (
        "A | < 5 => x",
        "A | < 5 | 6 => x",
        "10:3+16 error[R105] this row has 3 cells before => and 1",
    ),
    ("B | - => y", "A | - => y", "11:3+1 error[R106] row id 'A' is already used on line 10; give"),
    ("B | - => y", "none | - => y", "11:3+4 error[R107] 'none' cannot be a row's id"),
    ("B | - => y", " | - => y", "11:4+1 error[R107] '' cannot be a row's id"),
    ("< 5", "", "10:7+1 error[R110] this cell is empty; write - for any value or null"),
]


@pytest.mark.parametrize(("old", "new", "expected"), SLIPS)
def test_one_slip_gives_one_finding(old: str, new: str, expected: str) -> None:
    source = text(GOOD)
    assert source.count(old) >= 1
    (found,) = found_in(source.replace(old, new, 1))
    assert found.startswith(expected), found


def test_all_findings_of_a_file_come_in_one_pass() -> None:
    found = findings(
        "id | amount | tpye  => code | level\n"
        "A  | < $lim | claim => x    | hihg\n"
        "A  | 5%     | -     => =    | low\n"
        "B  | -      | -     => y",
        more="parms: {limit: 5}\nretries: many",
    )
    assert [one.split(" ")[0] + one.split("[")[1][:4] for one in found] == [
        "8:1+5R011",
        "9:10+4R013",
        "11:17+4R102",
        "12:10+4R201",
        "12:33+4R112",
        "13:3+1R106",
        "13:8+2R111",
        "13:27+1R130",
        "14:3+24R105",
    ]


def test_a_column_with_a_typing_error_hides_no_other_column() -> None:
    found = findings("id | amout | days => code\nA | 5 | 1.5 => x")
    assert [one.split("[")[1][:4] for one in found] == ["R102", "R111"]


def test_places_count_code_points_and_not_bytes() -> None:
    (found,) = findings('id | payee | amount => code\nA | "张三丰" | abc => 好')
    assert found.startswith("10:15+3 error[R111]")


def test_windows_line_ends_and_a_byte_order_mark_change_no_place() -> None:
    source = text("id | amount => code\nA | abc => x")
    plain = found_in(source)
    assert found_in("\ufeff" + source.replace("\n", "\r\n")) == plain
    good = text(GOOD)
    one, two = reading(good), reading("\ufeff" + good.replace("\n", "\r\n"))
    assert one.ruleset is not None
    assert two.ruleset is not None
    assert one.ruleset.hash == two.ruleset.hash


def test_comments_and_blank_lines_are_no_rows() -> None:
    loaded = load("# a word\n\nid | amount => code\n  # another | word => here\nA | 5 => x\n")
    assert loaded.ruleset is not None
    assert [row.id for row in loaded.ruleset.table.rows] == ["A"]
    assert loaded.ruleset.table.rows[0].span.line == 13


def test_full_width_separators_are_accepted() -> None:
    loaded = load("id ｜ type ｜ amount ＝＞ code\nA｜claim，refund｜＞＝5万＝＞x")
    assert loaded.ruleset is not None
    assert loaded.findings == []


def test_too_many_rows_are_refused() -> None:
    rows = "\n".join(f"R{n} | {n} => x" for n in range(MAX_ROWS + 1))
    (found,) = findings(f"id | amount => code\n{rows}")
    assert found.startswith(f"{10 + MAX_ROWS}:3+17 error[R115] the table has more than 5,000 rows")


def test_a_cell_that_is_too_long_is_refused() -> None:
    (found,) = findings(f"id | payee => code\nA | {'x' * (MAX_CELL + 1)} => x")
    assert "error[R115] this cell is too long" in found


def test_a_file_that_is_too_large_is_refused() -> None:
    (found,) = found_in("# " + "x" * MAX_BYTES)
    assert "error[R001] the file has 2,097,154 bytes" in found


def test_after_a_thousand_findings_no_more_rows_are_read() -> None:
    rows = "\n".join(f"R{n} | wrong => x" for n in range(3_000))
    found = findings(f"id | amount => code\n{rows}")
    assert len(found) == 1_001
    assert sum("rows below this line were not read" in one for one in found) == 1


def test_a_table_without_rows_is_refused() -> None:
    (found,) = findings("id | amount => code")
    assert found.startswith("8:8+1 error[R101] the table has no rows")


def test_a_policy_outside_the_kind_is_refused() -> None:
    (found,) = findings("id | amount => code\nA | - => x", of="narrow")
    assert "error[R017] a ruleset of kind narrow cannot be 'first'; use one of unique" in found


def test_a_required_output_is_required_in_header_and_rows() -> None:
    (header,) = findings("id | amount => text\nA | - => x", of="strict")
    assert header.startswith("9:15+2 error[R136] output column 'code' is missing")
    (row,) = findings("id | amount => code\nA | - => -", of="strict")
    assert row.startswith("10:12+1 error[R136] every row needs a value for code")


def test_warnings_leave_a_ruleset_usable() -> None:
    loaded = load("id | amount => code\nA | - => x", more="params: {idle: 5}")
    assert [one.severity for one in loaded.findings] == [Severity.WARNING]
    assert loaded.ruleset is not None


@pytest.mark.parametrize("broken", ["", "- a\n", "5", "a: 1\n---\nb: 2\n", "? [a]\n: b\n"])
def test_what_is_no_mapping_is_refused(broken: str) -> None:
    assert any("R005" in one or "R012" in one for one in found_in(broken))
    assert reading(broken).ruleset is None


def test_every_sentence_is_in_both_languages() -> None:
    loaded = load("id | amout | type => code\nA | - | clam => x\nA | - | < claim => = y")
    for finding in loaded.findings:
        assert finding.message.en.isascii()
        assert not finding.message.zh.isascii()
