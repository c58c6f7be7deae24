"""Any two texts beside each other: one view for reviews, comparisons and changes."""

from __future__ import annotations

import pytest

from tests.pages.world import World
from tests.review.support import approval, draft, look, send, submitted, words


def live(world: World) -> str:
    """The shipped version's hash."""
    return world.one(
        "SELECT hash FROM ruleset_version WHERE name = 'payment-approval' AND version = 2"
    )


@pytest.mark.parametrize("reference", ["payment-approval@2", "live:payment-approval", "hash"])
def test_a_draft_is_compared_with_a_version_by_any_of_its_names(
    world: World, reference: str
) -> None:
    number = draft(world)
    old = live(world) if reference == "hash" else reference
    shown = look(world, "auditor", f"/rulesets/compare?old={old}&new=draft:{number}")
    assert shown.status_code == 200
    assert "Parameter large falls from 500,000 to 300,000" in words(shown)
    assert f'<option value="draft:{number}" selected>' in shown.text
    assert f'<option value="{live(world)}" selected>' in shown.text


def test_changes_between_two_hashes_are_the_same_view(world: World) -> None:
    hash = submitted(world, draft(world))
    one = look(world, "auditor", f"/rulesets/{live(world)}/changes/{hash}")
    other = look(world, "auditor", f"/rulesets/compare?old={live(world)}&new={hash}")
    assert words(one).partition("Swap")[2] == words(other).partition("Swap")[2] != ""


def test_rows_that_come_go_change_and_move_are_told_apart(world: World) -> None:
    lines = approval("50万", version=3).split("\n")
    at = {
        one: next(k for k, line in enumerate(lines) if f"  {one} |" in line)
        for one in ("A1", "A4", "A7")
    }
    lines[at["A7"]] = lines[at["A7"]].replace("| 48h", "| 36h")
    moved = lines.pop(at["A4"])
    lines.insert(at["A1"], moved)
    number = draft(world, "\n".join(lines).replace("A3 |", "A9 |"))
    said = words(look(world, "auditor", f"/rulesets/compare?old={live(world)}&new=draft:{number}"))
    assert "A7 changed time for a step sla 48h 36h" in said
    assert "+ added" in said
    assert "− removed" in said
    assert "moved, does not matter place 4 place 1" in said


def test_an_example_that_fails_and_one_that_is_new_are_told(world: World) -> None:
    text = approval("30万").replace("SH     | 1        |", "SH     | 2        |")
    text = text.replace(
        "BJ     | 2万      | supplier      | true           => A5",
        "BJ     | 2万      | supplier      | true           => A6",
    )
    number = draft(world, text)
    said = words(look(world, "analyst", f"/drafts/{number}/review"))
    assert "8 passed, 1 failed under the new text" in said
    assert "✗ failed changed" in said
    assert "the rows give: row A5" in said
    assert "✓ passed + added SH amount 2.00" in said
    assert "R401" in said


def test_a_text_that_cannot_be_read_is_compared_by_its_lines(world: World) -> None:
    number = draft(world, approval().replace("| amount           |", "| amuont           |"))
    said = words(look(world, "auditor", f"/rulesets/compare?old={live(world)}&new=draft:{number}"))
    assert "cannot be read, so only its lines are compared" in said
    assert "R102" in said
    assert "large: 30万" in said


def test_nothing_chosen_offers_what_the_user_sees_and_unknown_names_are_refused(
    world: World,
) -> None:
    secret = draft(world, approval(org="SH", version=1))
    shown = look(world, "bj.manager", "/rulesets/compare")
    assert shown.status_code == 200
    assert live(world) in shown.text
    assert f"draft:{secret}" not in shown.text
    unknown = look(world, "bj.manager", "/rulesets/compare?old=no-such@1")
    assert unknown.status_code == 404
    assert "UNKNOWN_RULESET" in unknown.text


def test_a_new_ruleset_has_nothing_to_be_compared_with_and_all_of_it_is_new(world: World) -> None:
    number = draft(world, approval(org="SH", version=1))
    said = words(look(world, "sh.manager", f"/drafts/{number}/review"))
    assert "no version of it is live, all of it is new" in said
    assert "7 rows added" in said


def test_a_version_is_reviewed_against_any_other(world: World) -> None:
    third = submitted(world, draft(world))
    send(world, "cfo", f"/rulesets/{third}/sign", activate="now")
    fourth = submitted(world, draft(world, approval("35万", version=4)))
    assert "parameter large 30万 35万" in words(
        look(world, "auditor", f"/rulesets/{fourth}/review")
    )
    against = look(world, "auditor", f"/rulesets/{fourth}/review?against={live(world)}")
    assert "parameter large 50万 35万" in words(against)
