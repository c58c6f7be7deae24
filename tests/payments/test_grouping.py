"""Grouping as a plan: every document in exactly one batch, limits, order, determinism."""

from __future__ import annotations

import datetime as dt
import random

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.rulebook import Pinned, Rulebook, activate, publish, publish_vocabulary
from engine.runtime import db
from engine.treasury.payments import Payable, plan
from tests.payments.stage import MORNING, RULESETS

DAY = dt.date(2026, 11, 23)
TEXT = """\
kind: grouping
name: small-batches
title: {en: Small batches, zh: 小批}
version: 1
effective: {from: 2020-01-01}
scope: {org: GROUP, subject: payment}
hit_policy: first
rules: |
  id | urgency | amount  => mode   | batch_by                       | max_items | max_amount
  G1 | urgent  | -       => single | -                              | 1         | -
  G2 | -       | < 9_000 => batch  | debtor_account, currency, business_type | 3         | 200.00
otherwise: {mode: single}
"""


@pytest.fixture(scope="module")
def pinned(module_engine: sa.Engine) -> Pinned:
    """The little ruleset, live."""
    with db.transaction(module_engine) as session:
        words = (RULESETS / "vocabulary.yaml").read_text()
        publish_vocabulary(session, words, author="a", reviewer="b", reason="test", now=MORNING)
        version = publish(
            session,
            TEXT,
            "grouping/small.yaml",
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
        return Rulebook().at(session)


def payable(
    number: int, amount: int = 5_000, account: int = 1, urgency: str = "normal", kind: str = "claim"
) -> Payable:
    """An approved claim."""
    return Payable(
        id=number,
        document_no=f"D20261123-{number:06d}",
        org_id="BJ",
        org_path=("GROUP", "BJ"),
        org_level="branch",
        direction="pay",
        business_type=kind,
        creditor_type="claimant",
        amount=amount,
        currency="CNY",
        urgency=urgency,
        channel="bank_direct",
        content_hash="h",
        counterparty_name="王伟",
        counterparty_account=f"6222{number}",
        counterparty_bank_code="901100000001",
        purpose=None,
        account_id=account,
        account_org_id="BJ",
        account_number=f"61{account}",
        account_name="保险",
        account_bank_code="901100000001",
        bank_id="bank_a",
    )


def test_documents_of_one_key_travel_together_in_order(pinned: Pinned) -> None:
    made = plan(pinned, [payable(3), payable(1), payable(2)], DAY)
    assert [[one.id for one in batch.items] for batch in made.batches] == [[1, 2, 3]]


def test_a_batch_ends_at_its_item_limit(pinned: Pinned) -> None:
    made = plan(pinned, [payable(n, 100) for n in range(1, 8)], DAY)
    assert [len(batch.items) for batch in made.batches] == [3, 3, 1]


def test_a_batch_ends_before_the_amount_limit_is_broken(pinned: Pinned) -> None:
    made = plan(
        pinned, [payable(n, amount) for n, amount in ((1, 15_000), (2, 5_000), (3, 1))], DAY
    )
    assert [[one.id for one in batch.items] for batch in made.batches] == [[1, 2], [3]]


def test_an_item_above_the_amount_limit_travels_alone(pinned: Pinned) -> None:
    made = plan(pinned, [payable(1, 100), payable(2, 30_000), payable(3, 100)], DAY)
    assert [[one.id for one in batch.items] for batch in made.batches] == [[1], [2], [3]]


def test_urgent_ones_travel_alone(pinned: Pinned) -> None:
    made = plan(pinned, [payable(1), payable(2, urgency="urgent"), payable(3)], DAY)
    assert [[one.id for one in batch.items] for batch in made.batches] == [[1, 3], [2]]


def test_keys_of_the_rule_keep_batches_apart(pinned: Pinned) -> None:
    made = plan(pinned, [payable(1), payable(2, account=2), payable(3, kind="refund")], DAY)
    assert [[one.id for one in batch.items] for batch in made.batches] == [[1], [2], [3]]


_DOCUMENTS = st.lists(
    st.tuples(
        st.integers(1, 25_000),
        st.integers(1, 2),
        st.sampled_from(["normal", "urgent"]),
        st.sampled_from(["claim", "refund"]),
    ),
    max_size=30,
).map(lambda rows: [payable(n, *row) for n, row in enumerate(rows, 1)])


@settings(max_examples=100, deadline=None)
@given(_DOCUMENTS, st.randoms(use_true_random=False))
def test_every_document_is_in_exactly_one_batch_whatever_the_order(
    pinned: Pinned, documents: list[Payable], chance: random.Random
) -> None:
    made = plan(pinned, documents, DAY)
    shuffled = list(documents)
    chance.shuffle(shuffled)
    assert plan(pinned, shuffled, DAY).batches == made.batches
    ids = [one.id for batch in made.batches for one in batch.items]
    assert sorted(ids) == [one.id for one in documents]
    for batch in made.batches:
        assert len({(one.account_id, one.currency, one.direction) for one in batch.items}) == 1
        assert len(batch.items) == 1 or (len(batch.items) <= 3 and batch.total <= 20_000)
