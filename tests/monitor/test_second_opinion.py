"""Every recorded decision is decided again, and a disagreement holds what has not left."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pytest
import sqlalchemy as sa

from engine.base.text import Text
from engine.rules import Decision
from engine.rules.model import Ruleset, Value
from engine.rules.rete import unavailable
from engine.runtime import db
from engine.runtime.db import transaction
from engine.treasury.alerts.holds import held
from engine.treasury.monitor.rete import second_engine
from tests.monitor.world import Broken, FakeEngine, Group
from tests.payments.world import Draft


def swapped(decision: Decision) -> Decision:
    """An engine that sees another row."""
    return Decision(("A9",), decision.outcomes)


def _holds(group: Group, document: int) -> bool:
    with transaction(group.engine) as session:
        return document in held(session, [document])


def _unpaid(group: Group) -> int:
    return group.documents(Draft(1, account=group.accounts.pay_account))[0]


def test_agreement_raises_nothing(group: Group) -> None:
    group.decide(_unpaid(group))
    engine = FakeEngine()
    done = group.monitor(engine).run_until_idle()
    assert (done.decisions, done.by_rete, done.disagreements, done.alerts) == (1, 1, 0, 0)
    assert engine.asked == ["payment-approval"]


def test_a_disagreement_is_told_and_holds_what_has_not_left(group: Group) -> None:
    document = _unpaid(group)
    decision = group.decide(document)
    done = group.monitor(FakeEngine(swapped)).run_until_idle()
    assert done.disagreements == 1
    assert group.alerts() == [("ENGINE_DISAGREES", "hold", "document", str(document))]
    ((decision_id, severity, en, zh),) = group.rows(
        "SELECT decision_id, severity, message_en, message_zh FROM alert"
    )
    assert (decision_id, severity) == (decision, "high")
    assert "A9" in str(en)
    assert "A9" in str(zh)
    assert _holds(group, document)
    assert group.rows("SELECT waiting_code FROM document") == [("HELD",)]


def test_what_has_left_is_not_held_and_the_alert_says_so(group: Group) -> None:
    document = _unpaid(group)
    group.decide(document)
    with transaction(group.engine) as session:
        session.execute(sa.text("UPDATE document SET state = 'SENDING'"))
    group.monitor(FakeEngine(swapped)).run_until_idle()
    assert group.alerts() == [("ENGINE_DISAGREES", "hint", "document", str(document))]
    assert "not held" in str(group.rows("SELECT message_en FROM alert")[0][0])
    assert not _holds(group, document)


def test_an_engine_that_sees_no_row_disagrees_too(group: Group) -> None:
    group.decide(_unpaid(group))
    blind = FakeEngine(lambda _decision: Decision((), ()))
    assert group.monitor(blind).run_until_idle().disagreements == 1


def test_another_outcome_of_the_same_rows_disagrees_too(group: Group) -> None:
    group.decide(_unpaid(group))

    def cheaper(decision: Decision) -> Decision:
        return Decision(decision.rows, ({**decision.outcomes[0], "approvers": ("cashier",)},))

    assert group.monitor(FakeEngine(cheaper)).run_until_idle().disagreements == 1


def test_a_released_hold_is_not_placed_again(group: Group) -> None:
    document = _unpaid(group)
    group.decide(document)
    monitor = group.monitor(FakeEngine(swapped))
    monitor.run_until_idle()
    with transaction(group.engine) as session:
        session.execute(sa.text("UPDATE monitor_cursor SET xact = 0, id = 0"))
        session.execute(
            sa.text(
                "UPDATE document_hold SET released_by = 'boss', released_at = now(), "
                "release_reason = 'looked at'"
            )
        )
    monitor.run_until_idle()
    assert not _holds(group, document)
    assert len(group.alerts()) == 1


def test_an_event_is_given_to_the_second_engine_too(group: Group) -> None:
    group.balance(group.accounts.pay_account, 1)
    done = group.monitor(FakeEngine(swapped)).run_until_idle()
    # The event itself, and the decision that was recorded for it.
    assert done.disagreements == 2
    assert [alert[0] for alert in group.alerts()] == ["B1", "ENGINE_DISAGREES", "ENGINE_DISAGREES"]


def test_without_a_second_engine_the_first_decides_again(group: Group) -> None:
    group.decide(_unpaid(group))
    done = group.monitor().run_until_idle()
    assert (done.decisions, done.by_rete, done.disagreements) == (1, 0, 0)


def test_deciding_again_finds_what_was_tampered_with(group: Group, superuser_url: str) -> None:
    document = _unpaid(group)
    group.decide(document)
    with db.make_engine(superuser_url, pooled=False).begin() as c:
        c.execute(sa.text("ALTER TABLE decision DISABLE TRIGGER append_only"))
        c.execute(sa.text("UPDATE decision SET rows = '[\"A9\"]'"))
    assert group.monitor().run_until_idle().disagreements == 1
    assert group.alerts() == [("ENGINE_DISAGREES", "hold", "document", str(document))]


def test_a_ruleset_the_engine_refuses_is_decided_again_by_the_first(group: Group) -> None:
    group.decide(_unpaid(group))
    engine = FakeEngine(swapped, refuses=("payment-approval",))
    done = group.monitor(engine).run_until_idle()
    assert (done.by_rete, done.disagreements) == (0, 0)
    assert group.rows("SELECT state, why FROM second_opinion") == [("refused", "no")]


def test_an_engine_that_cannot_load_is_passed_over(group: Group) -> None:
    group.decide(_unpaid(group))
    done = group.monitor(Broken()).run_until_idle()
    assert (done.by_rete, done.disagreements) == (0, 0)


def test_a_ruleset_is_probed_once(group: Group) -> None:
    engine = FakeEngine()
    for number in (1, 2):
        group.decide(group.documents(Draft(number, account=group.accounts.pay_account))[0])
        group.monitor(engine).run_until_idle()
    assert engine.probed == ["payment-approval"]


class Killed(BaseException):
    """What ends the process in the middle."""


def _dying(group: Group) -> None:
    def die(_decision: Decision) -> Decision:
        raise Killed

    with pytest.raises(Killed):
        group.monitor(FakeEngine(die)).run_until_idle()


def test_a_ruleset_that_killed_the_monitor_three_times_is_decided_without_the_engine(
    group: Group,
) -> None:
    group.decide(_unpaid(group))
    for _ in range(3):
        _dying(group)
        assert group.alerts() == []
    engine = FakeEngine(swapped)
    done = group.monitor(engine).run_until_idle()
    assert (done.decisions, done.by_rete, done.disagreements) == (1, 0, 0)
    ((code, action, kind, _),) = group.alerts()
    assert (code, action, kind) == ("MONITOR_CRASHED", "hint", "ruleset_version")
    assert "payment-approval" in str(group.rows("SELECT message_en FROM alert")[0][0])
    assert engine.asked == []
    group.monitor(engine).run_until_idle()
    assert len(group.alerts()) == 1


def test_a_condemned_ruleset_is_tried_again_once_its_alert_is_resolved(group: Group) -> None:
    group.decide(_unpaid(group))
    for _ in range(3):
        _dying(group)
    monitor = group.monitor(FakeEngine())
    assert monitor.run_until_idle().by_rete == 0
    with transaction(group.engine) as session:
        session.execute(sa.text("UPDATE alert SET state = 'resolved', resolved_at = now()"))
    group.decide(group.documents(Draft(2, account=group.accounts.pay_account))[0])
    assert monitor.run_until_idle().by_rete == 1
    assert group.rows("SELECT state, tries, condemned FROM second_opinion") == [("good", 0, 1)]
    group.decide(group.documents(Draft(3, account=group.accounts.pay_account))[0])
    for _ in range(3):
        _dying(group)
    group.monitor(FakeEngine()).run_until_idle()
    assert [alert[0] for alert in group.alerts()] == 2 * ["MONITOR_CRASHED"]


def test_every_set_of_parameters_is_tried_before_it_is_loaded(group: Group) -> None:
    document = _unpaid(group)
    for org in ("BJ01", "SH", "BJ"):
        group.decide(document, org=org)
    engine = FakeEngine()
    done = group.monitor(engine).run_until_idle()
    assert (done.decisions, done.by_rete) == (3, 3)
    assert engine.probed_with == engine.loaded_with
    assert len(engine.probed_with) == 2
    assert group.rows("SELECT count(*) FROM second_opinion WHERE state = 'good'") == [(2,)]


def test_an_engine_whose_trial_fails_is_passed_over(group: Group) -> None:
    group.decide(_unpaid(group))

    class Untried(FakeEngine):
        def probe(self, ruleset: Ruleset, params: Mapping[str, Value]) -> Text | None:
            raise RuntimeError("no process")

    assert group.monitor(Untried()).run_until_idle().by_rete == 0
    ((state, why),) = group.rows("SELECT state, why FROM second_opinion")
    assert (state, "no process" in str(why)) == ("refused", True)


def test_two_deaths_are_forgiven(group: Group) -> None:
    group.decide(_unpaid(group))
    for _ in range(2):
        _dying(group)
    assert group.monitor(FakeEngine()).run_until_idle().by_rete == 1
    assert group.rows("SELECT state, tries FROM second_opinion") == [("good", 0)]


def test_a_stored_ruleset_that_cannot_be_read_any_more_is_a_disagreement(
    group: Group, superuser_url: str
) -> None:
    group.decide(_unpaid(group))
    with db.make_engine(superuser_url, pooled=False).begin() as c:
        c.execute(sa.text("ALTER TABLE ruleset_version DISABLE TRIGGER USER"))
        c.execute(sa.text("UPDATE ruleset_version SET text = 'kind: approval'"))
    assert group.monitor().run_until_idle().decisions == 1
    assert [alert[0] for alert in group.alerts()] == ["ENGINE_DISAGREES"]


@pytest.mark.skipif(unavailable() is not None, reason="durable-rules is not installed here")
def test_durable_rules_agrees_on_the_shipped_rulesets(group: Group) -> None:
    documents = group.documents(
        *(Draft(n, account=group.accounts.pay_account) for n in range(1, 4))
    )
    for document, amount in zip(documents, (4_999_999, 5_000_000, 90_000_000), strict=True):
        group.decide(document, amount)
    group.balance(group.accounts.pay_account, 9_000_000)
    group.clock.advance(dt.timedelta(days=1))
    group.balance(group.accounts.pay_account, 90_000_000)
    second, why = second_engine()
    assert why is None
    done = group.monitor(second).run_until_idle()
    assert done.disagreements == 0
    # Three approvals, and the decisions about the two balances that raised an alert.
    assert (done.decisions, done.by_rete) == (5, 5)
