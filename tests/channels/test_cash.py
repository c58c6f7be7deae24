"""Cash: paid once, by another person than the approver, and never below zero at any row."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from engine import ledger
from engine.base.text import SluiceError, Text
from engine.runtime import db
from engine.treasury import cash
from engine.treasury.documents.results import ItemResult
from engine.treasury.invariants.checking import check_invariants
from tests.payments.stage import Stage
from tests.payments.world import Draft


def open_desk(stage: Stage, opening: int, org_id: str = "BJ01") -> None:
    """A desk with cash in it."""
    with db.transaction(stage.engine) as session:
        ledger.ensure_account(
            session, "100101", org_id="GROUP", name_en="cash", name_zh="现金", nature="asset"
        )
        cash.ensure_desk(
            session, org_id=org_id, currency="CNY", ledger_account="100101", opening=opening
        )


def make(stage: Stage, *numbers: int, **changes: object) -> list[int]:
    """Approved cash documents."""
    given: dict[str, object] = {"account": None, "channel": "cash", **changes}
    return stage.make(*(Draft(number, **given) for number in numbers))  # type: ignore[arg-type]


def confirm(stage: Stage, *documents: int, user: str = "cashier") -> list[ItemResult]:
    """Confirm documents in one transaction."""
    return db.run_in_transaction(
        stage.engine,
        lambda session: cash.confirm(session, stage.rulebook, user, list(documents), stage.clock),
    )


def codes(results: list[ItemResult]) -> list[str | None]:
    """The code per document."""
    return [one.code for one in results]


def rows(stage: Stage) -> list[tuple[int, int, int]]:
    """Number, amount and balance of the journal's rows."""
    with stage.engine.connect() as connection:
        found = connection.execute(
            sa.text("SELECT entry_no, amount, balance FROM cash_entry ORDER BY desk_id, entry_no")
        )
        return [(int(row.entry_no), int(row.amount), int(row.balance)) for row in found]


def test_a_confirmed_payment_is_in_the_journal_posted_and_told_once(stage: Stage) -> None:
    open_desk(stage, 50_000)
    (one,) = make(stage, 1, amount=12_345)
    assert codes(confirm(stage, one)) == [None]
    assert stage.states([one]) == ["CONFIRMED"]
    assert rows(stage) == [(1, -12_345, 37_655)]
    lines = stage.column(
        "SELECT account || ' ' || debit || ' ' || credit FROM voucher_line ORDER BY line_no"
    )
    assert lines == ["224101 12345 0", "100101 0 12345"]
    assert stage.column("SELECT body->>'status' FROM outbox_message") == ["CONFIRMED"]
    assert stage.value("SELECT voucher_no IS NOT NULL AND booking_date IS NOT NULL FROM document")


def test_a_receipt_raises_the_balance(stage: Stage) -> None:
    open_desk(stage, 0)
    (one,) = make(stage, 1, amount=700, direction="collect", business_type="premium")
    assert codes(confirm(stage, one)) == [None]
    assert rows(stage) == [(1, 700, 700)]
    assert stage.column("SELECT account FROM voucher_line ORDER BY line_no") == ["100101", "112201"]


def test_what_is_not_to_be_paid_is_refused_by_its_state_before_its_channel(stage: Stage) -> None:
    open_desk(stage, 25_000)
    (direct,) = stage.make(Draft(1, account=stage.world.pay_account))
    with stage.engine.begin() as connection:
        connection.execute(sa.text("UPDATE document SET state = 'VOID'"))
    assert codes(confirm(stage, direct)) == ["NOT_UNPAID"]


def test_many_are_confirmed_each_with_its_own_result(stage: Stage) -> None:
    open_desk(stage, 25_000)
    cash_documents = make(stage, 1, 2, 3)
    (direct,) = stage.make(Draft(4, account=stage.world.pay_account))
    (other,) = make(stage, 5, org_id="BJ")
    found = confirm(stage, *cash_documents, direct, other)
    assert codes(found) == [None, None, "CASH_SHORT", "NOT_CASH", "NO_CASH_DESK"]
    assert all(one.text is not None and one.text.zh for one in found if not one.done)
    assert stage.states(cash_documents) == ["CONFIRMED", "CONFIRMED", "UNPAID"]
    assert rows(stage)[-1] == (2, -10_000, 5_000)


def test_confirming_twice_pays_once(stage: Stage) -> None:
    open_desk(stage, 50_000)
    (one,) = make(stage, 1)
    confirm(stage, one)
    assert codes(confirm(stage, one)) == ["NOT_UNPAID"]
    assert len(rows(stage)) == 1


def test_the_same_document_confirmed_at_once_is_paid_once(stage: Stage) -> None:
    open_desk(stage, 1_000_000)
    (one,) = make(stage, 1)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: codes(confirm(stage, one)), range(8)))
    assert sorted(found, key=str) == [["NOT_UNPAID"]] * 7 + [[None]]
    assert len(rows(stage)) == 1


