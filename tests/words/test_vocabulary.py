"""The vocabulary by two persons: proposed, tried on what is live, signed, made live, undone."""

from __future__ import annotations

import httpx
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from engine.rulebook.lock import lock_rulebook
from engine.runtime import db
from engine.runtime.clock import ManualClock
from engine.treasury.rulesets import words
from tests.permissions.support import person
from tests.rulebook.support import approval_text
from tests.versions.support import said
from tests.versions.waiting import while_waiting

API = "/api/v1"
BONUS = {"do": "add_value", "word": "business_type", "value": "bonus", "en": "bonus", "zh": "红利"}
ANNUITY = BONUS | {"value": "annuity", "en": "annuity", "zh": "年金"}
USING = (
    approval_text(version=2)
    .replace("id | amount =>", "id | amount | business_type =>")
    .replace("< $large  =>", "< $large | - =>")
    .replace("A2 | >= $large =>", "A2 | >= $large | not(bonus) =>")
    .replace("examples:", "  A3 | >= $large | bonus => cfo | 48h\nexamples:")
    .split("examples:")[0]
)


def post(web: httpx.Client, path: str, user: str, **body: object) -> httpx.Response:
    return web.post(f"{API}/{path}", json=body, headers=said(user))


def propose(web: httpx.Client, *edits: object, user: str = "ann") -> httpx.Response:
    return post(web, "vocabulary/proposals", user, edits=list(edits), reason="a new product")


def proposed(web: httpx.Client, *edits: object, user: str = "ann") -> int:
    answer = propose(web, *edits, user=user)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def sign(web: httpx.Client, number: int, user: str = "tom") -> httpx.Response:
    return post(web, f"vocabulary/proposals/{number}/sign", user)


def signed(web: httpx.Client, *edits: object) -> str:
    """The hash of a vocabulary that waits."""
    answer = sign(web, proposed(web, *edits))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["hash"])


def reload(web: httpx.Client, *hashes: str, user: str = "oli") -> httpx.Response:
    return post(web, "rulesets/reload", user, hashes=list(hashes) or None, reason="now")


def values(web: httpx.Client, word: str = "business_type") -> list[str]:
    found = web.get(f"{API}/vocabulary", params={"q": word}, headers=said("aud")).json()["words"]
    return [v["value"] for one in found if one["word"] == word for v in one["values"] or ()]


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_value_is_proposed_signed_by_another_made_live_and_used(web: httpx.Client) -> None:
    number = proposed(web, BONUS)
    assert code(sign(web, number, "ann")) == (403, "FORBIDDEN")
    hash = str(sign(web, number).json()["hash"])
    assert "bonus" not in values(web)
    draft = post(web, "drafts", "ann", text=USING).json()
    assert "R112" in [one["code"] for one in draft["findings"]]

    plan = web.get(f"{API}/rulesets/plan", headers=said("oli")).json()
    assert plan["changes"] == []
    assert plan["vocabulary_changes"] is True
    assert plan["vocabulary"]["new"] == hash
    assert plan["vocabulary"]["diff"]["changed"].keys() == {"business_type.values"}
    assert reload(web).json() == {"revision": 2, "before": 1, "changed": True}

    assert "bonus" in values(web)
    draft = post(web, "drafts", "ann", text=USING).json()
    assert draft["errors"] == 0, draft["findings"]


def test_a_vocabulary_becomes_live_alone_and_an_undo_takes_it_away_for_good(
    web: httpx.Client, ruled: sa.Engine
) -> None:
    hash = signed(web, BONUS)
    assert reload(web, hash[:8]).json()["revision"] == 2
    with db.transaction(ruled) as session:
        items = (
            session.execute(
                sa.text(
                    "SELECT array_agg(ruleset_hash ORDER BY 1) FROM revision_item "
                    "GROUP BY revision_id ORDER BY revision_id"
                )
            )
            .scalars()
            .all()
        )
    assert items[0] == items[1]
    assert post(web, "rulesets/undo", "oli", reason="no").json()["revision"] == 3
    assert "bonus" not in values(web)
    assert reload(web).json()["changed"] is False
    assert web.get(f"{API}/vocabulary", headers=said("aud")).json()["waiting"] is None
    assert reload(web, hash).json()["revision"] == 4
    assert "bonus" in values(web)


def test_what_was_added_can_be_taken_away_again_and_becomes_live_again(web: httpx.Client) -> None:
    reload(web, signed(web, BONUS))
    signed(web, {"do": "remove_value", "word": "business_type", "value": "bonus"})
    assert reload(web).json()["revision"] == 3
    assert "bonus" not in values(web)
    assert reload(web).json()["changed"] is False


def test_rulesets_named_alone_leave_the_words_as_they_are(web: httpx.Client) -> None:
    signed(web, BONUS)
    made = post(web, "drafts", "ann", text=approval_text(version=2, large="40万")).json()
    version = post(
        web, f"drafts/{made['id']}/submit", "ann", seen=made["hash"], reason="less"
    ).json()["hash"]
    post(web, f"ruleset-versions/{version}/sign", "tom")
    assert reload(web, version).json()["revision"] == 2
    assert "bonus" not in values(web)
    assert reload(web).json()["revision"] == 3
    assert "bonus" in values(web)


