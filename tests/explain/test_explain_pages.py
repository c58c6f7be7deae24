"""The Explain page: search, every decision cell by cell, under another ruleset, as an example."""

from __future__ import annotations

import html
import re

import pytest

from tests.explain.test_api import approval_draft, decision, post
from tests.pages.world import Browser, World

VALIDATION = (
    "SELECT id FROM decision WHERE kind = 'validation' AND subject = 'payment' "
    "AND matter_kind = 'document' ORDER BY id LIMIT 1"
)
DRAFT = re.sub(
    r"(?m)^version: \d+$",
    "version: 99",
    approval_draft("small: 5万, large: 50万", "small: 0.5, large: 1").replace(
        "overrides: {SH: {large: 30万}}", "overrides: {}"
    ),
)


def document(world: World, number: str | None = None) -> str:
    return world.one(
        "SELECT document_no FROM document WHERE id::text = "
        "(SELECT matter_id FROM decision WHERE id = :id)",
        id=int(number or decision(world)),
    )


def draft(world: World, text: str = DRAFT, user: str = "analyst") -> int:
    status, made = post(world.client(user), "/api/v1/drafts", {"text": text})
    assert status == 201, made
    return int(str(made["id"]))


def form(browser: Browser, address: str, **values: str | int) -> tuple[int, str, str]:
    answer = browser.http.post(address, data={"csrf": browser.csrf, **values})
    return answer.status_code, html.unescape(answer.text), answer.headers.get("location", "")


def draft_text(world: World, number: int) -> str:
    return world.one("SELECT text FROM ruleset_draft WHERE id = :id", id=number)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_decision_is_shown_in_the_order_it_was_made(read_only: World, lang: str) -> None:
    number = read_only.one("SELECT document_no FROM document WHERE state = 'CONFIRMED' LIMIT 1")
    answer = read_only.client("treasurer", lang).http.get(f"/explain/{number}")
    assert answer.status_code == 200
    shown = [int(one) for one in re.findall(r'id="d-(\d+)"', answer.text)]
    found = read_only.client("treasurer").http.get(f"/api/v1/documents/{number}/decisions")
    assert shown == [one["id"] for one in found.json()["decisions"]]
    assert len(shown) > 5
    assert "style=" not in answer.text
    assert "<script>" not in answer.text


def test_outputs_and_values_are_said_by_their_labels_in_the_page_s_language(
    read_only: World,
) -> None:
    grouping = read_only.one(
        "SELECT id FROM decision WHERE kind = 'grouping' "
        "AND outcome -> 'batch_by' @> '[\"currency\", \"value_date\"]' ORDER BY id LIMIT 1"
    )
    number = document(read_only, grouping)
    for address in (f"/explain/{number}", f"/payments/{number}", f"/trace?q={number}"):
        shown = html.unescape(read_only.client("treasurer", "zh").http.get(address).text)
        assert "分批依据" in shown, address
        assert "币种、起息日" in shown, address
        assert "batch_by" not in shown, address


def test_a_cell_says_whether_it_holds_in_a_word_as_well(read_only: World) -> None:
    browser = read_only.client("treasurer")
    shown = browser.http.get(f"/decisions/{decision(read_only)}").text
    assert '<b aria-hidden="true">✓</b><span class="unseen">holds</span>' in shown
    assert '<b aria-hidden="true">✗</b><span class="unseen">does not hold</span>' in shown
    assert re.search(r'href="/rulesets/[0-9a-f]{64}#row-A1"', shown)


