"""Events and the alerts they raise."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlmodel import Session

from api.cli.status import screen
from engine.runtime.db import transaction
from engine.treasury.monitor.occurrences import unknown_payments_age
from engine.treasury.status import status
from tests.monitor.world import Group

LOW, FINE = 9_999_999, 20_000_000
"""Balances in fen, below and above the 100,000 of the shipped ruleset."""


def test_a_low_balance_raises_one_alert_a_day(group: Group) -> None:
    account = group.accounts.pay_account
    group.balance(account, LOW)
    group.clock.advance(dt.timedelta(minutes=1))
    group.balance(account, LOW - 1)
    done = group.monitor().run_until_idle()
    assert (done.events, done.alerts) == (2, 1)
    assert group.alerts() == [("B1", "hint", "bank_account", str(account))]
    group.clock.advance(dt.timedelta(days=1))
    group.balance(account, LOW)
    group.monitor().run_until_idle()
    assert len(group.alerts()) == 2


def test_a_balance_as_it_should_be_raises_nothing(group: Group) -> None:
    group.balance(group.accounts.pay_account, FINE)
    assert group.monitor().run_until_idle().alerts == 0


def test_a_balance_is_compared_with_the_last_one_of_an_earlier_day(group: Group) -> None:
    account = group.accounts.collect_account
    group.balance(account, 100)
    group.clock.advance(dt.timedelta(days=1))
    group.balance(account, 300)
    group.clock.advance(dt.timedelta(minutes=1))
    group.balance(account, 500)
    changes = group.rows("SELECT facts ->> 'balance_change' FROM event ORDER BY id")
    assert changes == [(None,), ("2.0000",), ("4.0000",)]
    group.monitor().run_until_idle()
    assert [alert[0] for alert in group.alerts()] == ["B4"]


def test_a_balance_older_than_the_newest_tells_nothing(group: Group) -> None:
    now = group.clock.now()
    group.balance(group.accounts.pay_account, FINE)
    group.balance(group.accounts.pay_account, LOW, now - dt.timedelta(hours=1))
    assert group.rows("SELECT count(*) FROM event") == [(1,)]


def test_the_alert_names_the_decision_that_raised_it(group: Group) -> None:
    group.balance(group.accounts.pay_account, LOW)
    group.monitor().run_until_idle()
    found = group.rows(
        "SELECT d.kind, d.subject, d.rows, a.message_en FROM alert a "
        "JOIN decision d ON d.id = a.decision_id"
    )
    assert found == [("alerts", "balance", ["B1"], "Little money to pay from: balance 99999.99")]


def test_the_event_is_judged_by_the_revision_that_was_live(group: Group) -> None:
    group.balance(group.accounts.pay_account, LOW)
    with transaction(group.engine) as session:
        session.execute(
            sa.text(
                "INSERT INTO revision (org_id, vocabulary_hash, activated_by, approved_by, "
                "reason, activated_at) SELECT org_id, vocabulary_hash, 'a', 'b', 'empty', now() "
                "FROM revision ORDER BY id DESC LIMIT 1"
            )
        )
    group.balance(group.accounts.second_account, LOW)
    done = group.monitor().run_until_idle()
    assert (done.events, done.alerts) == (2, 1)


def test_events_before_the_first_revision_raise_nothing(group: Group) -> None:
    with transaction(group.engine) as session:
        session.execute(
            sa.text(
                "INSERT INTO event (org_id, org_path, key, matter, subject, subject_kind, "
                "subject_id, facts, business_date, occurred_at) VALUES ('BJ', 'GROUP/BJ', 'k', "
                "'k', 'balance', 'bank_account', '1', '{}', '2026-11-23', now())"
            )
        )
    assert group.monitor().run_until_idle().alerts == 0


def test_an_event_its_ruleset_cannot_judge_is_told_once_a_branch_and_day_and_counted(
    group: Group,
) -> None:
    where = (("BJ", "GROUP/BJ", "23"), ("SH", "GROUP/SH", "23"), ("BJ", "GROUP/BJ", "24"))
    with transaction(group.engine) as session:
        for number, (org, path, day) in enumerate(2 * where):
            session.execute(
                sa.text(
                    "INSERT INTO event (org_id, org_path, key, matter, subject, subject_kind, "
                    "subject_id, facts, revision_id, business_date, occurred_at) SELECT :org, "
                    ":path, :key, :key, 'balance', 'bank_account', '1', "
                    "'{\"balance\": 1.5}', max(id), CAST(:day AS date), now() FROM revision"
                ),
                {"key": f"k{number}", "org": org, "path": path, "day": f"2026-11-{day}"},
            )
    group.monitor(batch=1).run_until_idle()
    assert [alert[:2] for alert in group.alerts()] == 3 * [("EVENT_UNDECIDED", "hint")]
    assert group.rows("SELECT org_id FROM alert ORDER BY id") == [("BJ",), ("SH",), ("BJ",)]
    with transaction(group.engine) as session:
        found = status(session, group.clock.now())
    assert (found.monitor.undecided, found.open_undecided) == (6, 3)
    assert "3 alerts on events no ruleset could judge (6 events so far)" in [
        one.said.en for one in found.red
    ]
    assert any("6 of them no ruleset could judge" in line for line in screen(found, "en"))


def test_what_commits_late_is_not_passed_over(group: Group) -> None:
    accounts = group.accounts
    slow = Session(group.engine)
    with slow:
        slow.execute(sa.text("SELECT pg_current_xact_id()"))
        _append(slow, "slow", accounts.pay_account)
        group.balance(accounts.second_account, LOW)
        # The later one is committed, but one below it still runs: neither is read.
        assert group.monitor().step().events == 0
        slow.commit()
    done = group.monitor().run_until_idle()
    assert (done.events, done.alerts) == (2, 2)


def _append(session: Session, key: str, account: int) -> None:
    session.execute(
        sa.text(
            "INSERT INTO event (org_id, org_path, key, matter, subject, subject_kind, subject_id, "
            "facts, revision_id, business_date, occurred_at) SELECT 'BJ', 'GROUP/BJ', :key, :key, "
            "'balance', 'bank_account', :account, CAST(:facts AS jsonb), max(id), '2026-11-23', "
            "now() FROM revision"
        ),
        {
            "key": key,
            "account": str(account),
            "facts": '{"balance": "1", "available_balance": "1", "currency": "CNY", '
            '"account_nature": "disbursement", "account_state": "active", "bank": "bank_a", '
            '"org_level": "branch"}',
        },
    )


def test_ageing_is_told_once_a_step(group: Group) -> None:
    with transaction(group.engine) as session:
        unknown_payments_age(session, group.clock.now())
    assert group.rows("SELECT count(*) FROM event") == [(0,)]