def test_the_second_of_two_proposals_is_put_on_the_first_and_loses_nothing(
    web: httpx.Client,
) -> None:
    first, second = proposed(web, BONUS), proposed(web, ANNUITY, BONUS, user="amy")
    sign(web, first)
    assert code(sign(web, second)) == (409, "WORDS_MOVED")
    seen = web.get(f"{API}/vocabulary/proposals/{second}", headers=said("amy")).json()
    assert (seen["moved"], seen["clashes"]) == (True, [1])
    again = post(web, f"vocabulary/proposals/{second}/continue", "amy")
    assert code(again) == (422, "VALUE_EXISTS")
    assert again.json()["edit"] == 1
    state = web.get(f"{API}/vocabulary/proposals/{second}", headers=said("amy")).json()["state"]
    assert state == "proposed"

    made = post(web, f"vocabulary/proposals/{second}/continue", "ann", keep=[0]).json()
    assert (made["author"], made["editors"], made["continues"]) == ("ann", ["amy"], second)
    old = web.get(f"{API}/vocabulary/proposals/{second}", headers=said("amy")).json()
    assert (old["state"], old["returned_by"]) == ("returned", "ann")
    assert code(sign(web, second)) == (409, "RETURNED")
    assert sign(web, made["id"]).status_code == 200
    reload(web)
    assert {"bonus", "annuity"} <= set(values(web))


def test_of_two_signatures_at_once_the_second_is_told_to_move(
    web: httpx.Client, ruled: sa.Engine, clock: ManualClock
) -> None:
    first, second = proposed(web, BONUS), proposed(web, ANNUITY, user="amy")

    def held(session: Session) -> None:
        lock_rulebook(session)
        words.sign(session, "tom", first, clock.now())

    with while_waiting(ruled, held, lambda: sign(web, second, "cat")) as waited:
        answer = waited.result(timeout=60)
    assert code(answer) == (409, "WORDS_MOVED")


def test_the_second_word_on_a_proposal_is_told_of_the_first(web: httpx.Client) -> None:
    number = proposed(web, BONUS)
    sign(web, number)
    assert code(sign(web, number, "cat")) == (409, "REVIEWED")
    back = post(web, f"vocabulary/proposals/{number}/return", "cat", reason="no")
    assert code(back) == (409, "REVIEWED")


def test_a_returned_proposal_is_corrected_as_a_new_one(web: httpx.Client) -> None:
    number = proposed(web, BONUS)
    back = post(web, f"vocabulary/proposals/{number}/return", "tom", reason="call it dividend")
    assert (back.json()["state"], back.json()["return_reason"]) == ("returned", "call it dividend")
    better = BONUS | {"do": "set_label", "en": "dividend", "zh": "分红"}
    made = post(web, f"vocabulary/proposals/{number}/continue", "ann", edits=[better]).json()
    assert [one["do"] for one in made["edits"]] == ["add_value", "set_label"]
    assert sign(web, made["id"]).status_code == 200


@pytest.mark.parametrize(
    ("edit", "asked"),
    [
        ({"do": "remove_word", "word": "amount"}, "amount"),
        ({"do": "set_type", "word": "amount", "type": "int"}, "amount"),
    ],
)
def test_a_word_that_a_live_ruleset_uses_stays(
    web: httpx.Client, edit: dict[str, str], asked: str
) -> None:
    answer = propose(web, edit)
    assert code(answer) == (409, "WORDS_IN_USE")
    assert "payment-approval 1 (GROUP)" in answer.json()["message_en"]
    used = web.get(f"{API}/vocabulary", params={"q": asked}, headers=said("aud")).json()["words"]
    assert used[0]["used"] == ["payment-approval"]


def test_a_value_that_a_waiting_ruleset_names_stays(web: httpx.Client) -> None:
    reload(web, signed(web, BONUS))
    made = post(web, "drafts", "ann", text=USING).json()
    version = post(web, f"drafts/{made['id']}/submit", "ann", seen=made["hash"], reason="bonus")
    assert version.status_code == 200, version.text
    gone = {"do": "remove_value", "word": "business_type", "value": "bonus"}
    answer = propose(web, gone)
    assert code(answer) == (409, "WORDS_IN_USE")
    assert "payment-approval 2" in answer.json()["message_en"]
    post(web, f"ruleset-versions/{version.json()['hash']}/return", "tom", reason="not now")
    assert propose(web, gone).status_code == 201


