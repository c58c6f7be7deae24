"""A matter as an example of a text: it is there, it holds, and nothing else of the text changed."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.rules import FactValue, load_ruleset
from engine.rules.analysis.examples import run_examples
from engine.rules.edit import RemoveColumn, apply
from engine.rules.model import Example, Ruleset
from engine.rules.new_example import ExampleRefused, NewExample, new_example
from tests.extends.given import BRANCH as EXTENSION
from tests.extends.given import composed, extension, parent
from tests.rules.given import KINDS, VOCABULARY, text

TABLE = """
id | amount           | type         => code
A1 | < $small         | claim        => one
A2 | [$small..$large) | claim        => two
A3 | >= $large        | -            => three
A4 | -                | not(claim)   => four
"""
PARAMS = """
params: {small: 100, large: 5000}
adjustable: {large: down}
overrides: {SH: {large: 3000}, SH01: {large: 2000}}
"""
EXAMPLES = """
branch | amount => id | code
-      | 5000   => A3 | three
"""
TEXT = text(TABLE, more=PARAMS, examples=EXAMPLES)
CLAIM: dict[str, FactValue] = {"amount": 200_00, "type": "claim"}


def read(source: str) -> Ruleset:
    loaded = load_ruleset("t.yaml", source, VOCABULARY, kinds=KINDS)
    assert loaded.ruleset is not None, loaded.findings
    return loaded.ruleset


def added(
    source: str, facts: dict[str, FactValue], path: tuple[str, ...] = ("GROUP",)
) -> tuple[NewExample, str, Example]:
    """The example, the text with it, and the last example as it is read again; none fails."""
    made = new_example(source, read(source), facts, path)
    edited = apply(source, made.edits).text
    found = read(edited)
    assert run_examples(found).failed == ()
    return made, edited, found.examples[-1]


def test_a_column_that_rows_ask_about_is_added_and_older_examples_still_hold() -> None:
    made, edited, example = added(TEXT, CLAIM)
    assert made.columns == ("type",)
    assert example.given == CLAIM
    assert (example.want_rows, example.want) == (("A2",), {"code": "two"})
    assert edited.startswith(TEXT[: TEXT.index("examples")])


def test_a_column_whose_fact_is_missing_is_not_added() -> None:
    table = "id | payee => code\nA1 | null => one\nA2 | - => two"
    source = text(table, examples="branch => id\nBJ => A1")
    made, edited, _ = added(source, {"payee": None}, ("GROUP",))
    assert made.columns == ()
    assert edited == source + "  -      => A1\n"


def test_a_fact_no_rule_reads_is_not_copied() -> None:
    _, edited, _ = added(TEXT, {**CLAIM, "payee": "Wang"})
    assert "Wang" not in edited


@pytest.mark.parametrize(
    ("path", "branch"),
    [
        (("GROUP",), None),
        (("GROUP", "BJ", "BJ01"), None),
        (("GROUP", "SH"), "SH"),
        (("GROUP", "SH", "SH02"), "SH"),
        (("GROUP", "SH", "SH01"), "SH01"),
    ],
)
def test_the_branch_is_named_whose_parameters_decided(
    path: tuple[str, ...], branch: str | None
) -> None:
    _, _, example = added(TEXT, {"amount": 2500_00, "type": "claim"}, path)
    assert example.branch == branch
    assert example.want_rows == (("A2",) if branch != "SH01" else ("A3",))


TWO_LEVELS = text(
    "id | amount | fee => code\nA1 | >= $small | >= $large => one\nA2 | - | - => two",
    more="""
