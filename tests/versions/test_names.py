"""A name belongs to the organisation that stored it first, and numbers rise in steps."""

from __future__ import annotations

import httpx
import pytest

from tests.rulebook.support import approval_text
from tests.versions.support import branch_text, said
from tests.versions.test_drafts import begin, submitted
from tests.versions.test_reload import post


def found(draft: dict[str, object]) -> list[tuple[str, str]]:
    """Code and English sentence of the findings that are errors."""
    findings = draft["findings"]
    assert isinstance(findings, list)
    return [(one["code"], one["message_en"]) for one in findings if one["severity"] == "error"]


def test_a_branch_does_not_take_a_name_of_the_group(web: httpx.Client) -> None:
    draft = begin(web, branch_text("BJ", name="payment-approval", version=7), user="bea")
    [(code, sentence)] = found(draft)
    assert code == "B107"
    assert "belongs to a ruleset of GROUP" in sentence
    refused = post(web, f"drafts/{draft['id']}/submit", user="bea", seen=draft["hash"])
    assert refused.status_code == 422
    assert [one["code"] for one in refused.json()["findings"]] == ["B107"]
    assert found(begin(web, approval_text(version=2, large="40万"))) == []


def test_what_was_returned_holds_neither_the_name_nor_the_numbers_below_it(
    web: httpx.Client,
) -> None:
    text = branch_text("BJ", name="north-approval", version=900)
    hash = submitted(web, int(str(begin(web, text, user="bea")["id"])), "bea")
    north = approval_text(version=2, name="north-approval")
    [(code, _)] = found(begin(web, north))
    assert code == "B107"
    assert post(web, f"ruleset-versions/{hash}/return", "tom").status_code == 200
    assert found(begin(web, north)) == []
    taken = approval_text(version=900, name="north-approval")
    [(code, sentence)] = found(begin(web, taken))
    assert (code, sentence.partition("; ")[0]) == (
        "B106",
        "north-approval version 900 is kept with other content",
    )
    assert sentence.endswith("set version to 1")


@pytest.mark.parametrize(
    ("version", "codes"), [(1, ["B106"]), (2, []), (1001, []), (1002, ["B108"])]
)
def test_a_number_far_above_the_stored_ones_is_refused_with_the_one_to_write(
    web: httpx.Client, version: int, codes: list[str]
) -> None:
    draft = begin(web, approval_text(version=version, large="40万"))
    assert [code for code, _ in found(draft)] == codes
    assert all(sentence.endswith("version to 2") for _, sentence in found(draft))


def test_each_sentence_is_there_in_chinese(web: httpx.Client) -> None:
    draft = begin(web, approval_text(version=999_999_999, large="40万"))
    [finding] = [one for one in draft["findings"] if one["code"] == "B108"]  # type: ignore[attr-defined]
    assert "请把 version 改为 2" in finding["message_zh"]
    listed = web.get("/api/v1/drafts", headers=said("ann")).json()
    assert listed[0]["errors"] == 1