def test_any_number_leads_to_the_page(read_only: World) -> None:
    browser = read_only.client("treasurer")
    number = document(read_only)
    source = read_only.one(
        "SELECT source_document_no FROM document WHERE document_no = :n", n=number
    )
    assert browser.http.get("/explain").status_code == 200
    answer = browser.http.get("/explain", params={"q": source})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/explain/{number}")
    answer = browser.http.get(f"/explain/{source}", params={"under": "live:payment-approval"})
    assert answer.headers["location"] == f"/explain/{number}?under=live%3Apayment-approval"
    assert browser.http.get("/explain?q=nothing").status_code == 404
    foreign = read_only.client("bj.reviewer").http.get(f"/explain/{number}")
    assert foreign.status_code == 404
    assert number not in foreign.text.replace(f"/explain/{number}", "").replace(
        f"%2Fexplain%2F{number}", ""
    ).replace(f'value="{number}"', "").replace(f"number {number}", "")
    batch = read_only.one(
        "SELECT message_id FROM payment_batch WHERE item_count > 1 ORDER BY id LIMIT 1"
    )
    assert browser.http.get("/explain", params={"q": batch}).text.count('href="/explain/D') > 1


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_under_a_draft_both_sides_are_shown_with_what_differs(world: World, lang: str) -> None:
    number = draft(world)
    browser = world.client("treasurer", lang)
    answer = browser.http.get(f"/explain/{document(world)}?under=draft:{number}")
    assert answer.status_code == 200
    shown = html.unescape(answer.text)
    said = {"en": f"Under draft {number}: A3 instead of A1.", "zh": f"按草稿 {number}：A1变为A3。"}
    assert said[lang] in shown
    assert {"en": "≠ differs", "zh": "≠ 不同"}[lang] in shown
    assert {"en": "Parameter large falls from 500,000 to 1", "zh": "large"}[lang] in shown
    assert len(re.findall(r'class="step"', shown)) == 1


def test_a_reference_that_decided_nothing_here_is_told_and_the_decisions_stay(
    read_only: World,
) -> None:
    browser = read_only.client("treasurer")
    number = document(read_only)
    for reference, status, code in (
        ("draft:999", 404, "DRAFT_UNKNOWN"),
        ("live:premium-sweep", 404, "NOT_DECIDED_SO"),
    ):
        answer = browser.http.get(f"/explain/{number}", params={"under": reference})
        assert (answer.status_code, code in answer.text) == (status, True)
        assert answer.text.count('class="step"') > 3


def test_a_pasted_text_is_compared_and_one_with_errors_comes_back(read_only: World) -> None:
    browser = read_only.client("treasurer")
    number = document(read_only)
    status, shown, _ = form(browser, f"/explain/{number}", text=DRAFT)
    assert (status, "Under the pasted text: A3 instead of A1." in shown) == (200, True)
    broken = DRAFT.replace("$small", "$smal", 1)
    for address in (f"/explain/{number}", f"/decisions/{decision(read_only)}"):
        status, shown, _ = form(browser, address, text=broken)
        assert status == 422
        assert "error[R201]" in shown
        assert "$smal " in shown


def test_unsigned_rules_about_what_somebody_sees_masked_are_refused(world: World) -> None:
    text = world.one("SELECT text FROM ruleset_version WHERE name = 'payment-validation'")
    text = text.replace("[0-9A-Z]{5,34}", "[A-Z0-9]{5,34}")  # a question nobody has signed
    number = draft(world, text.replace("version: 1", "version: 9"))
    row = world.one(VALIDATION)
    address = f"/explain/{document(world, row)}?under=draft:{number}"
    answer = world.client("analyst").http.get(address)
    assert (answer.status_code, "HIDDEN_WORDS" in answer.text) == (403, True)
    assert world.client("treasurer").http.get(address).status_code == 200
    account = world.one("SELECT facts ->> 'creditor_account' FROM decision WHERE id = :id", id=row)
    assert account not in answer.text


def test_the_page_is_for_who_may_read_rules_and_documents(read_only: World) -> None:
    number = document(read_only)
    assert read_only.client("cashier").http.get(f"/explain/{number}").status_code == 403
    shown = read_only.client("cashier").http.get(f"/trace?q={number}").text
    assert "/explain" not in shown
    shown = read_only.client("treasurer").http.get(f"/trace?q={number}").text
    assert f'href="/explain/{number}"' in shown
    assert (
        "Save as example" not in read_only.client("treasurer").http.get(f"/explain/{number}").text
    )


