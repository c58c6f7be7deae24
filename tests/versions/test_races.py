"""Two persons at the same moment: nobody does more than permitted, and both get an answer."""

from __future__ import annotations

import httpx
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from engine.rulebook.lock import lock_rulebook
from engine.rulebook.versions import review
from engine.runtime.clock import ManualClock
from tests.rulebook.support import approval_text
from tests.versions.support import branch_text
from tests.versions.test_drafts import begin, submitted
from tests.versions.test_reload import held, post, signed
from tests.versions.waiting import while_waiting


def test_what_is_signed_while_a_reload_waits_needs_the_permission_too(
    web: httpx.Client, ruled: sa.Engine, clock: ManualClock
) -> None:
    group = submitted(
        web, int(str(begin(web, approval_text(version=2, large="40万"))["id"])), "ann"
    )
    own = signed(web, branch_text("BJ", name="bj-approval"))

    def sign(session: Session) -> None:
        lock_rulebook(session)
        review(session, group, reviewer="tom", now=clock.now())

    with while_waiting(ruled, sign, lambda: post(web, "rulesets/reload", user="bob")) as waited:
        answer = waited.result(timeout=60)
    assert answer.json()["code"] == "NOT_PERMITTED"
    assert web.get("/api/v1/health").json()["revision"] == 1
    done = post(web, "rulesets/reload", user="bob", hashes=[own])
    assert held(ruled, done.json()["revision"]) == held(ruled, 1) | {own}


@pytest.mark.parametrize("word", ["sign", "return"])
def test_the_second_word_on_a_version_is_told_of_the_first(
    web: httpx.Client, ruled: sa.Engine, clock: ManualClock, word: str
) -> None:
    hash = submitted(web, int(str(begin(web, approval_text(version=2, large="40万"))["id"])), "ann")

    def second() -> httpx.Response:
        return post(web, f"ruleset-versions/{hash}/{word}", user="cat")

    with while_waiting(
        ruled, lambda session: review(session, hash, reviewer="tom", now=clock.now()), second
    ) as waited:
        answer = waited.result(timeout=60)
    assert (answer.status_code, answer.json()["code"]) == (409, "REVIEWED")
    assert "tom" in answer.json()["message_en"]