params: {small: 100, large: 5000}
adjustable: {small: down, large: down}
overrides: {SH: {large: 3000}, SH01: {small: 50}}
""",
    examples="amount => id\n1 => A2",
)
SUB_BRANCH = ("GROUP", "SH", "SH01")


def test_where_several_organisations_move_parameters_one_that_comes_to_the_same_is_named() -> None:
    facts: dict[str, FactValue] = {"amount": 150_00, "fee": 4000_00}
    assert added(TWO_LEVELS, facts, SUB_BRANCH)[2].branch == "SH"


def test_where_no_single_branch_comes_to_the_same_it_is_refused() -> None:
    facts: dict[str, FactValue] = {"amount": 60_00, "fee": 4000_00}
    with pytest.raises(ExampleRefused) as refused:
        new_example(TWO_LEVELS, read(TWO_LEVELS), facts, SUB_BRANCH)
    assert refused.value.code == "EXAMPLE_BRANCH"


def test_a_text_without_examples_gets_the_table() -> None:
    source = text(TABLE, more=PARAMS)
    made, edited, example = added(source, CLAIM, ("GROUP", "SH"))
    assert made.columns == ()
    assert edited.startswith(source.rstrip("\n"))
    assert (example.branch, example.given) == ("SH", CLAIM)


def test_examples_that_name_no_row_get_the_column_for_it() -> None:
    source = apply(TEXT, [RemoveColumn(name="id", table="examples")]).text
    made, _, example = added(source, CLAIM)
    assert made.columns == ("type", "id")
    assert example.want_rows == ("A2",)


def test_the_same_example_is_not_added_twice() -> None:
    _, edited, _ = added(TEXT, CLAIM)
    with pytest.raises(ExampleRefused) as refused:
        new_example(edited, read(edited), CLAIM, ("GROUP",))
    assert refused.value.code == "EXAMPLE_EXISTS"
    assert f"line {edited.count(chr(10))}" in refused.value.text.en


def test_what_the_text_cannot_decide_is_no_example() -> None:
    with pytest.raises(ExampleRefused) as refused:
        new_example(TEXT, read(TEXT), {"amount": 1_00}, ("GROUP",))
    assert refused.value.code == "EXAMPLE_UNDECIDED"


def test_several_rows_and_none_are_expected_as_they_came() -> None:
    table = """
id | amount => chain            | names       | text          | money
A1 | > 1    => cashier > cfo    | low, high   | a; "b" \\| c  | = amount
A2 | > 2    => -                | -           | 付 {payee}     | 5
"""
    source = text(table, policy="collect", examples="amount => id\n1 => none")
    facts: dict[str, FactValue] = {"amount": 3_00, "payee": "王;二|三 => 四"}
    bare = source[: source.index("examples")]
    _, _, example = added(bare, facts)
    assert example.want_rows == ("A1", "A2")
    assert added(source, {"amount": 1_50})[2].want_rows == ("A1",)
    with pytest.raises(ExampleRefused):
        new_example(source, read(source), {"amount": 1_00}, ("GROUP",))  # it is there already
    assert added(source, {"amount": 50})[2].want_rows == ()


def test_an_extension_gets_it_in_its_own_text() -> None:
    whole = composed(EXTENSION, parent())
    facts: dict[str, FactValue] = {"amount": 3500_00, "type": "claim"}
    made = new_example(EXTENSION, whole, facts, ("GROUP", "SH", "SH01"))
    edited = apply(EXTENSION, made.edits).text
    assert edited == EXTENSION + "  -      | 3500.00 | claim => A3 | mine\n"
    loaded = extension(edited, parent())
    assert loaded.ruleset is not None
    assert run_examples(loaded.ruleset).failed == ()


NASTY = st.text(st.sampled_from("ab 1|\\\";,=>#-{}[]()<>＂｜，王 '\u201c"), min_size=1, max_size=12)


@settings(max_examples=150, deadline=None)
@given(payee=NASTY.map(str.strip).filter(bool), bank=NASTY.map(str.strip).filter(bool))
def test_any_text_is_read_back_as_the_fact_it_was(payee: str, bank: str) -> None:
    table = """
id | payee | bank          => text
A1 | null  | -             => -
A2 | -     | "nothing"     => 付 {payee} {bank}
A3 | -     | -             => "{payee};{bank}"
"""
    source = text(table)
    made = new_example(source, read(source), _normal(payee, bank), ("GROUP",))
    found = read(apply(source, made.edits).text)
    assert found.examples[-1].given == _normal(payee, bank)
    assert run_examples(found).failed == ()


def _normal(payee: str, bank: str) -> dict[str, FactValue]:
    """Facts come normalised: full-width forms are half-width in them."""
    return {
        "payee": unicodedata.normalize("NFKC", payee).strip(),
        "bank": unicodedata.normalize("NFKC", bank).strip(),
    }
