"""The pages of the words and of beginnings: what they show, what forms do, who sees what."""

from __future__ import annotations

import gzip

import pytest

from tests.pages.world import World

BONUS = {"do": "add_value", "word": "business_type", "value": "bonus", "en": "bonus", "zh": "红利"}
ADDRESSES = (
    "/words",
    "/words?q=business",
    "/words?q=nothing-of-the-kind",
    "/words/proposals/1",
    "/words/propose",
    "/words/propose?do=add_word",
    "/words/propose?do=set_label&word=urgency&value=urgent",
    "/words/propose?do=set_type&word=purpose",
    "/words/propose?do=remove&word=urgency&on=1",
    "/rulesets/new",
    "/rulesets/new?kind=alerts",
    "/rulesets/new?kind=nothing",
)


def post(world: World, user: str, path: str, lang: str = "en", **form: str) -> tuple[int, str]:
    """Status, and where it leads or what the page says."""
    browser = world.client(user, lang)
    answer = browser.http.post(path, data={**form, "csrf": browser.csrf})
    return answer.status_code, answer.headers.get("location", "") or answer.text


@pytest.fixture(scope="module")
def proposed(read_only: World) -> World:
    """The day with a change of the words proposed."""
    status, where = post(read_only, "analyst", "/words/propose", reason="dividends", **BONUS)
    assert (status, where.split("?")[0]) == (303, "/words/proposals/1")
    return read_only


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_answers_in_both_languages_within_its_weight(
    proposed: World, address: str, lang: str
) -> None:
    answer = proposed.client("analyst", lang).http.get(address)
    assert answer.status_code == 200, answer.text
    assert "style=" not in answer.text
    assert "<script>" not in answer.text
    assert len(gzip.compress(answer.content)) < 40_000


def test_a_proposal_shows_its_lines_and_what_it_does(proposed: World) -> None:
    text = proposed.client("treasurer", "zh").http.get("/words/proposals/1").text
    assert "词 business_type 新增取值 bonus（红利，bonus）。" in text
    assert "<mark>, bonus: 红利</mark>" in text
    assert "claims-funding" in text
    assert "决策不变" in text
    assert "复核修改 1" in text


def test_the_words_name_who_supplies_and_who_uses_them(proposed: World) -> None:
    text = proposed.client("auditor", "en").http.get("/words?q=extra_approver").text
    assert "payment-approval</a>" in text
    assert "Approval</span>" in text
    assert "1 of " in text
    assert "/words/propose" not in text


def test_rulesets_of_others_are_not_named_on_the_words(world: World) -> None:
    user = "bj.reviewer"
    assert "payment-approval" in world.client(user).http.get("/words").text
    own = {"kind": "approval", "subject": "payment", "name": "sh-own", "org": "SH"}
    status, where = post(world, "analyst", "/rulesets/new", title_en="a", title_zh="b", **own)
    assert status == 303
    number = where.split("?")[0].rsplit("/", 1)[1]
    seen = world.one("SELECT text_hash FROM ruleset_draft WHERE id = :n", n=int(number))
    http = world.client("analyst")
    said = {"X-CSRF-Token": http.csrf}
    answer = http.http.post(
        f"/api/v1/drafts/{number}/submit", json={"seen": seen, "reason": "own"}, headers=said
    )
    assert answer.status_code == 200, answer.text
    hash = answer.json()["hash"]
    assert post(world, "treasurer", f"/rulesets/{hash}/sign", activate="now")[0] == 303
    assert "sh-own" in world.client("treasurer").http.get("/words").text
    assert "sh-own" not in world.client(user).http.get("/words").text


def test_what_cannot_be_proposed_keeps_what_was_written(proposed: World) -> None:
    form = BONUS | {"value": "claim", "en": "a certain label"}
    status, text = post(proposed, "analyst", "/words/propose", reason="why", **form)
    assert status == 400
    assert "VALUE_EXISTS" in text
    assert 'value="a certain label"' in text
    assert 'value="why"' in text


