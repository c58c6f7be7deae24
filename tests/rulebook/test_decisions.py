"""The decision log and its replay."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from engine.rulebook import (
    Matter,
    Pinned,
    Recorded,
    Rulebook,
    RulebookError,
    replay,
    sync_folder,
)
from engine.rulebook.models import DecisionRow
from engine.rules import DecisionRefused
from engine.rules.kinds.alerts import Alert
from engine.rules.kinds.approval import Route
from engine.rules.kinds.failure import Answer, Meaning
from engine.rules.kinds.writeoff import Receipt
from engine.runtime import db
from tests.rulebook.support import (
    BJ,
    NOW,
    SH,
    SHIPPED,
    TODAY,
    FixedWindows,
    approval_text,
    live,
    payment,
    watched,
    words,
)

MATTER = Matter("document", "4711")


def decided(session: Session, pinned: Pinned, amount: int = 60_000_000) -> Recorded:
    return pinned.decide(
        session,
        "approval",
        "payment",
        payment(amount),
        org_path=SH,
        on=TODAY,
        matter=MATTER,
        now=NOW,
    )


def shipped(session: Session) -> Pinned:
    synced = sync_folder(session, SHIPPED, author="ana", approver="rex", reason="first", now=NOW)
    assert synced.findings == ()
    return Rulebook().at(session)


def test_a_decision_is_logged_with_all_that_explains_it(engine: sa.Engine) -> None:
    with db.transaction(engine) as session:
        words(session)
        live(session, approval_text())
        recorded = decided(session, Rulebook().at(session))
    with db.transaction(engine) as session:
        row = session.get(DecisionRow, recorded.decision_id)
    assert row is not None
    assert (row.matter_kind, row.matter_id) == ("document", "4711")
    assert (row.org_id, row.org_path) == ("SH01", "GROUP/SH/SH01")
    assert (row.ruleset, row.version, row.ruleset_hash) == ("payment-approval", 1, recorded.hash)
    assert row.facts["amount"] == "600000.00"
    assert row.facts["creditor_type"] == "claimant"
    assert row.rows == ["A2"]
    assert row.outcome == {"approvers": ["reviewer", "cfo"], "sla": "24h"}
    assert (row.business_date, row.decided_at) == (TODAY, NOW)


def test_the_outcome_comes_as_the_kinds_own_class(engine: sa.Engine) -> None:
    with db.transaction(engine) as session:
        words(session)
        live(session, approval_text())
        outcome = decided(session, Rulebook().at(session)).outcomes[0]
    assert isinstance(outcome, Route)
    assert outcome.approvers == ("reviewer", "cfo")
    assert outcome.sla is not None
    assert outcome.sla.seconds == 24 * 3600


def test_an_output_named_like_a_python_keyword_gets_an_underscore(engine: sa.Engine) -> None:
    with db.transaction(engine) as session:
        pinned = shipped(session)
        recorded = pinned.decide(
            session,
            "failure",
            "answer",
            Answer("bank_a", "pay", None, None, 1),
            org_path=BJ,
            on=TODAY,
            matter=MATTER,
            now=NOW,
        )
    assert recorded.rows == ()
    assert recorded.outcomes == (Meaning(class_="unknown", handling="query"),)


def test_windows_are_asked_for_and_stored_with_the_facts(engine: sa.Engine) -> None:
    seen = {"other_reference": 0, "same_reference": 2, "other_account": 0, "near_amount": 2}
    seen |= {"known_account": True, "known_name": False}
    windows = FixedWindows({"repeats": 2, **seen, "split_total": 70_000_000, "payee_names": 1})
    with db.transaction(engine) as session:
        pinned = shipped(session)
        recorded = pinned.decide(
            session,
            "alerts",
            "payment",
            watched(60_000_000),
            org_path=BJ,
            on=TODAY,
            matter=MATTER,
            now=NOW,
            windows=windows,
        )
        session.flush()
        row = session.get(DecisionRow, recorded.decision_id)
        assert row is not None
        assert row.facts["repeats"] == 2
        assert row.facts["split_total"] == "700000.00"
        assert replay(session, [recorded.decision_id]) == []
    assert windows.asked == ["repeats", *seen, "split_total", "payee_names"]
    assert recorded.rows == ("W1", "W2")
    hold, large = recorded.outcomes
    assert isinstance(hold, Alert)
    assert isinstance(large, Alert)
    assert (hold.action, large.action) == ("hold", "extra_approver")
    assert hold.message_zh == "疑似重复:此前同账号同金额 2 笔"


def test_windows_that_nobody_counts_refuse_the_decision(engine: sa.Engine) -> None:
    with db.transaction(engine) as session:
        pinned = shipped(session)
        with pytest.raises(RulebookError) as caught:
            pinned.consider("alerts", "payment", watched(1), org_path=BJ, on=TODAY, matter=MATTER)
    assert caught.value.code == "NO_WINDOWS"


def test_a_missing_required_fact_refuses_and_nothing_is_logged(engine: sa.Engine) -> None:
    with db.transaction(engine) as session:
        words(session)
        live(session, approval_text())
        pinned = Rulebook().at(session)
        facts = replace(payment(1), amount=None)  # type: ignore[arg-type]
        with pytest.raises(DecisionRefused):
            pinned.decide(
                session,
                "approval",
                "payment",
                facts,
                org_path=SH,
                on=TODAY,
                matter=MATTER,
                now=NOW,
            )
        assert session.execute(sa.text("SELECT count(*) FROM decision")).scalar_one() == 0


def test_facts_of_another_class_are_a_mistake_of_the_program(engine: sa.Engine) -> None:
    with db.transaction(engine) as session:
        words(session)
        live(session, approval_text())
        with pytest.raises(TypeError, match="PaymentToApprove"):
            Rulebook().at(session).consider(
                "approval", "payment", watched(1), org_path=SH, on=TODAY
            )


@pytest.mark.parametrize("change", ["UPDATE decision SET rows = '[]'", "DELETE FROM decision"])
def test_decisions_are_history(engine: sa.Engine, change: str) -> None:
    with db.transaction(engine) as session:
        words(session)
        live(session, approval_text())
        decided(session, Rulebook().at(session))
    with pytest.raises(DBAPIError) as caught, db.transaction(engine) as session:
        session.execute(sa.text(change))
    assert db.constraint(caught.value) == "append_only"


def test_decision_ids_of_two_processes_never_meet(engine: sa.Engine) -> None:
    with db.transaction(engine) as session:
        words(session)
        live(session, approval_text())
        one, other = Rulebook().at(session), Rulebook().at(session)
        ids = [decided(session, book).decision_id for book in (one, other) for _ in range(1100)]
    assert len(set(ids)) == 2200


def test_replay_names_a_decision_that_does_not_come_out_as_recorded(engine: sa.Engine) -> None:
    @dataclass(frozen=True)
    class Forged:
        id: int

    with db.transaction(engine) as session:
        words(session)
        live(session, approval_text())
        recorded = decided(session, Rulebook().at(session))
        session.flush()
        row = session.get(DecisionRow, recorded.decision_id)
        assert row is not None
        forged = row.model_dump() | {"id": 7, "rows": ["A1"]}
        session.execute(sa.insert(DecisionRow), [forged])
        found = replay(session, [recorded.decision_id, 7])
    assert [one.decision_id for one in found] == [7]
    assert found[0].rows == ("A1",)
    assert found[0].rows_now == ("A2",)


def test_replay_uses_the_text_of_then(engine: sa.Engine) -> None:
    with db.transaction(engine) as session:
        words(session)
        live(session, approval_text())
        recorded = decided(session, Rulebook().at(session), 20_000_000)
        live(session, approval_text(version=2, large="10万"))
        session.flush()
        assert replay(session, [recorded.decision_id]) == []


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    amounts=st.lists(st.integers(0, 10**17), min_size=1, max_size=20),
    covered=st.decimals(0, 5, places=6, allow_nan=False),
    path=st.sampled_from([SH, BJ, ("GROUP",)]),
)
def test_replay_of_stored_decisions_gives_the_same(
    module_engine: sa.Engine, amounts: list[int], covered: object, path: tuple[str, ...]
) -> None:
    with db.transaction(module_engine) as session:
        pinned = shipped(session)
        receipt = Receipt(True, covered, False, 1, "CNY", "premium")  # type: ignore[arg-type]
        common = {"org_path": path, "on": TODAY, "matter": MATTER, "now": NOW}
        ids = [
            pinned.decide(session, "approval", "payment", payment(amount), **common).decision_id  # type: ignore[arg-type]
            for amount in amounts
        ]
        ids.append(
            pinned.decide(session, "writeoff", "receipt", receipt, **common).decision_id  # type: ignore[arg-type]
        )
        session.flush()
        session.expire_all()
        assert replay(session, ids) == []
