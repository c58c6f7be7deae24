"""Posting and reversing vouchers."""

from __future__ import annotations

from datetime import date
from itertools import count
from threading import Thread

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from engine import ledger
from engine.ledger import LedgerError, LineDraft, Voucher, VoucherDraft
from engine.runtime import db
from tests.ledger.support import BANK, DAY, FEE, NOW, PAYABLE, chart, draft


@pytest.fixture
def books(engine: sa.Engine) -> sa.Engine:
    """A database with a chart of accounts."""
    chart(engine)
    return engine


@pytest.fixture(scope="module")
def shared_books(module_engine: sa.Engine) -> sa.Engine:
    """The same for all examples of a property."""
    chart(module_engine)
    return module_engine


def _post(engine: sa.Engine, wanted: VoucherDraft) -> Voucher:
    with db.transaction(engine) as session:
        return ledger.post(session, wanted)


def _reverse(engine: sa.Engine, voucher: Voucher, event: str = "R1") -> Voucher:
    assert voucher.id is not None
    with db.transaction(engine) as session:
        return ledger.reverse(session, voucher.id, event, DAY, NOW)


def _count(engine: sa.Engine) -> int:
    with db.transaction(engine) as session:
        return int(session.execute(sa.text("SELECT count(*) FROM voucher")).scalar_one())


def test_a_posted_voucher_can_be_read_with_its_lines(books: sa.Engine) -> None:
    posted = _post(
        books, draft("E1", LineDraft(PAYABLE, 5, 0, {"bank": "B1"}), LineDraft(BANK, 0, 5))
    )
    assert posted.id is not None
    with db.transaction(books) as session:
        lines = ledger.lines_of(session, posted.id)
    assert [(n.account, n.debit, n.credit) for n in lines] == [(PAYABLE, 5, 0), (BANK, 0, 5)]
    assert lines[0].dimensions == {"bank": "B1"}
    assert lines[0].text == "付款"


def test_the_same_event_is_posted_once(books: sa.Engine) -> None:
    assert _post(books, draft("E1")).id == _post(books, draft("E1")).id
    assert _count(books) == 1


def test_the_same_event_with_other_content_is_refused(books: sa.Engine) -> None:
    _post(books, draft("E1"))
    with pytest.raises(LedgerError) as caught:
        _post(books, draft("E1", LineDraft(PAYABLE, 7, 0), LineDraft(BANK, 0, 7)))
    assert caught.value.code == "EVENT_CONFLICT"


def test_one_event_posted_by_many_at_once_gives_one_voucher(books: sa.Engine) -> None:
    refused: list[str | None] = []

    def attempt() -> None:
        try:
            _post(books, draft("E1"))
        except IntegrityError as error:
            refused.append(db.constraint(error))

    threads = [Thread(target=attempt) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _count(books) == 1
    assert set(refused) <= {"voucher_event_id_key"}


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ("VOUCHER_LINES", (LineDraft(BANK, 5, 0),)),
        ("VOUCHER_LINE_SIDES", (LineDraft(BANK, 5, 5), LineDraft(FEE, 5, 5))),
        ("VOUCHER_LINE_SIDES", (LineDraft(BANK, 0, 0), LineDraft(FEE, 0, 0))),
        ("VOUCHER_LINE_SIDES", (LineDraft(BANK, -5, 0), LineDraft(FEE, 0, -5))),
        ("VOUCHER_UNBALANCED", (LineDraft(BANK, 5, 0), LineDraft(FEE, 0, 4))),
        ("GL_ACCOUNT_UNKNOWN", (LineDraft("9999", 5, 0), LineDraft(FEE, 0, 5))),
    ],
)
def test_a_bad_draft_is_refused_in_words(
    books: sa.Engine, code: str, lines: tuple[LineDraft, ...]
) -> None:
    with pytest.raises(LedgerError) as caught:
        _post(books, draft("E1", *lines))
    assert caught.value.code == code
    assert _count(books) == 0


