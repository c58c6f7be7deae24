"""Revisions: all at once or nothing; effective dates, scopes, pinning."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from engine.rulebook import (
    NoLiveRuleset,
    Pinned,
    Rulebook,
    RulebookError,
    RulesetRefused,
    activate,
    current_revision,
    propose,
)
from engine.rulebook.reloading import undo
from engine.runtime import db
from tests.rulebook.support import (
    BJ,
    NOW,
    SH,
    TODAY,
    approval_text,
    live,
    payment,
    published,
    words,
)


def approvers(
    pinned: Pinned, amount: int, *, path: tuple[str, ...] = BJ, on: dt.date = TODAY
) -> tuple[str, ...]:
    considered = pinned.consider("approval", "payment", payment(amount), org_path=path, on=on)
    chain: tuple[str, ...] = considered.outcomes[0].approvers  # type: ignore[attr-defined]
    return chain


def now_live(session: Session) -> Pinned:
    return Rulebook().at(session)


def test_before_the_first_activation_every_matter_waits(engine: sa.Engine) -> None:
    with db.transaction(engine) as session:
        assert current_revision(session) is None
        pinned = now_live(session)
        assert pinned.revision == 0
        with pytest.raises(NoLiveRuleset):
            approvers(pinned, 100)


def test_a_published_ruleset_decides_only_once_it_is_active(engine: sa.Engine) -> None:
    with db.transaction(engine) as session:
        words(session)
        version = published(session, approval_text())
        with pytest.raises(NoLiveRuleset):
            approvers(now_live(session), 100)
        revision = activate(
            session,
            [version.hash],
            activated_by="ana",
            approved_by="rex",
            reason="because",
            now=NOW,
        )
        assert current_revision(session) == revision
        assert approvers(now_live(session), 50_000_000) == ("reviewer", "cfo")


def test_activating_what_is_live_makes_no_revision(engine: sa.Engine) -> None:
    with db.transaction(engine) as session:
        words(session)
        assert live(session, approval_text()) == live(session, approval_text())


def test_a_run_keeps_the_revision_it_began_with(engine: sa.Engine) -> None:
    book = Rulebook()
    with db.transaction(engine) as session:
        words(session)
        live(session, approval_text())
        began = book.at(session)
        live(session, approval_text(version=2, large="10万"))
        assert approvers(began, 20_000_000) == ("reviewer",)
        assert approvers(book.at(session), 20_000_000) == ("reviewer", "cfo")
        assert book.at(session, began.revision) is began


def test_a_set_with_one_bad_ruleset_changes_nothing(engine: sa.Engine) -> None:
    with db.transaction(engine) as session:
        words(session)
        before = live(session, approval_text())
        good = published(session, approval_text(version=2, large="10万"))
        rival = published(session, approval_text(name="rival"))
        with pytest.raises(RulesetRefused) as caught:
            activate(
                session,
                [good.hash, rival.hash],
                activated_by="ana",
                approved_by="rex",
                reason="because",
                now=NOW,
            )
        assert caught.value.findings[0].code == "R501"
        assert current_revision(session) == before


def test_a_column_nobody_supplies_is_refused_by_name(engine: sa.Engine) -> None:
    with db.transaction(engine) as session:
        words(session)
        with pytest.raises(RulesetRefused) as caught:
            published(session, approval_text(word="split_total"))
    finding = caught.value.findings[0]
    assert finding.code == "B101"
    assert "'split_total'" in finding.message.en


def test_an_unsigned_ruleset_is_never_activated(engine: sa.Engine) -> None:
    with db.transaction(engine) as session:
        words(session)
        version = propose(
            session, approval_text(), "approval/x.yaml", author="ana", reason="why", now=NOW
        )
        with pytest.raises(RulebookError) as caught:
            activate(
                session,
                [version.hash],
                activated_by="ana",
                approved_by="rex",
                reason="because",
                now=NOW,
            )
    assert caught.value.code == "NOT_SIGNED"


def test_the_database_itself_refuses_unsigned_items(engine: sa.Engine) -> None:
    with db.transaction(engine) as session:
        words(session)
        revision = live(session, approval_text())
        version = propose(
            session,
            approval_text(version=2, large="1万"),
            "approval/x.yaml",
            author="ana",
            reason="why",
            now=NOW,
        )
        hash = version.hash
    with pytest.raises(DBAPIError) as caught, db.transaction(engine) as session:
        session.execute(
            sa.text("INSERT INTO revision_item VALUES (:r, :h, 'GROUP', :r)"),
            {"r": revision, "h": hash},
        )
    assert db.constraint(caught.value) == "revision_item_reviewed"


def test_nobody_activates_alone(engine: sa.Engine) -> None:
    with db.transaction(engine) as session:
        words(session)
        version = published(session, approval_text())
        with pytest.raises(RulebookError) as caught:
            activate(
                session,
                [version.hash],
                activated_by="ana",
                approved_by="ana",
                reason="because",
                now=NOW,
            )
    assert caught.value.code == "FOUR_EYES"


def test_revisions_are_history(engine: sa.Engine) -> None:
    with db.transaction(engine) as session:
        words(session)
        live(session, approval_text())
    for change in ("DELETE FROM revision_item", "UPDATE revision SET reason = 'other'"):
        with pytest.raises(DBAPIError) as caught, db.transaction(engine) as session:
            session.execute(sa.text(change))
        assert db.constraint(caught.value) == "append_only"


def test_a_version_rules_from_its_first_day_and_the_one_before_until_then(
    engine: sa.Engine,
) -> None:
    first_day = dt.date(2026, 12, 1)
    with db.transaction(engine) as session:
        words(session)
        live(session, approval_text())
        live(session, approval_text(version=2, large="10万", effective="{from: 2026-12-01}"))
        pinned = now_live(session)
        eve = first_day - dt.timedelta(days=1)
        assert approvers(pinned, 20_000_000, on=eve) == ("reviewer",)
        assert approvers(pinned, 20_000_000, on=first_day) == ("reviewer", "cfo")


def test_after_the_last_day_matters_wait(engine: sa.Engine) -> None:
    with db.transaction(engine) as session:
        words(session)
        live(session, approval_text(effective="{from: 2020-01-01, to: 2026-11-30}"))
        pinned = now_live(session)
        assert approvers(pinned, 100, on=dt.date(2026, 11, 30))
        with pytest.raises(NoLiveRuleset) as caught:
            approvers(pinned, 100, on=dt.date(2026, 12, 1))
    assert caught.value.code == "NO_RULESET"


def test_an_older_version_is_made_live_again_by_undo_alone(engine: sa.Engine) -> None:
    with db.transaction(engine) as session:
        words(session)
        first = live(session, approval_text())
        second = live(session, approval_text(version=2, large="10万"))
        with pytest.raises(RulebookError) as caught:
            live(session, approval_text())
        assert (caught.value.code, current_revision(session)) == ("SUPERSEDED", second)
        undo(session, first, by="oli", reason="too low", now=NOW)
        assert approvers(now_live(session), 20_000_000) == ("reviewer",)


def test_the_nearest_organisations_ruleset_decides(engine: sa.Engine) -> None:
    with db.transaction(engine) as session:
        words(session)
        live(
            session,
            approval_text(),
            approval_text(name="sh01-approval", org="SH01", large="1万"),
        )
        pinned = now_live(session)
        assert approvers(pinned, 2_000_000, path=SH) == ("reviewer", "cfo")
        assert approvers(pinned, 2_000_000, path=SH[:2]) == ("reviewer",)


def test_parameters_are_overridden_from_root_to_leaf(engine: sa.Engine) -> None:
    with db.transaction(engine) as session:
        words(session)
        live(session, approval_text())
        pinned = now_live(session)
        assert approvers(pinned, 40_000_000, path=BJ) == ("reviewer",)
        assert approvers(pinned, 40_000_000, path=SH) == ("reviewer", "cfo")


def test_an_unknown_revision_is_named(engine: sa.Engine) -> None:
    with db.transaction(engine) as session, pytest.raises(RulebookError) as caught:
        Rulebook().at(session, 4711)
    assert caught.value.code == "UNKNOWN_REVISION"


def test_every_activation_is_audited(engine: sa.Engine) -> None:
    with db.transaction(engine) as session:
        words(session)
        revision = live(session, approval_text())
        found = session.execute(
            sa.text("SELECT actor, after FROM audit_entry WHERE action = 'revision.activated'")
        ).one()
    assert found.actor == "ana"
    assert found.after["revision"] == revision
    assert found.after["rulesets"][0]["name"] == "payment-approval"
