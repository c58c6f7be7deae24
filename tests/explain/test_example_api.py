"""A decision as an example, for programs: every kind of the played day, refusals, who may copy."""

from __future__ import annotations

import pytest
from sqlmodel import select

from engine.rulebook.examples import propose_example
from engine.rulebook.models import DecisionRow, RulesetVersion
from engine.rulebook.texts import current_vocabulary, ruleset_in
from engine.rules.analysis.examples import run_examples
from engine.rules.load import load_ruleset
from engine.rules.new_example import ExampleRefused
from engine.rules.vocabulary import parse_vocabulary
from engine.runtime.db import transaction
from tests.explain.test_api import approval_draft, decision, post
from tests.pages.world import World

ADDRESS = "/api/v1/rulesets/example"


def test_every_decision_of_the_day_becomes_an_example_that_holds(read_only: World) -> None:
    kinds: set[str] = set()
    with transaction(read_only.engine) as session:
        words, _ = parse_vocabulary("vocabulary.yaml", current_vocabulary(session).text)
        assert words is not None
        for row in session.exec(select(DecisionRow)):
            ruleset = ruleset_in(session, row.revision_id, row.ruleset_hash, row.business_date)
            version = session.get(RulesetVersion, row.ruleset_hash)
            assert version is not None
            text = version.text
            try:
                made = propose_example(session, row, text, ruleset)
            except ExampleRefused as refused:
                assert refused.code == "EXAMPLE_EXISTS", refused  # noqa: PT017
                continue
            kinds.add(row.kind)
            assert not made.differs
            (span,) = made.edited.spans
            assert span[0] == span[1], "one line was put in"
            assert made.edited.text == text[: span[0]] + span[2] + text[span[0] :]
            loaded = load_ruleset(version.file, made.edited.text, words)
            assert loaded.ruleset is not None, loaded.findings
            assert run_examples(loaded.ruleset).failed == ()
            assert loaded.ruleset.examples[-1].want_rows == tuple(row.rows)
    assert kinds >= {"validation", "routing", "alerts", "approval", "grouping"}
    assert kinds >= {"failure", "matching", "posting"}


def test_edits_spans_and_text_say_the_same(read_only: World) -> None:
    browser = read_only.client("analyst")
    text = "# 𝄞 a wide one\r\n" + approval_draft("large: 50万", "large: 1").replace("\n", "\r\n")
    text = text.replace("overrides: {SH: {large: 30万}}", "overrides: {}").replace(
        "small: 5万", "small: 0.5"
    )
    given = {"text": text, "decision": int(decision(read_only)), "offsets": "utf16"}
    status, found = post(browser, ADDRESS, given)
    assert status == 200, found
    status, again = post(
        browser,
        "/api/v1/rulesets/edit",
        {"text": text, "edits": found["edits"], "offsets": "utf16"},
    )
    assert status == 200, again
    assert again["text"] == found["text"]
    assert again["spans"] == found["spans"]
    assert found["text"].count("\r\n") == text.count("\r\n") + 1  # type: ignore[attr-defined]
    assert found["differs"] is True
    assert "A3" in str(found["note_en"])
    assert "A3" in str(found["note_zh"])
    assert found["note"] == found["note_en"]


def test_a_document_stands_for_its_last_decision_of_the_kind(read_only: World) -> None:
    number = read_only.one(
        "SELECT document_no FROM document WHERE id::text = "
        "(SELECT matter_id FROM decision WHERE id = :id)",
        id=int(decision(read_only)),
    )
    browser = read_only.client("analyst")
    text = approval_draft("| 48h", "| 36h")
    status, found = post(browser, ADDRESS, {"text": text, "document": number, "lang": "zh"})
    assert status == 200, found
    assert str(found["decision"]) == decision(read_only)
    assert found["note"] == found["note_zh"]


@pytest.mark.parametrize(
    ("user", "given", "status", "code"),
    [
        ("analyst", {"decision": 1}, 404, "UNKNOWN_DECISION"),
        ("analyst", {"document": "nothing"}, 404, "NOTHING_FOUND"),
        ("analyst", {}, 422, "REQUEST_INVALID"),
        ("treasurer", {"decision": 1}, 403, "FORBIDDEN"),
    ],
)
def test_what_cannot_be_is_refused_by_code(
    read_only: World, user: str, given: dict[str, object], status: int, code: str
) -> None:
    text = approval_draft("| 48h", "| 36h")
    found = post(read_only.client(user), ADDRESS, {"text": text, **given})
    assert (found[0], found[1]["code"]) == (status, code)


def test_a_text_of_another_kind_and_one_with_errors_are_refused(read_only: World) -> None:
    browser = read_only.client("analyst")
    number = int(decision(read_only))
    routing = read_only.one("SELECT text FROM ruleset_version WHERE name = 'payment-routing'")
    status, found = post(browser, ADDRESS, {"text": routing, "decision": number})
    assert (status, found["code"]) == (404, "NOT_DECIDED_SO")
    broken = approval_draft("$small", "$smal")
    status, found = post(browser, ADDRESS, {"text": broken, "decision": number})
    assert (status, found["code"]) == (422, "RULESET_REFUSED")
    assert found["findings"]


def test_account_numbers_somebody_sees_masked_are_not_copied(read_only: World) -> None:
    number = read_only.one("SELECT id FROM decision WHERE kind = 'validation' ORDER BY id LIMIT 1")
    text = read_only.one(
        "SELECT text FROM ruleset_version v JOIN decision d ON d.ruleset_hash = v.hash "
        "WHERE d.id = :id",
        id=number,
    )
    browser = read_only.client("analyst")
    status, found = post(browser, ADDRESS, {"text": text, "decision": int(number)})
    assert (status, found["code"]) == (403, "HIDDEN_WORDS")
    assert "account" in str(found["message_en"])
