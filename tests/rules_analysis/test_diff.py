"""`sluice diff`: what changed by row id, in meaning."""

from __future__ import annotations

from engine.rules.diff import Moved, diff_rulesets
from tests.rules_analysis.support import loaded, table

PARAMS = "params: {large: 50万}\nadjustable: {large: down}\n"
OLD = table(
    """
    id | amount    | creditor_type => approvers | sla
    A1 | < $large  | staff         => reviewer  | 4h
    A2 | >= $large | -             => cfo       | 8h
    A3 | -         | -             => reviewer  | 8h
    """,
    policy="first",
    envelope=PARAMS,
)


def test_a_text_and_itself_do_not_differ() -> None:
    assert diff_rulesets(loaded(OLD), loaded(OLD)).empty


def test_another_way_of_writing_the_same_is_no_change() -> None:
    new = OLD.replace("50万", "500k").replace("| 8h", "|    480min")
    assert diff_rulesets(loaded(OLD), loaded(new)).empty


def test_changed_cells_are_given_as_written_by_row_and_column() -> None:
    new = OLD.replace("< $large ", "<= 30万  ").replace("=> cfo ", "=> treasurer > cfo ")
    found = diff_rulesets(loaded(OLD), loaded(new))
    assert found.to_json()["changed"] == {
        "A1": {"amount": ["< $large", "<= 30万"]},
        "A2": {"approvers": ["cfo", "treasurer > cfo"]},
    }


def test_added_and_removed_rows_are_named() -> None:
    new = OLD.replace("A3 ", "A9 ")
    found = diff_rulesets(loaded(OLD), loaded(new))
    assert (found.added, found.removed, found.moved) == (("A9",), ("A3",), ())


def test_an_envelope_value_is_given_by_its_path() -> None:
    new = OLD.replace("large: 50万", "large: 60万").replace("version: 1", "version: 2")
    assert diff_rulesets(loaded(OLD), loaded(new)).to_json()["envelope"] == {
        "version": ["1", "2"],
        "params.large": ["50万", "60万"],
    }


def test_a_new_override_has_no_old_value() -> None:
    new = OLD.replace("hit_policy", "overrides: {SH: {large: 30万}}\nhit_policy")
    found = diff_rulesets(loaded(OLD), loaded(new))
    assert found.envelope == {"overrides.SH.large": (None, "30万")}


def test_a_new_column_changes_only_the_rows_that_use_it() -> None:
    new = table(
        """
        id | amount    | creditor_type | urgent => approvers | sla
        A1 | < $large  | staff         | true   => reviewer  | 4h
        A2 | >= $large | -             | -      => cfo       | 8h
        A3 | -         | -             | -      => reviewer  | 8h
        """,
        policy="first",
        envelope=PARAMS,
    )
    found = diff_rulesets(loaded(OLD), loaded(new))
    assert found.changed == {"A1": {"urgent": ("-", "true")}}


def test_columns_that_a_window_names_before_the_table_keep_their_texts() -> None:
    old = table(
        """
        # the first word of the table is first read by the window
        id | amount  | repeats => severity | action
        W1 | >= 5万  | >= 1    => high     | hold
        """,
        policy="collect",
        kind="alerts",
        envelope="derive:\n  repeats: {count: payment, same: [amount], within: 3d, states: live}\n",
    )
    found = diff_rulesets(loaded(old), loaded(old.replace("5万 ", "6万 ")))
    assert found.changed == {"W1": {"amount": (">= 5万", ">= 6万")}}


def _swapped(policy: str, first: str, second: str) -> tuple[Moved, ...]:
    head = "id | amount | creditor_type => approvers\n"
    old = table(f"{head}{first}\n{second}", policy=policy)
    new = table(f"{head}{second}\n{first}", policy=policy)
    return diff_rulesets(loaded(old), loaded(new)).moved


def test_under_first_a_move_matters_between_rows_that_meet() -> None:
    (moved,) = _swapped("first", "A1 | < 5万 | - => reviewer", "A2 | - | staff => cfo")
    assert moved.matters


def test_under_first_a_move_between_rows_that_never_meet_does_not_matter() -> None:
    (moved,) = _swapped("first", "A1 | < 5万 | - => reviewer", "A2 | >= 5万 | - => cfo")
    assert not moved.matters


def test_under_first_a_move_between_rows_that_say_the_same_does_not_matter() -> None:
    (moved,) = _swapped("first", "A1 | < 5万 | - => cfo", "A2 | - | staff => cfo")
    assert not moved.matters


def test_under_unique_no_move_matters() -> None:
    (moved,) = _swapped("unique", "A1 | < 5万 | - => reviewer", "A2 | >= 5万 | - => cfo")
    assert not moved.matters


def test_only_the_row_that_moved_is_named_with_its_places() -> None:
    lines = OLD.splitlines()
    last = lines.pop()
    lines.insert(-2, last)
    found = diff_rulesets(loaded(OLD), loaded("\n".join(lines) + "\n"))
    assert found.moved == (Moved("A3", 3, 1, matters=True, reason=found.moved[0].reason),)
