"""`sluice fmt`: one layout, and never another meaning."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.rules import load_ruleset
from engine.rules.format import format_ruleset
from engine.rules.meaning import meaning
from engine.rules.model import Ruleset
from tests.rules_analysis.support import loaded, table, vocabulary


def formatted(text: str) -> str:
    found = format_ruleset("ruleset.yaml", text)
    assert not found.findings
    return found.text


def rows_of(text: str) -> list[str]:
    """The lines of the table."""
    return formatted(text).split("rules: |\n")[1].splitlines()


def test_columns_are_aligned_and_chinese_characters_count_two() -> None:
    text = table("""
        id|amount|creditor_account=>approvers|basis
        A1|< 5万|62220210=>reviewer|付款管理办法 §3
        A2|>= 50_000|-=>reviewer > cfo|-
    """)
    assert rows_of(text) == [
        "  id | amount    | creditor_account => approvers      | basis",
        "  A1 | < 5万     | 62220210         => reviewer       | 付款管理办法 §3",
        "  A2 | >= 50_000 | -                => reviewer > cfo | -",
    ]


def test_full_width_punctuation_is_rewritten() -> None:
    text = table("""
        id｜amount｜creditor_type＝＞approvers
        A1｜＜5万｜claimant，agent＝＞reviewer＞cfo
        A2｜≥ 5万｜not（staff）＝＞cfo
    """)
    assert rows_of(text) == [
        "  id | amount | creditor_type   => approvers",
        "  A1 | < 5万  | claimant, agent => reviewer > cfo",
        "  A2 | >= 5万 | not(staff)      => cfo",
    ]


def test_free_text_keeps_its_full_width_punctuation() -> None:
    text = table("id | amount => approvers | basis\nA1 | - => cfo | 见办法（二），第三条")
    assert rows_of(text)[1] == "  A1 | -      => cfo       | 见办法（二），第三条"


def test_quoted_texts_keep_what_stands_in_quotes() -> None:
    text = table("""
        id | creditor_account => approvers
        A1 | "a,b＞c|d" => cfo
        A2 | not("a,b＞c|d"),null => cfo
    """)
    assert rows_of(text)[1:] == [
        '  A1 | "a,b＞c|d"            => cfo',
        '  A2 | not("a,b＞c|d"), null => cfo',
    ]


def test_comments_and_the_envelope_stay() -> None:
    text = table("id | amount => approvers\n# the small ones\nA1 | - => cfo").replace(
        "version: 1\n", "version: 1   # first\n\n# a remark\n"
    )
    out = formatted(text)
    assert "version: 1   # first\n\n# a remark\n" in out
    assert "\n  # the small ones\n" in out


def test_a_comma_between_digits_is_left_for_the_loader_to_refuse() -> None:
    text = table("id | amount => approvers\nA1 | 1,234 => cfo")
    assert "| 1,234 " in formatted(text)


def test_line_ends_become_lf_and_the_last_line_ends() -> None:
    text = table("id | amount => approvers\nA1 | - => cfo").replace("\n", "\r\n").rstrip()
    out = formatted(text)
    assert "\r" not in out
    assert out.endswith("=> cfo\n")


def test_a_table_that_cannot_be_read_is_left_alone_with_the_reason() -> None:
    text = table("id | amount => approvers\nA1 | - | - => cfo")
    found = format_ruleset("ruleset.yaml", text)
    assert found.text == text
    assert [one.code for one in found.findings] == ["R105"]


CELLS = {
    "amount": [
        "-",
        "<5万",
        "＞＝ 50_000",
        "[1..2)",
        "（1..5万]",
        "1k，2k",
        "not( 5 )",
        "≠3",
        "!=7",
    ],
    "creditor_type": ["-", "staff", "claimant,agent", "not（staff，agent）", '"staff"'],
    "creditor_account": ["-", "null", 'starts("6,2")', 'null,contains("｜x")', '"=> |"', "a b，c"],
    "urgent": ["-", "true", "false"],
}
OUTPUTS = ["reviewer", "reviewer＞cfo", "reviewer >cfo> treasurer", '"a b" > cfo']
ROW = st.tuples(*(st.sampled_from(cells) for cells in CELLS.values()), st.sampled_from(OUTPUTS))
PADDING = st.sampled_from(["|", " | ", "  |", "｜", "\t|"])


def content(ruleset: Ruleset) -> list[object]:
    return [
        (row.id, meaning(row.cells), meaning(row.outputs), row.basis) for row in ruleset.table.rows
    ]


@settings(max_examples=150, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=5), PADDING)
def test_formatting_twice_changes_nothing_and_once_no_meaning(
    rows: list[tuple[str, ...]], bar: str
) -> None:
    lines = [f"id{bar}{bar.join(CELLS)} => approvers"]
    lines += [f"A{n}{bar}{bar.join(row[:-1])}＝＞ {row[-1]}" for n, row in enumerate(rows)]
    text = table("\n".join(lines), policy="first")
    out = formatted(text)
    assert formatted(out) == out
    before = load_ruleset("ruleset.yaml", text, vocabulary())
    if before.ruleset is None:
        return  # cells that cannot be read keep their errors
    assert content(loaded(out)) == content(before.ruleset)
