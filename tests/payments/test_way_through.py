"""One payment end to end, then what goes wrong on the way; real banks over HTTP."""

from __future__ import annotations

from tests.payments.stage import Stage
from tests.payments.world import Draft


def test_a_payment_goes_from_approved_to_voucher(stage: Stage) -> None:
    documents = stage.make(Draft(1, account=stage.world.pay_account))
    released = stage.release(*documents)
    assert [item.sent for item in released.items] == [True]
    stage.work()
    assert stage.states(documents) == ["PROCESSING"]
    stage.settle()
    assert stage.states(documents) == ["PAID"]
    stage.cut()
    assert stage.states(documents) == ["CONFIRMED"]
    assert stage.value("SELECT match_no FROM document") == stage.value(
        "SELECT match_no FROM attempt"
    )
    assert stage.value("SELECT voucher_no FROM document") == stage.value(
        "SELECT number FROM voucher"
    )
    assert len(stage.banks["bank_a"].executions()) == 1