def test_numbers_run_without_gap_per_entity_and_month(books: sa.Engine) -> None:
    first = _post(books, draft("E1")).number
    with pytest.raises(ZeroDivisionError):
        db.run_in_transaction(books, lambda s: (ledger.post(s, draft("lost")), 1 // 0))
    second = _post(books, draft("E2")).number
    other_month = _post(books, draft("E3", day=date(2026, 12, 1))).number
    other_entity = _post(books, draft("E4", entity="BJ")).number
    assert [first, second, other_month, other_entity] == [
        "SH-202611-000001",
        "SH-202611-000002",
        "SH-202612-000001",
        "BJ-202611-000001",
    ]


def test_many_posted_together_are_as_if_posted_one_by_one(books: sa.Engine) -> None:
    before = _post(books, draft("E2"))
    wanted = [
        draft("E1"),
        draft("E2"),
        draft("E3", entity="BJ"),
        draft("E4", day=date(2026, 12, 1)),
        draft("E1"),
        draft("E5", LineDraft(FEE, 7, 0), LineDraft(BANK, 0, 7)),
    ]
    with db.transaction(books) as session:
        made = ledger.post_all(session, wanted)
        lines = [[one.account for one in ledger.lines_of(session, v.id or 0)] for v in made]
    assert [one.event_id for one in made] == [one.event_id for one in wanted]
    assert (made[1].id, made[4].id) == (before.id, made[0].id)
    assert [one.number for one in made] == [
        "SH-202611-000002",
        "SH-202611-000001",
        "BJ-202611-000001",
        "SH-202612-000001",
        "SH-202611-000002",
        "SH-202611-000003",
    ]
    assert (lines[0], lines[5]) == ([PAYABLE, BANK], [FEE, BANK])


def test_one_event_with_two_contents_posts_nothing_of_them_all(books: sa.Engine) -> None:
    other = draft("E1", LineDraft(FEE, 7, 0), LineDraft(BANK, 0, 7))
    with pytest.raises(LedgerError) as caught, db.transaction(books) as session:
        ledger.post_all(session, [draft("E2"), draft("E1"), other])
    assert caught.value.code == "EVENT_CONFLICT"
    assert _count(books) == 0


def test_a_reversal_exchanges_the_sides(books: sa.Engine) -> None:
    reversal = _reverse(books, _post(books, draft("E1")))
    assert reversal.id is not None
    with db.transaction(books) as session:
        lines = ledger.lines_of(session, reversal.id)
        assert all(b.balance == 0 for b in ledger.balances(session))
    assert [(n.account, n.debit, n.credit) for n in lines] == [
        (PAYABLE, 0, 10_000),
        (BANK, 10_000, 0),
    ]


def test_a_reversal_asked_for_again_is_the_same(books: sa.Engine) -> None:
    original = _post(books, draft("E1"))
    assert _reverse(books, original).id == _reverse(books, original).id


def test_a_voucher_is_reversed_once_at_most(books: sa.Engine) -> None:
    original = _post(books, draft("E1"))
    _reverse(books, original)
    with pytest.raises(LedgerError) as caught:
        _reverse(books, original, "R2")
    assert caught.value.code == "VOUCHER_REVERSED"


def test_a_reversal_is_not_reversed(books: sa.Engine) -> None:
    reversal = _reverse(books, _post(books, draft("E1")))
    with pytest.raises(LedgerError) as caught:
        _reverse(books, reversal, "R2")
    assert caught.value.code == "VOUCHER_IS_REVERSAL"


def test_a_voucher_that_does_not_exist_is_not_reversed(books: sa.Engine) -> None:
    with pytest.raises(LedgerError) as caught, db.transaction(books) as session:
        ledger.reverse(session, 404, "R1", DAY, NOW)
    assert caught.value.code == "VOUCHER_UNKNOWN"


EVENTS = count(1)
AMOUNTS = st.lists(st.integers(1, 10**17), min_size=1, max_size=5)


@settings(max_examples=40, deadline=None)
@given(debits=AMOUNTS)
def test_i1_debits_equal_credits_and_i14_a_reversal_is_the_exact_negative(
    shared_books: sa.Engine, debits: list[int]
) -> None:
    event = next(EVENTS)
    lines = [LineDraft(PAYABLE, amount, 0, {"n": str(n)}) for n, amount in enumerate(debits)]
    lines.append(LineDraft(BANK, 0, sum(debits)))
    with db.transaction(shared_books) as session:
        before = {(b.account, b.currency): b.balance for b in ledger.balances(session)}
    original = _post(shared_books, draft(f"E{event}", *lines))
    with db.transaction(shared_books) as session:
        assert ledger.is_balanced(session)
        posted = {(b.account, b.currency): b.balance for b in ledger.balances(session)}
    assert posted[(BANK, "CNY")] - before.get((BANK, "CNY"), 0) == -sum(debits)
    _reverse(shared_books, original, f"R{event}")
    with db.transaction(shared_books) as session:
        after = {(b.account, b.currency): b.balance for b in ledger.balances(session)}
    assert {k: v for k, v in after.items() if v} == {k: v for k, v in before.items() if v}