def test_a_value_that_leaves_a_gap_in_a_live_table_cannot_be_signed(web: httpx.Client) -> None:
    whole = approval_text(version=2).split("rules:")[0] + (
        "rules: |\n  id | urgency => approvers\n  A1 | normal => reviewer\n"
        "  A2 | urgent => reviewer > cfo\n"
    )
    whole = "".join(
        line + "\n"
        for line in whole.split("\n")
        if not line.startswith(("params", "adjustable", "overrides"))
    )
    made = post(web, "drafts", "ann", text=whole).json()
    assert made["errors"] == 0, made["findings"]
    version = post(
        web, f"drafts/{made['id']}/submit", "ann", seen=made["hash"], reason="urgency"
    ).json()["hash"]
    post(web, f"ruleset-versions/{version}/sign", "tom")
    reload(web, version)
    later = BONUS | {"word": "urgency", "value": "later", "en": "later", "zh": "稍后"}
    number = proposed(web, later)
    seen = web.get(f"{API}/vocabulary/proposals/{number}", headers=said("ann")).json()
    assert seen["broken"] is True
    assert [(one["ruleset"], one["result"]) for one in seen["effects"]] == [
        ("payment-approval", "broken")
    ]
    assert [one["code"] for one in seen["effects"][0]["findings"]] == ["R303"]
    assert code(sign(web, number)) == (409, "WORDS_IN_USE")


@pytest.mark.parametrize(
    ("user", "status"),
    [("bea", 403), ("tom", 403), ("oli", 403), ("aud", 403), ("ann", 201)],
)
def test_proposing_needs_the_permission_for_the_whole_group(
    web: httpx.Client, user: str, status: int
) -> None:
    assert propose(web, BONUS, user=user).status_code == status


def test_who_may_write_or_sign_one_kind_alone_changes_no_words(
    web: httpx.Client, ruled: sa.Engine
) -> None:
    person(ruled, "ada", "analyst", kinds=["approval"])
    person(ruled, "tim", "treasurer", kinds=["approval"])
    assert code(propose(web, BONUS, user="ada")) == (403, "NOT_PERMITTED")
    number = proposed(web, BONUS)
    assert code(sign(web, number, "tim")) == (403, "NOT_PERMITTED")
    sign(web, number)
    assert code(reload(web, user="tim")) == (403, "NOT_PERMITTED")
    assert reload(web).status_code == 200


def test_signing_and_activating_need_the_permission_for_the_whole_group(
    web: httpx.Client, ruled: sa.Engine
) -> None:
    number = proposed(web, BONUS)
    assert sign(web, number, "oli").status_code == 403
    hash = str(sign(web, number).json()["hash"])
    assert code(reload(web, hash, user="bob")) == (403, "NOT_PERMITTED")
    assert code(reload(web, user="bob")) == (403, "NOT_PERMITTED")
    assert reload(web, hash).status_code == 200
    assert code(post(web, "rulesets/undo", "bob", reason="no")) == (403, "NOT_PERMITTED")


@pytest.mark.parametrize(
    ("edit", "found"),
    [
        (BONUS | {"word": "busines"}, "WORD_UNKNOWN"),
        (BONUS | {"value": "claim"}, "VALUE_EXISTS"),
        (
            {"do": "add_word", "word": "id", "type": "code", "en": "x", "zh": "某"},
            "RULESET_REFUSED",
        ),
        ({"do": "set_type", "word": "purpose", "type": "chain"}, "RULESET_REFUSED"),
    ],
)
def test_edits_that_cannot_be_made_are_refused_with_their_place(
    web: httpx.Client, edit: dict[str, str], found: str
) -> None:
    assert code(propose(web, edit)) == (422, found)


def test_the_database_keeps_writers_and_reviewers_apart(
    web: httpx.Client, ruled: sa.Engine
) -> None:
    first = proposed(web, BONUS)
    second = post(web, f"vocabulary/proposals/{first}/continue", "amy", edits=[ANNUITY]).json()[
        "id"
    ]

    def refused(statement: str, **given: object) -> str:
        with pytest.raises(sa.exc.IntegrityError) as error, db.transaction(ruled) as session:
            session.execute(sa.text(statement), given)
        diagnosis = getattr(error.value.orig, "diag", None)
        return str(getattr(diagnosis, "constraint_name", ""))

    signing = (
        "UPDATE vocabulary_proposal SET reviewer = :who, reviewed_at = now(), signed_over = 1 "
        "WHERE id = :id"
    )
    assert refused(signing, who="amy", id=second) == "words_four_eyes"
    assert refused(signing, who="ann", id=second) == "words_reviewer_edited_nothing"
    assert refused(signing, who="tom", id=first) == "words_review_once"
    copied = (
        "INSERT INTO vocabulary_proposal (org_id, base_hash, edits, text, text_hash, author, "
        "continues, reason, created_at) SELECT org_id, base_hash, edits, text, text_hash, 'zoe', "
        "id, reason, created_at FROM vocabulary_proposal WHERE id = :id"
    )
    assert refused(copied, id=second) == "words_name_their_writers"
    stored = (
        "INSERT INTO vocabulary_version SELECT text_hash, org_id, text, 'zoe', :who, reason, "
        "created_at FROM vocabulary_proposal WHERE id = :id"
    )
    assert refused(stored, who="ann", id=second) == "vocabulary_signed_by_no_writer"


def test_an_older_vocabulary_comes_back_only_by_an_undo(web: httpx.Client) -> None:
    before = web.get(f"{API}/vocabulary", headers=said("aud")).json()["hash"]
    reload(web, signed(web, BONUS))
    assert code(reload(web, before)) == (409, "WORDS_SUPERSEDED")
