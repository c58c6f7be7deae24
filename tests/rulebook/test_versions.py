"""Ruleset versions: kept under their hash, signed by a second person, never changed."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from engine.rulebook import (
    RulebookError,
    RulesetRefused,
    approve,
    current_revision,
    pending,
    propose,
    publish,
    publish_vocabulary,
)
from engine.rulebook.models import RulesetVersion
from engine.runtime import db
from tests.rulebook.support import NOW, approval_text, live, published, words

FILE = "approval/payment-approval.yaml"


def test_a_published_text_is_kept_under_its_hash(engine: sa.Engine) -> None:
    with db.transaction(engine) as session:
        words(session)
        version = published(session, approval_text())
        assert (version.kind, version.subject, version.name) == (
            "approval",
            "payment",
            "payment-approval",
        )
        assert version.org_id == "GROUP"
        assert (version.author, version.reviewer) == ("ana", "rex")


def test_the_same_text_again_is_the_same_version(engine: sa.Engine) -> None:
    with db.transaction(engine) as session:
        words(session)
        first = published(session, approval_text())
        again = published(session, approval_text().replace("\n", "\r\n"))
        assert first.hash == again.hash


def test_the_same_version_with_other_content_is_refused_and_told_the_next_number(
    engine: sa.Engine,
) -> None:
    with db.transaction(engine) as session:
        words(session)
        published(session, approval_text(version=1))
        published(session, approval_text(version=2, large="40万"))
        with pytest.raises(RulesetRefused) as caught:
            published(session, approval_text(version=2, large="45万"))
    finding = caught.value.findings[0]
    assert finding.code == "B106"
    assert "raise version to 3" in finding.message.en
    assert finding.span.line == 4


def test_nobody_signs_his_own_ruleset(engine: sa.Engine) -> None:
    with db.transaction(engine) as session:
        words(session)
        with pytest.raises(RulebookError) as caught:
            publish(
                session,
                approval_text(),
                FILE,
                author="ana",
                reviewer="ana",
                reason="because",
                now=NOW,
            )
    assert caught.value.code == "FOUR_EYES"


def test_the_database_itself_refuses_author_as_reviewer(engine: sa.Engine) -> None:
    with db.transaction(engine) as session:
        words(session)
        version = propose(session, approval_text(), FILE, author="ana", reason="because", now=NOW)
        hash = version.hash
    with pytest.raises(DBAPIError) as caught, db.transaction(engine) as session:
        session.execute(
            sa.update(RulesetVersion)
            .where(sa.column("hash") == hash)
            .values(reviewer="ana", reviewed_at=NOW)
        )
    assert db.constraint(caught.value) == "ruleset_four_eyes"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ruleset_version SET text = text || ' '",
        "UPDATE ruleset_version SET reviewer = 'zoe'",
        "DELETE FROM ruleset_version",
    ],
)
def test_a_signed_version_never_changes(engine: sa.Engine, change: str) -> None:
    with db.transaction(engine) as session:
        words(session)
        published(session, approval_text())
    with pytest.raises(DBAPIError) as caught, db.transaction(engine) as session:
        session.execute(sa.text(change))
    assert db.constraint(caught.value) in {"append_only", "ruleset_review_once"}


def test_a_text_with_errors_is_never_stored(engine: sa.Engine) -> None:
    with db.transaction(engine) as session:
        words(session)
        with pytest.raises(RulesetRefused):
            published(session, approval_text().replace("< $large ", "< $larg "))
        assert session.execute(sa.text("SELECT count(*) FROM ruleset_version")).scalar_one() == 0


def test_a_proposal_waits_until_another_person_approves_it(engine: sa.Engine) -> None:
    with db.transaction(engine) as session:
        words(session)
        live(session, approval_text())
        before = current_revision(session)
        text = approval_text(version=2, large="40万")
        version = propose(session, text, FILE, author="ana", reason="lower", now=NOW)
        assert [one.hash for one in pending(session)] == [version.hash]
        assert current_revision(session) == before
        with pytest.raises(RulebookError) as caught:
            approve(session, version.hash, reviewer="ana", now=NOW)
        assert caught.value.code == "FOUR_EYES"
        assert approve(session, version.hash, reviewer="rex", now=NOW) != before
        assert pending(session) == []


def test_an_approval_that_breaks_the_set_leaves_the_proposal_unsigned(engine: sa.Engine) -> None:
    with db.transaction(engine) as session:
        words(session)
        live(session, approval_text())
        rival = approval_text(name="other-approval")
        version = propose(session, rival, FILE, author="ana", reason="rival", now=NOW)
        with pytest.raises(RulesetRefused) as caught:
            approve(session, version.hash, reviewer="rex", now=NOW)
        assert caught.value.findings[0].code == "R501"
        assert [one.hash for one in pending(session)] == [version.hash]


def test_a_reason_is_asked_for(engine: sa.Engine) -> None:
    with db.transaction(engine) as session:
        words(session)
        with pytest.raises(RulebookError) as caught:
            propose(session, approval_text(), FILE, author="ana", reason=" ", now=NOW)
    assert caught.value.code == "NO_REASON"


def test_rulesets_need_a_vocabulary_first(engine: sa.Engine) -> None:
    with db.transaction(engine) as session, pytest.raises(RulebookError) as caught:
        published(session, approval_text())
    assert caught.value.code == "NO_VOCABULARY"


def test_a_broken_vocabulary_is_refused_with_its_findings(engine: sa.Engine) -> None:
    with db.transaction(engine) as session, pytest.raises(RulesetRefused) as caught:
        publish_vocabulary(
            session,
            "amount: {type: monee, en: a, zh: b}\n",
            author="ana",
            reviewer="rex",
            reason="first",
            now=NOW,
        )
    assert caught.value.findings
