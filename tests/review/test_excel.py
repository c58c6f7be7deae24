"""A ruleset goes out to Excel and comes back: what changes is shown before it is kept."""

from __future__ import annotations

import html
import io
import re

import httpx
import openpyxl

from tests.pages.world import World
from tests.review.support import approval, draft, look, seen, send, words


def version(world: World) -> str:
    """The shipped version's hash."""
    return world.one(
        "SELECT hash FROM ruleset_version WHERE name = 'payment-approval' AND version = 2"
    )


def workbook(world: World, address: str, large: str) -> bytes:
    """Its workbook with another threshold."""
    got = look(world, "analyst", f"/api/v1{address}/xlsx")
    assert got.status_code == 200, got.text
    book = openpyxl.load_workbook(io.BytesIO(got.content))
    sheet = book["Parameters"]
    row = next(one for one in sheet.iter_rows() if one[0].value == "large")
    row[1].value = large
    changed = io.BytesIO()
    book.save(changed)
    return changed.getvalue()


def upload(world: World, address: str, content: bytes) -> httpx.Response:
    browser = world.client("analyst")
    answer: httpx.Response = browser.http.post(
        f"{address}/excel", data={"csrf": browser.csrf}, files={"file": ("a.xlsx", content)}
    )
    return answer


def carried(answer: httpx.Response) -> str:
    """The text in the form, as a browser sends it back: with CRLF."""
    found = re.search(r'<textarea name="text" hidden>\n(.*?)</textarea>', answer.text, re.S)
    assert found is not None
    return html.unescape(found[1]).replace("\n", "\r\n")


def test_a_version_comes_back_as_a_draft_after_its_changes_were_seen(world: World) -> None:
    place = f"/rulesets/{version(world)}"
    shown = upload(world, place, workbook(world, place, "30万"))
    assert shown.status_code == 200
    assert "parameter large 50万 30万" in words(shown)
    assert "version 2 3" in words(shown)  # the next free number, so that it can be submitted
    assert world.one("SELECT count(*) FROM ruleset_draft") == "0"
    kept = send(world, "analyst", f"{place}/excel/keep", text=carried(shown), note="from Excel")
    number = int(re.match(r"/drafts/(\d+)/review", kept.headers["location"])[1])  # type: ignore[index]
    stored = world.one("SELECT text FROM ruleset_draft WHERE id = :id", id=number)
    assert stored == approval("30万", version=3)
    assert world.one("SELECT note FROM ruleset_draft") == "from Excel"
    assert world.one("SELECT errors FROM ruleset_draft") == "0"


def test_a_workbook_without_changes_says_so(world: World) -> None:
    place = f"/rulesets/{version(world)}"
    shown = upload(world, place, workbook(world, place, "50万"))
    assert "changes nothing" in words(shown)
    assert "Keep as a draft" not in words(shown)


def test_a_file_that_is_no_workbook_is_refused_with_its_reason(world: World) -> None:
    place = f"/rulesets/{version(world)}"
    refused = upload(world, place, b"no workbook")
    assert refused.status_code == 422
    assert "EXCEL_FILE" in refused.text
    browser = world.client("analyst")
    none = browser.http.post(f"{place}/excel", data={"csrf": browser.csrf})
    assert none.status_code == 422


def test_a_draft_is_saved_over_the_text_that_was_seen(world: World) -> None:
    number = draft(world)
    place = f"/drafts/{number}"
    shown = upload(world, place, workbook(world, place, "45万"))
    assert "parameter large 30万 45万" in words(shown)
    kept = send(
        world,
        "analyst",
        f"{place}/excel/keep",
        text=carried(shown),
        seen=seen(world, number),
        into="this",
    )
    assert kept.status_code == 303
    assert world.one("SELECT text FROM ruleset_draft") == approval("45万")


def test_somebody_who_saved_meanwhile_is_not_written_over_and_nothing_is_lost(
    world: World,
) -> None:
    number = draft(world)
    place = f"/drafts/{number}"
    before = seen(world, number)
    shown = upload(world, place, workbook(world, place, "45万"))
    mine = carried(shown)
    browser = world.client("analyst")
    browser.http.put(
        f"/api/v1/drafts/{number}",
        json={"text": approval("40万"), "seen": before},
        headers={"X-CSRF-Token": browser.csrf},
    )
    conflict = send(world, "analyst", f"{place}/excel/keep", text=mine, seen=before, note="my note")
    assert conflict.status_code == 409
    assert "DRAFT_CONFLICT" in conflict.text
    assert "parameter large 40万 45万" in words(conflict)
    assert carried(conflict) == mine
    assert 'value="my note"' in conflict.text
    assert world.one("SELECT text FROM ruleset_draft") == approval("40万")
    beside = send(world, "analyst", f"{place}/excel/keep", text=mine, into="new")
    assert beside.headers["location"].startswith(f"/drafts/{number + 1}/review")
    assert world.one("SELECT text FROM ruleset_draft WHERE id = :id", id=number) == approval("40万")


def test_a_workbook_made_from_an_older_text_of_the_draft_is_refused(world: World) -> None:
    number = draft(world)
    place = f"/drafts/{number}"
    content = workbook(world, place, "45万")
    browser = world.client("analyst")
    browser.http.put(
        f"/api/v1/drafts/{number}",
        json={"text": approval("40万"), "seen": seen(world, number)},
        headers={"X-CSRF-Token": browser.csrf},
    )
    assert "EXCEL_BASE" in upload(world, place, content).text


def test_what_comes_back_is_checked_again_and_needs_the_permission(world: World) -> None:
    place = f"/rulesets/{version(world)}"
    kept = send(world, "analyst", f"{place}/excel/keep", text="kind: nonsense\n")
    assert kept.status_code == 303
    assert int(world.one("SELECT errors FROM ruleset_draft")) > 0
    assert send(world, "treasurer", f"{place}/excel/keep", text="x").status_code == 403
    nul = send(world, "analyst", f"{place}/excel/keep", text="a\x00")
    assert nul.status_code == 400
    assert "DRAFT_CHARACTERS" in nul.text


def test_the_api_takes_a_workbook_of_a_draft(world: World) -> None:
    number = draft(world)
    browser = world.client("analyst")
    took = browser.http.post(
        "/api/v1/rulesets/xlsx",
        files={"file": workbook(world, f"/drafts/{number}", "45万")},
        data={"base": f"draft:{number}"},
        headers={"X-CSRF-Token": browser.csrf},
    )
    assert took.json()["diff"]["envelope"] == {"params.large": ["30万", "45万"]}
    broken = draft(world, "no table here")
    assert look(world, "analyst", f"/api/v1/drafts/{broken}/xlsx").status_code == 422