def test_a_word_no_vocabulary_can_hold_is_told_with_its_finding(proposed: World) -> None:
    form = {"do": "add_word", "word": "id", "type": "code", "en": "x", "zh": "某"}
    status, text = post(proposed, "analyst", "/words/propose", reason="why", **form)
    assert status == 422
    assert "[R021]" in text


def test_closed_values_of_a_new_word_are_lines(world: World) -> None:
    form = {
        "do": "add_word",
        "word": "risk",
        "type": "code",
        "en": "risk",
        "zh": "风险",
        "values": "low = low = 低\n\nhigh＝rather high＝高\n",
        "after": "fee",
    }
    status, where = post(world, "analyst", "/words/propose", reason="why", **form)
    assert status == 303, where
    text = world.one("SELECT text FROM vocabulary_proposal")
    assert "values: {low: 低, high: {en: rather high, zh: 高}}}" in text


@pytest.mark.parametrize("user", ["treasurer", "auditor"])
def test_only_writers_of_rules_may_propose(proposed: World, user: str) -> None:
    assert post(proposed, user, "/words/propose", reason="why", **BONUS)[0] == 403


def test_a_new_ruleset_is_a_draft_without_errors_and_opens(world: World) -> None:
    form = {"kind": "sweep", "subject": "account", "name": "bj-sweep", "org": "BJ"}
    status, where = post(
        world, "analyst", "/rulesets/new", title_en="Sweep: BJ", title_zh="北京上划", **form
    )
    assert (status, where.split("?")[0].rsplit("/", 1)[0]) == (303, "/drafts")
    assert "done=done.ruleset_begun" in where
    row = world.one(
        "SELECT kind || ' ' || name || ' ' || org_id || ' ' || errors || ' ' || author "
        "FROM ruleset_draft ORDER BY id DESC LIMIT 1"
    )
    assert row == "sweep bj-sweep BJ 0 analyst"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"name": "payment-approval"}, 409, "NAME_TAKEN"),
        ({"name": "Payment"}, 400, "NAME_FORM"),
        ({"kind": "aproval"}, 404, "UNKNOWN_KIND"),
        ({"subject": "nothing"}, 404, "UNKNOWN_SUBJECT"),
        ({"org": "XX"}, 404, "ORGANISATION_UNKNOWN"),
    ],
)
def test_a_new_ruleset_is_refused_with_what_was_written(
    proposed: World, change: dict[str, str], status: int, code: str
) -> None:
    form = {"kind": "approval", "subject": "payment", "name": "bj-approval", "org": "BJ"}
    form |= {"title_en": "A title", "title_zh": "标题"} | change
    got, text = post(proposed, "analyst", "/rulesets/new", **form)
    assert (got, code in text) == (status, True)
    if "kind" not in change:
        assert 'value="A title"' in text


@pytest.mark.parametrize("how", ["extends", "full"])
def test_a_copy_for_a_branch_is_a_draft_without_errors(world: World, how: str) -> None:
    hash = world.one(
        "SELECT hash FROM ruleset_version WHERE name = 'payment-approval' "
        "ORDER BY version DESC LIMIT 1"
    )
    page = world.client("analyst", "en").http.get(f"/rulesets/{hash}/copy").text
    assert "may be written anew: " not in page
    assert "A4" in page
    status, where = post(world, "analyst", f"/rulesets/{hash}/copy", org="SH01", how=how)
    assert status == 303, where
    row = world.one(
        "SELECT name || ' ' || org_id || ' ' || errors FROM ruleset_draft ORDER BY id DESC LIMIT 1"
    )
    assert row == "payment-approval-sh01 SH01 0"
    above = post(world, "analyst", f"/rulesets/{hash}/copy", org="GROUP", how=how)
    assert (above[0], "NOT_BELOW" in above[1]) == (403, True)
