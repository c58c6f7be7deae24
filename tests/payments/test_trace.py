"""One payment is found from any of its numbers, with everything that belongs to it."""

from __future__ import annotations

import json

import pytest

from api.cli.trace import to_json, written
from engine.runtime import db
from engine.treasury.trace import Trace, TraceError, trace
from tests.payments.stage import Stage
from tests.payments.world import Draft


@pytest.fixture
def paid(stage: Stage) -> Stage:
    """Two payments, confirmed."""
    stage.make(*(Draft(n, 10_000 + n, account=stage.world.pay_account) for n in (1, 2)))
    stage.release()
    stage.settle()
    stage.cut()
    return stage


def _trace(stage: Stage, reference: str, user: str | None = None) -> tuple[Trace, ...]:
    with db.transaction(stage.engine) as session:
        return trace(session, reference, user)


@pytest.mark.parametrize(
    "number",
    [
        "SELECT 'D20261123-000001'",
        "SELECT source_document_no FROM document WHERE document_no = 'D20261123-000001'",
        "SELECT match_no FROM document WHERE document_no = 'D20261123-000001'",
        "SELECT voucher_no FROM document WHERE document_no = 'D20261123-000001'",
        "SELECT 'D20261123-000001-1'",
        "SELECT bank_reference FROM statement_line WHERE our_reference = 'D20261123-000001-1'",
    ],
)
def test_any_number_leads_to_the_document(paid: Stage, number: str) -> None:
    (found,) = _trace(paid, str(paid.value(number)))
    assert found.document.document_no == "D20261123-000001"


def test_the_message_of_a_batch_leads_to_all_its_documents(paid: Stage) -> None:
    assert len(_trace(paid, str(paid.value("SELECT message_id FROM payment_batch")))) == 2


def test_a_trace_holds_every_step(paid: Stage) -> None:
    (found,) = _trace(paid, "D20261123-000001")
    assert [(one.kind, one.rows) for one in found.decisions] == [
        ("grouping", ("G4",)),
        ("failure", ("F1",)),
        ("matching", ("M1",)),
        ("posting", ("J1", "J2")),
    ]
    assert [(one.role, one.user) for one in found.approvals] == [("treasurer", "boss")]
    (attempt,) = found.attempts
    assert [one.kind for one in attempt.messages] == [
        "request",
        "submit_answer",
        "query_answer",
        "statement_line",
    ]
    (match,) = found.matches
    assert match.lines[0].our_reference == attempt.instruction_id
    (voucher,) = found.vouchers
    assert [(one.account, one.debit, one.credit) for one in voucher.lines] == [
        ("224101", 10_001, 0),
        ("100201", 0, 10_001),
    ]
    assert [one.status for one in found.messages] == ["PAID", "CONFIRMED"]
    assert [one.to_state for one in found.events] == [
        "SENDING",
        "PROCESSING",
        "PAID",
        "CONFIRMED",
    ]


def test_an_unknown_number_is_refused_in_words(paid: Stage) -> None:
    with pytest.raises(TraceError) as caught:
        _trace(paid, "D1")
    assert caught.value.code == "NOTHING_FOUND"


def test_a_user_traces_only_what_he_may_see(paid: Stage) -> None:
    assert _trace(paid, "D20261123-000001", "cashier")
    with pytest.raises(TraceError):
        _trace(paid, "D20261123-000001", "nobody")


def test_a_trace_is_written_as_lines_and_as_json(paid: Stage) -> None:
    (found,) = _trace(paid, "D20261123-000001")
    lines = list(written(found, "en"))
    assert lines[0].startswith("D20261123-000001  CONFIRMED  CNY 100.01")
    assert any("match" in one and "M1" in one for one in lines)
    assert any("核对" in one for one in written(found, "zh"))
    kept = json.loads(json.dumps(to_json(found)))
    assert kept["document"]["amount"] == "100.01"
    assert kept["vouchers"][0]["lines"][0]["debit"] == "100.01"
