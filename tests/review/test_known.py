"""Who knew what when: what ruled as it was known at an instant, and what each revision changed."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.pages.world import World
from tests.review.support import approval, draft, look, send, submitted, words


@pytest.fixture
def two(world: World) -> str:
    """payment-approval 3, live since an hour after the evening; its hash."""
    world.clock.advance(dt.timedelta(hours=1))
    hash = submitted(world, draft(world))
    send(world, "cfo", f"/rulesets/{hash}/sign", activate="now")
    return hash


def test_the_version_that_was_known_then_is_told_and_not_the_one_known_now(
    world: World, two: str
) -> None:
    asked = "/rulesets/as-of?kind=approval&org=SH01&on=2026-11-20&at="
    then = look(world, "auditor", asked + "2026-11-20T18:45")
    assert "payment-approval v2" in words(then)
    assert "Compare with v3, live today" in words(then)
    now = words(look(world, "auditor", asked + "2026-11-20T19:45"))
    assert "payment-approval v3" in now
    assert "activated 2026-11-20 19:45:00 +08:00 by analyst, approved by cfo." in now
    before = words(look(world, "auditor", asked + "2026-11-20T07:00"))
    assert "Nothing was live yet." in before


def test_an_unclear_instant_and_an_unknown_branch_are_refused_with_what_was_asked(
    world: World,
) -> None:
    bad = look(world, "auditor", "/rulesets/as-of?kind=approval&at=soon")
    assert bad.status_code == 400
    assert 'value="soon"' in bad.text
    unknown = look(world, "auditor", "/rulesets/as-of?kind=approval&org=NOWHERE")
    assert unknown.status_code == 404


def test_the_timeline_says_what_each_revision_changed_with_a_way_to_compare(
    world: World, two: str
) -> None:
    shown = look(world, "auditor", "/revisions")
    first = world.one("SELECT hash FROM ruleset_version WHERE name = 'payment-approval' LIMIT 1")
    assert f'href="/rulesets/{first}/changes/{two}"' in shown.text
    said = words(shown)
    assert "Revision 2 live" in said
    assert "two are too few above 300,000" in said
    assert "Undo" not in said
    send(world, "operator", "/operations/undo", to="1", over="2", reason="for the weekend")
    undone = words(look(world, "auditor", "/revisions"))
    assert "by an undo back to revision 1" in undone
    assert "v3 → v2" in undone


def test_a_branch_is_not_told_what_became_live_for_another(world: World) -> None:
    hash = submitted(world, draft(world, approval(org="SH", version=1)), reason="only Shanghai")
    send(world, "cfo", f"/rulesets/{hash}/sign", activate="now")
    beijing = words(look(world, "bj.manager", "/revisions"))
    assert "changed nothing that you may see" in beijing
    assert "only Shanghai" not in beijing
    assert "sh-approval" not in beijing
    assert "sh-approval" in words(look(world, "sh.manager", "/revisions"))