def test_a_decision_is_saved_as_an_example_of_an_open_draft(world: World) -> None:
    number = draft(world)
    browser = world.client("analyst")
    row = decision(world)
    seen = world.one("SELECT text_hash FROM ruleset_draft WHERE id = :id", id=number)
    before = draft_text(world, number)
    status, _, address = form(browser, f"/decisions/{row}/example", draft=number, seen=seen)
    assert status == 303
    shown = html.unescape(browser.http.get(address).text)
    assert f"Saved as example in draft {number}: it expects A3" in shown
    after = draft_text(world, number)
    assert after.startswith(before)
    assert after[len(before) :].count("\n") == 1
    status, shown, _ = form(
        browser,
        f"/decisions/{row}/example",
        draft=number,
        seen=world.one("SELECT text_hash FROM ruleset_draft WHERE id = :id", id=number),
    )
    assert (status, "EXAMPLE_EXISTS" in shown) == (422, True)


def test_a_draft_saved_by_another_meanwhile_is_left_as_it_is(world: World) -> None:
    number = draft(world)
    browser = world.client("analyst")
    seen = world.one("SELECT text_hash FROM ruleset_draft WHERE id = :id", id=number)
    answer = browser.http.put(
        f"/api/v1/drafts/{number}",
        json={"text": f"{DRAFT}# mine\n", "seen": seen},
        headers={"X-CSRF-Token": browser.csrf},
    )
    assert answer.status_code == 200
    status, shown, _ = form(
        browser, f"/decisions/{decision(world)}/example", draft=number, seen=seen
    )
    assert status == 409
    assert "Nothing was overwritten" in shown
    assert draft_text(world, number).endswith("# mine\n")
    assert f'name="seen" value="{answer.json()["hash"]}"' in shown, (
        "saving again goes on from the stored text"
    )


def test_a_draft_begins_with_the_example_under_the_next_number(world: World) -> None:
    browser = world.client("analyst")
    status, _, address = form(browser, f"/decisions/{decision(world)}/example")
    assert status == 303
    number = int(address.split("under=draft:")[1].split("&")[0])
    live = world.one("SELECT text FROM ruleset_version WHERE name = 'payment-approval'")
    raised = re.sub(r"(?m)^version: 2$", "version: 3", live)
    assert draft_text(world, number).startswith(raised)
    errors = world.one("SELECT errors FROM ruleset_draft WHERE id = :id", id=number)
    assert errors == "0"


def big_validation(rows: int) -> str:
    """A validation ruleset as large as a group may write one."""
    text = (
        "kind: validation\nname: payment-validation\ntitle: {en: Checks, zh: 校验}\n"
        "version: 9\neffective: {from: 2020-01-01}\nscope: {org: GROUP, subject: payment}\n"
        "on_error: return_rows\nhit_policy: rule order\nrules: |\n"
        "  id | amount | payment_method | business_type | creditor_type | purpose => severity | "
        "field | message_en | message_zh\n"
    )
    for at in range(rows):
        text += (
            f"  V{at} | > {at * 977} | transfer | claim, surrender | supplier | "
            f'contains("测试{at}") => warning | amount | Check number {at} | 第 {at} 项检查\n'
        )
    return text


def test_a_page_about_a_large_ruleset_is_no_heavier_than_40_kb(read_only: World) -> None:
    row = read_only.one(VALIDATION)
    browser = read_only.client("treasurer")
    heaviest = f"/explain/{document(read_only, row)}"
    answer = browser.http.get(heaviest, headers={"accept-encoding": "gzip"})
    assert answer.num_bytes_downloaded <= 40_000
    answer = browser.http.post(
        heaviest,
        data={"csrf": browser.csrf, "text": big_validation(300)},
        headers={"accept-encoding": "gzip"},
    )
    assert answer.status_code == 200
    assert answer.num_bytes_downloaded <= 40_000


def test_rows_that_are_too_many_for_a_page_come_when_their_fold_is_opened(world: World) -> None:
    row = world.one(VALIDATION)
    number = draft(world, big_validation(60))
    browser = world.client("treasurer")
    page = html.unescape(browser.http.get(f"/decisions/{row}?under=draft:{number}").text)
    (address,) = re.findall(r'hx-get="(/decisions/\d+/rows\?under=[^"]+)"', page)
    part = browser.http.get(address)
    assert part.status_code == 200
    assert "<html" not in part.text
    both = re.findall(r"<code>(V\d+)</code>", page + part.text)
    assert {f"V{at}" for at in range(60)} <= set(both)
