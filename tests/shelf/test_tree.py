"""The tree of rulesets: live and what is in work side by side, as far as the user may see it."""

from __future__ import annotations

import re

from tests.pages.world import World
from tests.preview.test_rest import draft_text
from tests.shelf.test_hits import live

BRANCH = """kind: approval
name: payment-approval-sh
extends: payment-approval
title: {en: Payment approval in Shanghai, zh: 上海付款审批}
version: 1
effective: {from: 2026-01-01, to: 2026-12-05}
scope: {org: SH, subject: payment}
rules: |
  id | amount | creditor_type   | extra_approver => approvers                        | sla | basis
  A4 | -      | supplier, staff | false          => reviewer > finance_manager > cfo | 24h | §5
examples: |
  creditor_type | amount | extra_approver => id
  supplier      | 1      | false          => A4
"""


def keep(world: World, text: str, **more: object) -> dict[str, object]:
    """A draft of the analyst."""
    browser = world.client("analyst")
    answer = browser.http.post(
        "/api/v1/drafts", json={"text": text, **more}, headers={"X-CSRF-Token": browser.csrf}
    )
    assert answer.status_code == 201, answer.text
    found: dict[str, object] = answer.json()
    return found


def propose(world: World, text: str) -> str:
    """The hash of a proposed version."""
    browser = world.client("analyst")
    draft = keep(world, text)
    answer = browser.http.post(
        f"/api/v1/drafts/{draft['id']}/submit",
        json={"seen": draft["hash"], "reason": "a test"},
        headers={"X-CSRF-Token": browser.csrf},
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["hash"])


def verdict(world: World, hash: str, what: str, **body: object) -> None:
    """Sign or return as the treasurer."""
    browser = world.client("treasurer")
    answer = browser.http.post(
        f"/api/v1/ruleset-versions/{hash}/{what}",
        json=body,
        headers={"X-CSRF-Token": browser.csrf},
    )
    assert answer.status_code == 200, answer.text


def row_of(text: str, name: str) -> str:
    """The table row of the ruleset called so."""
    rows = re.findall(r"<tr><td class=\"depth.*?</tr>", text, re.DOTALL)
    (found,) = [one for one in rows if f'<span class="soft id">{name}</span>' in one]
    return str(found)


def test_drafts_and_proposals_stand_beside_what_is_live(world: World) -> None:
    draft = keep(world, draft_text().replace("reviewer ", "nobody "))
    proposed = propose(world, draft_text())
    verdict(
        world,
        propose(world, draft_text().replace("version: 3", "version: 4")),
        "return",
        reason="too low",
    )
    row = row_of(world.client("treasurer").http.get("/rulesets").text, "payment-approval")
    assert "<b>v2</b>" in row
    assert f'href="/drafts/{draft["id"]}"' in row
    assert '<span class="chip bad">1 error</span>' in row
    assert f'<a href="/rulesets/{proposed}">v3</a> <span class="chip wait">proposed' in row
    assert "returned" in row


def test_what_an_undo_took_back_is_not_said_to_wait(world: World) -> None:
    hash = propose(world, draft_text())
    verdict(world, hash, "sign", activate=True)
    operator = world.client("operator")
    said = {"X-CSRF-Token": operator.csrf}
    undone = operator.http.post("/api/v1/rulesets/undo", json={"reason": "no"}, headers=said)
    assert undone.status_code == 200, undone.text
    row = row_of(operator.http.get("/rulesets?state=undone").text, "payment-approval")
    assert f'<a href="/rulesets/{hash}">v3</a> <span class="chip ">taken back by an undo' in row
    assert hash not in operator.http.get("/operations/reload").text
    assert "No ruleset fits" in operator.http.get("/rulesets?state=signed").text


def test_what_is_signed_waits_for_who_may_activate_and_a_timed_one_for_nobody(
    world: World,
) -> None:
    hash = propose(world, draft_text())
    verdict(world, hash, "sign", activate=False)
    operator = world.client("operator")
    assert "signed version to make live" in operator.http.get("/").text
    assert "to make live" not in world.client("analyst").http.get("/").text
    assert "signed, not live" in row_of(operator.http.get("/rulesets").text, "payment-approval")
    assert hash in operator.http.get("/operations/reload").text
    timed = operator.http.post(
        "/api/v1/scheduled-activations",
        json={"hashes": [hash], "activate_at": "2027-01-01T00:00:00Z", "reason": "new year"},
        headers={"X-CSRF-Token": operator.csrf},
    )
    assert timed.status_code == 201, timed.text
    assert "to make live" not in operator.http.get("/").text
    assert "signed, timed" in row_of(operator.http.get("/rulesets").text, "payment-approval")


def test_a_branch_s_ruleset_stands_under_the_group_s_and_says_what_follows_it(
    world: World,
) -> None:
    verdict(world, propose(world, BRANCH), "sign", activate=True)
    text = world.client("treasurer").http.get("/rulesets?kind=approval&org=SH").text
    row = row_of(text, "payment-approval-sh")
    assert 'class="depth-2"' in row
    assert "extends payment-approval v2" in row
    assert "ends within 30 days" in row
    assert "then payment-approval of GROUP decides" in row
    assert text.count('<tr><td class="depth') == 1


def test_a_branch_sees_neither_drafts_nor_rulesets_of_another(world: World) -> None:
    verdict(world, propose(world, BRANCH), "sign", activate=True)
    draft = keep(world, BRANCH.replace("version: 1", "version: 2"))
    for address in ("/rulesets", "/rulesets/counts/live", "/api/v1/find?q=Shanghai"):
        own = world.client("sh.manager").http.get(address).text
        other = world.client("bj.manager").http.get(address).text
        assert "payment-approval-sh" not in other
        assert f"/drafts/{draft['id']}" not in other
        assert own != other
    assert f"/drafts/{draft['id']}" in world.client("sh.manager").http.get("/rulesets").text


def test_a_draft_that_says_nothing_yet_is_listed_all_the_same(world: World) -> None:
    draft = keep(world, "what is this")
    text = world.client("analyst").http.get("/rulesets").text
    assert f'href="/drafts/{draft["id"]}"' in text
    assert "Kind not readable yet" in text


def test_filters_narrow_and_say_when_nothing_is_left(world: World) -> None:
    propose(world, draft_text())
    browser = world.client("analyst").http
    proposed = browser.get("/rulesets?state=proposed").text
    assert proposed.count('<tr><td class="depth') == 1
    assert 'hx-get="/rulesets/counts/live?state=proposed"' in proposed
    word = browser.get("/rulesets?word=creditor_type&kind=approval").text
    assert "collection-approval" not in word.split('<table class="shelf">')[1]
    nothing = browser.get("/rulesets?state=returned").text
    assert "No ruleset fits these filters" in nothing


def test_findings_and_never_hit_rows_of_live_versions_are_counted_afterwards(kept: World) -> None:
    page = kept.client("analyst").http.get("/rulesets").text
    counts = kept.client("analyst").http.get("/rulesets/counts/live").text
    places = set(re.findall(r'id="((?:never|found)-[0-9a-f]+)"', page))
    assert set(re.findall(r'id="((?:never|found)-[0-9a-f]+)" hx-swap-oob', counts)) == places
    hash = live(kept, "collection-approval")
    (never,) = re.findall(rf'id="never-{hash[:16]}"[^>]*><b>(.+?)</b>.*?/{hash}#row-A3', counts)
    assert never.endswith("of 3")
    assert "no decisions in this time" in counts