def test_neither_maker_nor_approver_confirms(stage: Stage) -> None:
    open_desk(stage, 50_000)
    (one,) = make(stage, 1)
    with db.transaction(stage.engine) as session:
        session.execute(
            sa.text(
                "INSERT INTO role_grant (user_id, role, org_id) VALUES ('boss', 'cashier', 'BJ'), "
                "('claims', 'cashier', 'BJ')"
            )
        )
    assert codes(confirm(stage, one, user="boss")) == ["FOUR_EYES"]
    assert codes(confirm(stage, one, user="claims")) == ["FOUR_EYES"]
    with pytest.raises(SluiceError) as caught:
        confirm(stage, one, user="auditor")
    assert caught.value.code == "NOT_PERMITTED"
    assert rows(stage) == []


def test_a_document_changed_after_approval_is_not_paid(stage: Stage, superuser_url: str) -> None:
    open_desk(stage, 50_000)
    (one,) = make(stage, 1)
    with db.make_engine(superuser_url, pooled=False).begin() as connection:
        connection.execute(sa.text("SET session_replication_role = replica"))
        connection.execute(sa.text("UPDATE document SET amount = 9000"))
    assert codes(confirm(stage, one)) == ["HASH_CHANGED"]


def test_without_a_posting_row_nothing_of_it_happens(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_desk(stage, 50_000)
    (one,) = make(stage, 1)

    def refuse(*_: object) -> None:
        raise SluiceError("NOT_POSTABLE", Text("no row", "没有适用的行"))

    monkeypatch.setattr("engine.treasury.cash.confirming.post_event", refuse)
    assert codes(confirm(stage, one)) == ["NOT_POSTABLE"]
    assert (rows(stage), stage.states([one])) == ([], ["UNPAID"])


def test_cash_never_goes_to_a_bank(stage: Stage) -> None:
    (one,) = make(stage, 1)
    assert [item.code for item in stage.release(one).items] == ["NOT_DIRECT"]


def test_people_at_once_never_bring_the_desk_below_zero(stage: Stage) -> None:
    open_desk(stage, 35_000)
    documents = make(stage, *range(1, 13))
    receipts = make(stage, 21, 22, direction="collect", business_type="premium")
    with ThreadPoolExecutor(7) as pool:
        found = list(pool.map(lambda one: confirm(stage, one), [*documents, *receipts]))
    done = sum(one.done for results in found for one in results)
    journal = rows(stage)
    assert len(journal) == done
    assert [number for number, _, _ in journal] == list(range(1, done + 1))
    assert all(balance >= 0 for _, _, balance in journal)
    assert journal[-1][2] == 35_000 + sum(amount for _, amount, _ in journal)
    assert {code for results in found for code in codes(results)} <= {None, "CASH_SHORT"}
    with db.transaction(stage.engine) as session:
        assert set(check_invariants(session).values()) == {"ok"}


def test_bulks_that_cross_do_not_lock_each_other_out(stage: Stage) -> None:
    open_desk(stage, 500_000)
    open_desk(stage, 500_000, "BJ")
    here = make(stage, 1, 2, 3)
    there = make(stage, 4, 5, 6, org_id="BJ")
    with ThreadPoolExecutor(4) as pool:
        found = list(
            pool.map(
                lambda ids: confirm(stage, *ids),
                [
                    (here[0], there[0]),
                    (there[1], here[1]),
                    (here[2], there[2]),
                    (there[0], here[0]),
                ],
            )
        )
    assert sum(one.done for results in found for one in results) == 6


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ("UPDATE cash_entry SET balance = 1", "its rows are history"),
        ("DELETE FROM cash_entry", "its rows are history"),
        ("UPDATE cash_desk SET opening = 99", "its rows are history"),
        (
            "INSERT INTO cash_entry (org_id, desk_id, entry_no, document_id, amount, balance, "
            "business_date, user_id, at) SELECT 'BJ01', desk_id, 7, document_id, amount, 5, "
            "business_date, user_id, at FROM cash_entry",
            "cash_entry_document_once",
        ),
        (
            "INSERT INTO cash_entry (org_id, desk_id, entry_no, document_id, amount, balance, "
            "business_date, user_id, at) SELECT 'BJ01', e.desk_id, 7, d.id, -1, 5, "
            "e.business_date, e.user_id, e.at FROM cash_entry e, document d WHERE d.state='UNPAID'",
            "a cash entry is its document",
        ),
    ],
)
def test_the_database_holds_the_journal(stage: Stage, change: str, broken: str) -> None:
    open_desk(stage, 50_000)
    one, _ = make(stage, 1, 2)
    confirm(stage, one)
    with pytest.raises(sa.exc.DBAPIError) as caught, stage.engine.begin() as connection:
        connection.execute(sa.text(change))
    assert broken in str(caught.value)
