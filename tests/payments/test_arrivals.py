"""Arrival confirmation: references lost, batches booked in one sum, twins, returns, fees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.base.text import SluiceError
from engine.formats.statement import Statement, StatementLine
from engine.rulebook import activate, publish
from engine.runtime import db
from engine.runtime.clock import ManualClock
from engine.treasury import arrivals, statements
from tests.payments.stage import RULESETS, Stage, staged
from tests.payments.world import Draft, day

PAYEE = "6222000000777"


@pytest.fixture
def silent(engine: sa.Engine, clock: ManualClock, tmp_path: Path) -> Iterator[Stage]:
    """Banks that lose every reference of ours on their statements."""
    with staged(engine, clock, tmp_path, {"lose_reference_percent": 100}) as made:
        yield made


@pytest.fixture
def summing(engine: sa.Engine, clock: ManualClock, tmp_path: Path) -> Iterator[Stage]:
    """Banks that book a batch as one line."""
    with staged(engine, clock, tmp_path, {"batch_booking": True}) as made:
        yield made


def _pay(stage: Stage, *drafts: Draft) -> list[int]:
    documents = stage.make(*drafts)
    stage.release(*documents)
    stage.settle()
    stage.cut()
    return documents


def _show(stage: Stage, *signed: int, text: str | None = None) -> None:
    """The next statement of the second bank, written by hand: lines without references."""
    with db.transaction(stage.engine) as session:
        opening = session.execute(
            sa.text(
                "SELECT coalesce((SELECT closing FROM statement WHERE account_id = :account "
                "ORDER BY id DESC LIMIT 1), 500000000)"
            ),
            {"account": stage.world.second_account},
        ).scalar_one()
        lines = tuple(
            StatementLine(
                booking_date=day(23),
                value_date=day(23),
                amount=abs(one),
                direction="credit" if one > 0 else "debit",
                balance=None,
                bank_reference=f"X{opening}-{place}",
                our_reference=None,
                message_reference=None,
                counterparty_name="王伟",
                counterparty_account=PAYEE,
                remittance=text,
                return_reason=None,
            )
            for place, one in enumerate(signed)
        )
        closing = opening + sum(signed)
        made = Statement("6200000001", "CNY", "S", None, day(23), opening, closing, lines)
        found = statements.import_statement(
            session,
            stage.world.second_account,
            made,
            source="manual",
            actor="accountant",
            now=stage.clock.now(),
        )
        assert found.state == "accepted", found.reasons
    arrivals.confirm_account(stage.engine, stage.confirming, stage.world.second_account)


def _to_second(stage: Stage, count: int) -> list[int]:
    """Documents the second bank calls paid, which only our own numbers tell apart."""
    account = stage.world.second_account
    drafts = (Draft(n, account=account, counterparty_account=PAYEE) for n in range(1, count + 1))
    documents = stage.make(*drafts)
    stage.release(*documents)
    stage.settle()
    return documents


def _twins(stage: Stage) -> list[int]:
    """Two of them, and two lines without a reference."""
    documents = _to_second(stage, 2)
    _show(stage, -10_000, -10_000)
    return documents


def _code(act: Callable[[], object]) -> str:
    with pytest.raises(SluiceError) as caught:
        act()
    return caught.value.code


def _confirm(stage: Stage, user: str, proposal: int, choice: int = 0) -> str:
    with db.transaction(stage.engine) as session:
        return arrivals.confirm_proposal(session, stage.confirming, user, proposal, choice)


def _match_no(stage: Stage, document: int) -> str:
    return str(stage.value("SELECT match_no FROM document WHERE id = :id", id=document))


def test_a_line_that_lost_its_reference_is_found_by_the_number_in_its_text(
    silent: Stage,
) -> None:
    stage = silent
    documents = _pay(
        silent,
        Draft(1, 10_001, account=stage.world.second_account),
        Draft(2, 10_002, account=stage.world.second_account),
    )
    assert stage.states(documents) == ["CONFIRMED"] * 2
    assert stage.value("SELECT count(*) FROM statement_line WHERE our_reference IS NULL") == 2


def test_a_batch_booked_in_one_sum_confirms_all_its_documents(summing: Stage) -> None:
    documents = _pay(
        summing, *(Draft(n, 100 * n, account=summing.world.pay_account) for n in (1, 2, 3))
    )
    assert summing.states(documents) == ["CONFIRMED"] * 3
    assert len({_match_no(summing, one) for one in documents}) == 1
    assert summing.value("SELECT count(*) FROM voucher") == 3


def test_twins_without_references_go_to_a_person(stage: Stage) -> None:
    documents = _twins(stage)
    assert stage.states(documents) == ["PAID"] * 2
    assert stage.column("SELECT reason FROM match_proposal WHERE state = 'open'") == [
        "ambiguous",
        "ambiguous",
    ]


def test_a_person_confirms_one_of_the_candidates(stage: Stage) -> None:
    documents = _twins(stage)
    first, second = (int(str(one)) for one in stage.column("SELECT id FROM match_proposal"))
    _confirm(stage, "accountant", first, 0)
    assert sorted(stage.states(documents)) == ["CONFIRMED", "PAID"]
    assert stage.value("SELECT matched_by FROM match_group") == "accountant"
    with db.transaction(stage.engine) as session:
        assert [one.id for one in arrivals.proposals(session, "accountant")] == [second]


def test_who_released_or_carried_a_file_to_the_bank_does_not_confirm_by_hand(
    stage: Stage,
) -> None:
    _twins(stage)
    proposal = int(str(stage.value("SELECT min(id) FROM match_proposal")))
    assert _code(lambda: _confirm(stage, "boss", proposal)) == "NOT_PERMITTED"
    with stage.engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO role_grant (user_id, role, org_id) "
                "VALUES ('cashier', 'accountant', 'GROUP')"
            )
        )
        connection.execute(
            sa.text(
                "INSERT INTO payment_file_download (org_id, batch_id, number, user_id, at, sha256) "
                "SELECT org_id, id, 1, 'auditor', sent_at, request_sha256 FROM payment_batch"
            )
        )
    assert _code(lambda: _confirm(stage, "cashier", proposal)) == "FOUR_EYES"
    assert _code(lambda: _confirm(stage, "auditor", proposal)) == "FOUR_EYES"


@pytest.mark.parametrize(("choice", "code"), [(9, "CHOICE_UNKNOWN"), (-1, "CHOICE_UNKNOWN")])
def test_only_a_candidate_can_be_chosen(stage: Stage, choice: int, code: str) -> None:
    _twins(stage)
    proposal = int(str(stage.value("SELECT min(id) FROM match_proposal")))
    assert _code(lambda: _confirm(stage, "accountant", proposal, choice)) == code


def test_a_decided_proposal_is_closed(stage: Stage) -> None:
    _twins(stage)
    proposal = int(str(stage.value("SELECT min(id) FROM match_proposal")))
    _confirm(stage, "accountant", proposal)
    assert _code(lambda: _confirm(stage, "auditor", proposal)) == "PROPOSAL_CLOSED"


def _bounce(stage: Stage) -> None:
    instruction = stage.value("SELECT instruction_id FROM attempt")
    for bank in stage.banks.values():
        bank.admin("bounce", {"instruction_id": instruction, "reason": "AC04"})
    stage.cut()


def _told(stage: Stage) -> list[object]:
    return stage.column("SELECT body ->> 'status' FROM outbox_message ORDER BY id")


@pytest.mark.parametrize("bank", ["pay_account", "second_account"])
def test_a_returned_payment_is_bounced_and_its_voucher_reversed(stage: Stage, bank: str) -> None:
    (document,) = _pay(stage, Draft(1, account=getattr(stage.world, bank)))
    _bounce(stage)
    assert stage.states([document]) == ["BOUNCED"]
    assert stage.column("SELECT kind FROM match_group ORDER BY id") == ["arrival", "bounce"]
    assert stage.value("SELECT count(*) FROM voucher WHERE reversal_of IS NOT NULL") == 1
    assert stage.column("SELECT sum(debit) - sum(credit) FROM voucher_line GROUP BY account") == [
        0,
        0,
    ]
    assert _told(stage) == ["PAID", "CONFIRMED", "BOUNCED"]


def test_a_return_reported_twice_has_no_second_effect(stage: Stage) -> None:
    (document,) = _pay(stage, Draft(1, account=stage.world.pay_account))
    _bounce(stage)
    before = stage.value("SELECT count(*) FROM voucher")
    with stage.engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO statement_line (org_id, statement_id, account_id, line_no, identity, "
                "occurrence, booking_date, value_date, direction, amount, currency, "
                "our_reference, return_reason) SELECT org_id, statement_id, account_id, "
                "line_no + 1, identity || 'x', 1, booking_date, value_date, direction, amount, "
                "currency, our_reference, return_reason FROM statement_line "
                "WHERE return_reason IS NOT NULL"
            )
        )
    arrivals.confirm_account(stage.engine, stage.confirming, stage.world.pay_account)
    assert stage.states([document]) == ["BOUNCED"]
    assert stage.value("SELECT count(*) FROM voucher") == before
    assert stage.value("SELECT count(*) FROM alert WHERE code = 'BOUNCE_TWICE'") == 1


def test_a_return_without_a_reference_is_proposed_and_confirmed_by_a_person(
    stage: Stage,
) -> None:
    (document,) = _to_second(stage, 1)
    _show(stage, -10_000)
    assert stage.states([document]) == ["CONFIRMED"]
    _show(stage, 10_000, text="退票 户名不符")
    assert stage.states([document]) == ["CONFIRMED"]
    _confirm(stage, "accountant", int(str(stage.value("SELECT id FROM match_proposal"))))
    assert stage.states([document]) == ["BOUNCED"]


def test_a_collection_that_comes_back_is_bounced_by_its_debit(stage: Stage) -> None:
    premium = Draft(1, account=stage.world.collect_account, direction="collect")
    (document,) = _pay(stage, replace(premium, business_type="premium"))
    assert stage.states([document]) == ["CONFIRMED"]
    _bounce(stage)
    assert stage.states([document]) == ["BOUNCED"]
    assert stage.value("SELECT direction FROM statement_line ORDER BY id DESC LIMIT 1") == "debit"
    assert stage.column("SELECT sum(debit) - sum(credit) FROM voucher_line GROUP BY account") == [
        0,
        0,
    ]
    assert _told(stage) == ["PAID", "CONFIRMED", "BOUNCED"]
    # What came back is not collected again by itself.
    assert stage.release().items == ()


def test_which_words_make_a_return_is_the_rulesets_word(stage: Stage) -> None:
    (document,) = _to_second(stage, 1)
    _show(stage, -10_000)
    _show(stage, 10_000, text="对方账户已销户,款项退回")
    assert stage.value("SELECT count(*) FROM match_proposal") == 0
    file = "matching/arrival-matching.yaml"
    text = (RULESETS / file).read_text().replace("退汇]", "退汇, 款项退回]")
    with db.transaction(stage.engine) as session:
        now = stage.clock.now()
        new = publish(
            session,
            text.replace("version: 1", "version: 2"),
            file,
            author="demo1",
            reviewer="demo2",
            reason="test",
            now=now,
        )
        activate(
            session,
            [new.hash],
            activated_by="demo1",
            approved_by="demo2",
            reason="test",
            now=now,
        )
    arrivals.confirm_account(stage.engine, stage.confirming, stage.world.second_account)
    _confirm(stage, "accountant", int(str(stage.value("SELECT id FROM match_proposal"))))
    assert stage.states([document]) == ["BOUNCED"]


def test_account_amount_and_date_match_a_line_without_any_reference(stage: Stage) -> None:
    (document,) = _to_second(stage, 1)
    _show(stage, -10_000)
    assert stage.states([document]) == ["CONFIRMED"]
    assert stage.value("SELECT rule_row FROM match_group") == "M4"


def _debit(stage: Stage, text: str) -> None:
    stage.banks["bank_a"].admin(
        "debit",
        {
            "account": "6100000001",
            "amount": "12.00",
            "counterparty_name": "演示银行甲",
            "counterparty_account": "9010000",
            "remittance": text,
        },
    )
    stage.cut()


def test_a_bank_fee_is_an_event_of_its_own(stage: Stage) -> None:
    _debit(stage, "账户手续费")
    assert stage.column("SELECT event FROM posted_event") == ["fee_charged"]
    assert stage.value("SELECT kind FROM match_group") == "fee"
    assert stage.value("SELECT debit FROM voucher_line WHERE account = '660303'") == 1_200


def test_a_debit_that_says_nothing_stays_unmatched(stage: Stage) -> None:
    _debit(stage, "扣划")
    assert stage.value("SELECT count(*) FROM voucher") == 0
    with db.transaction(stage.engine) as session:
        assert len(arrivals.open_lines(session, stage.world.pay_account, arrivals.NO_WORDS)) == 1


def test_the_voucher_is_dated_by_the_line_and_carries_dimensions(stage: Stage) -> None:
    _pay(stage, Draft(1, account=stage.world.pay_account))
    assert str(stage.value("SELECT voucher_date FROM voucher")) == "2026-11-23"
    found = stage.value("SELECT dimensions FROM voucher_line WHERE credit > 0")
    assert found == {
        "org": "BJ01",
        "bank_account": "6100000001",
        "cash_flow": "支付原保险合同赔付款项的现金",
    }


def test_confirming_again_changes_nothing(stage: Stage) -> None:
    _pay(stage, Draft(1, account=stage.world.pay_account))
    again = arrivals.confirm_account(stage.engine, stage.confirming, stage.world.pay_account)
    assert (again.confirmed, again.bounced, again.failed) == ((), (), 0)


def test_every_match_names_the_decision_behind_it(stage: Stage) -> None:
    _pay(stage, Draft(1, account=stage.world.pay_account))
    assert stage.value(
        "SELECT d.rows ->> 0 FROM match_group g JOIN decision d ON d.id = g.decision_id"
    ) == stage.value("SELECT rule_row FROM match_group")
