"""Statement lines and payments of unknown outcome become events where they happen."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
import sqlalchemy as sa

from engine.base.text import SluiceError, Text
from engine.machines.instruction.ports import AttemptChange
from engine.machines.instruction.states import AttemptState
from engine.runtime.db import transaction
from engine.treasury.alerts.board import AlertDraft
from engine.treasury.alerts.holds import held
from engine.treasury.monitor.findings import Finding, settle
from engine.treasury.monitor.occurrences import AGE_STEPS, unknown_payments_age
from engine.treasury.payments.listener import PaymentListener
from engine.treasury.statements import import_statement
from tests.monitor.world import Group
from tests.payments.world import Draft
from tests.statements.test_importing import line, statement

LARGE = 100_000_000
"""A million, in fen: what the shipped ruleset calls large on a statement."""


def _sent(group: Group, amount: int = 10_000) -> tuple[int, int]:
    """A document whose only attempt is being sent; ids of both."""
    document = group.documents(Draft(1, amount=amount, account=group.accounts.pay_account))[0]
    with transaction(group.engine) as session:
        batch = session.execute(
            sa.text(
                "INSERT INTO payment_batch (org_id, message_id, bank_id, channel, direction, "
                "account_id, account_number, account_name, account_bank_code, currency, "
                "value_date, item_count, total, created_at) VALUES ('BJ', 'PB1', 'bank_a', "
                "'bank_direct', 'pay', 1, '6100000001', 'x', '901100000001', 'CNY', "
                "'2026-11-23', 1, :amount, :now) RETURNING id"
            ),
            {"amount": amount, "now": group.clock.now()},
        ).scalar_one()
        attempt = session.execute(
            sa.text(
                "INSERT INTO attempt (org_id, batch_id, document_id, document_no, attempt_no, "
                "instruction_id, content_hash, amount, counterparty_name, counterparty_account, "
                "remittance, state, changed_at, not_found_count) SELECT 'BJ01', :batch, d.id, "
                "document_no, 1, document_no || '-1', content_hash, amount, 'x', '6222', 'x', "
                "'READY', :now, 0 FROM document d RETURNING id"
            ),
            {"batch": batch, "now": group.clock.now()},
        ).scalar_one()
        session.execute(sa.text("UPDATE attempt SET state = 'SENDING'"))
        session.execute(sa.text("UPDATE document SET state = 'SENDING'"))
    return document, int(attempt)


def _becomes_unknown(group: Group, document: int, attempt: int) -> None:
    now = group.clock.now()
    change = AttemptChange(
        attempt_id=attempt,
        document_id=document,
        batch_id=1,
        instruction_id="D1-1",
        old=AttemptState.SENDING,
        new=AttemptState.UNKNOWN,
        bank_code=None,
        bank_text="no answer",
        bank_text_zh=None,
        handling=None,
        decision_id=None,
        evidence_id=None,
        at=now,
    )
    with transaction(group.engine) as session:
        session.execute(
            sa.text("UPDATE attempt SET state = 'UNKNOWN', changed_at = :now"), {"now": now}
        )
        PaymentListener(group.rulebook, group.clock).on_attempts(session, [change])


def _age(group: Group, **by: int) -> None:
    group.clock.advance(dt.timedelta(**by))
    with transaction(group.engine) as session:
        unknown_payments_age(session, group.clock.now())


def _ages(group: Group) -> list[object]:
    return [age for (age,) in group.rows("SELECT facts ->> 'age' FROM event ORDER BY id")]


def test_a_payment_that_becomes_unknown_is_told_at_once(group: Group) -> None:
    document, attempt = _sent(group)
    _becomes_unknown(group, document, attempt)
    assert group.rows("SELECT subject, subject_id, document_id, facts ->> 'age' FROM event") == [
        ("unknown_payment", str(attempt), document, "0min")
    ]


def test_it_is_told_again_at_every_step_of_its_age_and_only_once(group: Group) -> None:
    _becomes_unknown(group, *_sent(group))
    for by in ({"minutes": 14}, {"minutes": 1}, {"minutes": 1}, {"hours": 1}, {"days": 8}):
        _age(group, **by)
        _age(group)
    assert _ages(group) == list(AGE_STEPS)


def test_each_rule_about_its_age_fires_once(group: Group) -> None:
    _becomes_unknown(group, *_sent(group, amount=60_000_000))
    _age(group, days=8)
    group.monitor().run_until_idle()
    assert sorted(str(code) for code, *_ in group.alerts()) == ["U1", "U2", "U3", "U4"]


def test_what_is_known_again_ages_no_more(group: Group) -> None:
    _becomes_unknown(group, *_sent(group))
    with transaction(group.engine) as session:
        session.execute(
            sa.text(
                "WITH proof AS (INSERT INTO bank_message (org_id, batch_id, kind, at, outcome, "
                "payload, sha256) SELECT 'BJ', id, 'query_answer', now(), 'FOUND', '', "
                "encode(sha256(''), 'hex') FROM payment_batch RETURNING id) "
                "UPDATE attempt SET state = 'PAID', evidence_id = proof.id FROM proof"
            )
        )
    _age(group, days=1)
    assert _ages(group) == ["0min"]


def _import(group: Group, *signed: int, reference: str | None = None) -> None:
    lines = [dataclasses.replace(line(one, f"B{one}"), our_reference=reference) for one in signed]
    with transaction(group.engine) as session:
        import_statement(
            session,
            group.accounts.pay_account,
            statement(5 * LARGE, *lines),
            source="manual",
            actor="accountant",
            now=group.clock.now(),
        )


def test_a_large_debit_we_did_not_order_raises_an_alert(group: Group) -> None:
    _import(group, -LARGE, -LARGE + 1, LARGE)
    group.monitor().run_until_idle()
    ((code, action, kind, _),) = group.alerts()
    assert (code, action, kind) == ("L3", "hint", "statement_line")


def test_a_debit_with_our_reference_raises_none(group: Group) -> None:
    document, _ = _sent(group, amount=LARGE)
    ((instruction,),) = group.rows("SELECT instruction_id FROM attempt")
    _import(group, -LARGE, reference=str(instruction))
    assert group.rows(
        "SELECT document_id, facts -> 'own_reference' FROM event WHERE subject = 'statement_line'"
    ) == [(document, True)]
    group.monitor().run_until_idle()
    assert group.alerts() == []


def test_a_statement_taken_twice_tells_its_lines_once(group: Group) -> None:
    for _ in range(2):
        _import(group, -1, -2)
    lines = "SELECT count(*) FROM event WHERE subject = 'statement_line'"
    assert group.rows(lines) == [(2,)]


def _finding(document: int | None, action: str = "hold") -> Finding:
    draft = AlertDraft("BJ", "k", "X1", "high", action, "statement_line", "7", Text("so", "如此"))
    return Finding(draft, document)


def test_an_event_can_hold_a_document_that_has_not_left(group: Group) -> None:
    document = group.documents(Draft(1, account=group.accounts.pay_account))[0]
    with transaction(group.engine) as session:
        assert settle(session, [_finding(document)], group.clock.now()) == 1
    assert group.alerts() == [("X1", "hold", "document", str(document))]
    with transaction(group.engine) as session:
        assert held(session, [document]) == {document}


@pytest.mark.parametrize("action", ["hold", "extra_approver"])
def test_what_an_event_cannot_do_is_only_said(group: Group, action: str) -> None:
    with transaction(group.engine) as session:
        settle(session, [_finding(None, action)], group.clock.now())
    assert group.alerts() == [("X1", "hint", "statement_line", "7")]


def test_a_database_that_counts_from_anew_is_not_read_in_the_wrong_order(group: Group) -> None:
    with transaction(group.engine) as session:
        session.execute(sa.text("UPDATE monitor_cursor SET xact = 1000000000000"))
    with pytest.raises(SluiceError) as refused:
        group.monitor().step()
    assert refused.value.code == "MONITOR_CURSOR_AHEAD"


def test_a_second_debit_of_one_payment_raises_an_alert_and_its_return_does_not(
    group: Group,
) -> None:
    _sent(group, amount=LARGE)
    ((instruction,),) = group.rows("SELECT instruction_id FROM attempt")
    _import(group, -LARGE, -LARGE, LARGE, reference=str(instruction))
    group.monitor().run_until_idle()
    ((code, action, kind, _),) = group.alerts()
    assert (code, action, kind) == ("L6", "hint", "statement_line")
    booked = (
        "SELECT facts -> 'times_booked' FROM event WHERE subject = 'statement_line' ORDER BY id"
    )
    assert group.rows(booked) == [(1,), (2,), (1,)]
