"""Events become balanced vouchers by the shipped posting ruleset, once each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from engine import ledger
from engine.base.text import SluiceError
from engine.ledger import LedgerError
from engine.machines.posting import Event, Posted, PostingError, post_event, reverse_event
from engine.rulebook import NoLiveRuleset, Rulebook, activate, publish
from engine.runtime import db
from engine.runtime.clock import ManualClock
from tests.payments.stage import MORNING, prepare
from tests.payments.world import day

EVENT = Event(
    event_id="E1",
    event="payment_confirmed",
    org_id="BJ01",
    org_path=("GROUP", "BJ", "BJ01"),
    org_level="sub_branch",
    legal_entity_id="LE1",
    currency="CNY",
    amount=12_345,
    date=day(23),
    document_no="D1",
    business_type="claim",
    creditor_name="王伟",
    debtor_name="",
    subject_kind="document",
    subject_id=7,
    group_id=None,
    dimensions={
        "org": "BJ01",
        "bank_account": "6100000001",
        "counterparty": "王伟",
        "cash_flow": "赔付",
        "business_type": "claim",
    },
)


@pytest.fixture(scope="module")
def books(module_engine: sa.Engine) -> sa.Engine:
    """The small group with the shipped rulesets live."""
    prepare(module_engine)
    return module_engine


@pytest.fixture
def session(books: sa.Engine) -> Iterator[Session]:
    """A transaction that leaves nothing behind."""
    with Session(books) as open_session:
        yield open_session
        open_session.rollback()


def _post(session: Session, event: Event = EVENT) -> Posted:
    return post_event(session, Rulebook().at(session), event, MORNING)


def _lines(session: Session, posted: Posted) -> list[tuple[str, int, int, str]]:
    session.flush()
    return [
        (one.account, one.debit, one.credit, one.text)
        for one in ledger.lines_of(session, posted.voucher_id)
    ]


@pytest.mark.parametrize(
    ("event", "lines"),
    [
        (
            EVENT,
            [("224101", 12_345, 0, "付 王伟 D1"), ("100201", 0, 12_345, "付 王伟 D1")],
        ),
        (
            replace(EVENT, event="collection_confirmed", creditor_name="", debtor_name="李四"),
            [("100201", 12_345, 0, "收 李四 D1"), ("112201", 0, 12_345, "收 李四 D1")],
        ),
        (
            replace(EVENT, event="fee_charged", business_type="treasury"),
            [("660303", 12_345, 0, "银行手续费 D1"), ("100201", 0, 12_345, "银行手续费 D1")],
        ),
    ],
)
def test_an_event_gets_the_lines_of_its_rows(
    session: Session, event: Event, lines: list[tuple[str, int, int, str]]
) -> None:
    assert _lines(session, _post(session, event)) == lines


def test_lines_carry_the_dimensions_the_rule_names(session: Session) -> None:
    first, second = ledger.lines_of(session, _post(session).voucher_id)
    assert first.dimensions == {"org": "BJ01", "counterparty": "王伟", "business_type": "claim"}
    assert second.dimensions == {"org": "BJ01", "bank_account": "6100000001", "cash_flow": "赔付"}


def test_an_event_is_posted_once(session: Session) -> None:
    first = _post(session)
    session.flush()
    assert _post(session).voucher_id == first.voucher_id


def test_the_decision_behind_a_voucher_is_recorded(session: Session) -> None:
    posted = _post(session)
    session.flush()
    found = session.execute(
        sa.text("SELECT rows FROM decision WHERE id = :id"), {"id": posted.decision_id}
    ).scalar_one()
    assert found == ["J1", "J2"]


def test_an_event_the_vocabulary_does_not_know_is_refused(session: Session) -> None:
    with pytest.raises(SluiceError) as caught:
        _post(session, replace(EVENT, event="somersault"))
    assert caught.value.code == "FACT_NOT_LISTED"


PAYMENTS_ONLY = """\
kind: posting
name: event-posting
title: {en: Payments only, zh: 仅付款}
version: 3
effective: {from: 2020-01-01}
scope: {org: GROUP, subject: event}
hit_policy: collect
balance: {debit: debit, credit: credit}
rules: |
  id | event             => account | debit    | credit   | dimensions | text
  J1 | payment_confirmed => 224101  | = amount | = 0      | org        | x
  J2 | payment_confirmed => 100201  | = 0      | = amount | org        | x
"""


def test_an_event_no_row_takes_is_refused(session: Session) -> None:
    version = publish(
        session,
        PAYMENTS_ONLY,
        "posting/event-posting.yaml",
        author="a",
        reviewer="b",
        reason="test",
        now=MORNING,
    )
    activate(
        session,
        [version.hash],
        activated_by="a",
        approved_by="b",
        reason="test",
        now=MORNING,
    )
    with pytest.raises(PostingError) as caught:
        _post(session, replace(EVENT, event="fee_charged"))
    assert caught.value.code == "NOT_POSTABLE"


def test_a_dimension_the_event_lacks_is_refused(session: Session) -> None:
    with pytest.raises(PostingError) as caught:
        _post(session, replace(EVENT, dimensions={"org": "BJ01"}))
    assert caught.value.code == "DIMENSION_MISSING"


def test_without_a_live_ruleset_nothing_is_posted(session: Session) -> None:
    with pytest.raises(NoLiveRuleset):
        _post(session, replace(EVENT, date=day(23).replace(year=2019)))


def test_a_reversal_is_the_exact_negative_and_happens_once(
    books: sa.Engine, clock: ManualClock
) -> None:
    event = replace(EVENT, event_id="E-reversed")
    with db.transaction(books) as session:
        original = post_event(session, Rulebook().at(session), event, MORNING)
    for _ in range(2):
        with db.transaction(books) as session:
            back = reverse_event(session, "E-reversed", "E-back", day(24), clock.now())
            assert _lines(session, back) == [
                (account, credit, debit, text)
                for account, debit, credit, text in _lines(session, original)
            ]
    with db.transaction(books) as session, pytest.raises(LedgerError) as caught:
        reverse_event(session, "E-reversed", "E-again", day(24), clock.now())
    assert caught.value.code == "VOUCHER_REVERSED"


def test_an_event_never_posted_cannot_be_reversed(session: Session) -> None:
    with pytest.raises(PostingError) as caught:
        reverse_event(session, "nothing", "E-back", day(24), MORNING)
    assert caught.value.code == "EVENT_UNKNOWN"
