"""A worker dies at every commit of the payment path, before it or after it: paid once, all told."""

from __future__ import annotations

import pytest

from engine.runtime import db
from engine.treasury.invariants import check_invariants
from tests.faults.boundaries import When
from tests.faults.line import Line
from tests.faults.line import database_url as database_url
from tests.faults.line import line as line
from tests.payments.conftest import prepared  # noqa: F401 - a fixture

pytestmark = pytest.mark.long

BOUNDARIES = frozenset(
    {
        "machines.instruction.query:_settle#1",
        "machines.instruction.query:query_batch#1",
        "machines.instruction.send:prepare#1",
        "machines.instruction.send:send_batch#1",
        "machines.instruction.send:settle_submission#1",
        "machines.instruction.send:settle_submission#2",
        "runtime.actions.worker:_claim#1",
        "runtime.actions.endings:_execute#1",
        "runtime.outbox:deliver#1",
        "runtime.outbox:deliver#2",
        "runtime.outbox:deliver#3",
        "treasury.arrivals.confirming:_bounces#1",
        "treasury.arrivals.confirming:_carry_out#1",
        "treasury.arrivals.confirming:_fees#1",
        "treasury.arrivals.confirming:confirm_account#1",
        "treasury.arrivals.confirming:confirm_account#2",
        "treasury.payments.slots:run#1",
        "treasury.statements.fetching:_fetch_all#1",
        "treasury.statements.fetching:fetch_account#1",
        "treasury.statements.fetching:fetch_account#2",
        "treasury.statements.fetching:fetch_account#3",
        "treasury.statements.fetching:refresh_balance#1",
        "treasury.statements.fetching:refresh_balance#2",
    }
)
"""Every commit of a worker between an approved document and a source that was told.

A new one makes `test_the_list_is_what_a_run_passes` fail; named here it is died at by the rest.
"""


def test_the_list_is_what_a_run_passes(line: Line) -> None:
    document = line.pay()
    assert line.stage.states([document]) == ["CONFIRMED"]
    assert set(line.boundaries.seen) == BOUNDARIES


@pytest.mark.timeout(300)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_death_at_any_commit_pays_once_and_tells_all(line: Line, when: When) -> None:
    for name in sorted(BOUNDARIES):
        document = line.pay((name, when))
        assert line.boundaries.deadly is None, f"{name} was not passed"
        assert line.stage.states([document]) == ["CONFIRMED"], f"{when} {name}"
        assert line.executed(document) == 1, f"{when} {name}"
        assert line.told(document) == ["PAID", "CONFIRMED"], f"{when} {name}"
    with db.transaction(line.stage.engine) as session:
        broken = {k: v for k, v in check_invariants(session).items() if v != "ok"}
    assert broken == {}
