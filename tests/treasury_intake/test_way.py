"""The way of documents from a file to the approvers, and what may stop them."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.base.text import SluiceError
from engine.machines import approval
from engine.machines.approval import RequestDraft
from engine.rulebook import Rulebook
from engine.runtime import actions
from engine.runtime.clock import ManualClock
from engine.runtime.jsontypes import canonical_json, check_object
from engine.runtime.models import OutboxMessage
from engine.treasury.alerts import board
from engine.treasury.alerts import lists as alert_lists
from engine.treasury.approvals import desk
from engine.treasury.approvals.wiring import MACHINE
from engine.treasury.documents import lists
from engine.treasury.documents.content import submitted_hashes
from engine.treasury.documents.listeners import subscribe, unsubscribe
from engine.treasury.documents.states import State
from engine.treasury.intake import course, ending
from engine.treasury.intake.single import take_document
from engine.treasury.organisations.grants import grant
from tests.treasury_intake.support import (
    bring_in,
    documents,
    message,
    publish_shipped,
    row,
    states,
    steps_open,
)


def ids(session: Session) -> list[int]:
    """Ids of all documents."""
    return [d.id or 0 for d in documents(session)]


def test_a_good_row_becomes_a_document_in_approval(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    answer = bring_in(live, rulebook, clock, [row(1)])
    assert answer.status == 201, answer.body
    [document] = documents(live)
    assert (document.state, document.waiting_code) == ("IN_APPROVAL", None), document.waiting
    assert document.channel == "bank_direct"
    assert document.content_hash is not None


def test_the_account_is_the_nearest_upwards_at_the_counterpartys_bank(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    at_bank_a = row(2, counterparty_bank_code="901100000011")
    bring_in(
        live, rulebook, clock, [row(1), at_bank_a, row(3, counterparty_bank_code="903100000011")]
    )
    numbers = live.execute(
        sa.text(
            "SELECT a.number FROM document d JOIN bank_account a ON a.id = d.account_id "
            "ORDER BY d.source_document_no"
        )
    ).scalars()
    assert list(numbers) == ["6200000001", "6100000001", "6200000001"]


def test_a_collection_uses_a_collection_account_and_goes_the_same_way(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    collection = row(1, direction="collect", business_type="premium", creditor_type=None)
    bring_in(live, rulebook, clock, [collection])
    [document] = documents(live)
    assert document.state == "IN_APPROVAL", document.waiting
    nature = live.execute(
        sa.text("SELECT nature FROM bank_account WHERE id = :id"), {"id": document.account_id}
    ).scalar_one()
    assert nature == "collection"


def test_the_last_approval_makes_a_document_payable_and_tells_who_listens(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    bring_in(live, rulebook, clock, [row(1)])
    heard: list[int] = []

    def listen(_session: Session, moved: object, _now: object) -> None:
        assert isinstance(moved, list)
        heard.extend(moved)

    subscribe(State.UNPAID, listen)
    try:
        [result] = desk.decide(live, "bj-reviewer", steps_open(live), "approve", None, clock.now())
    finally:
        unsubscribe(State.UNPAID, listen)
    assert result.error is None
    assert states(live) == {"CL-00001": "UNPAID"}
    assert heard == ids(live)
    assert desk.approved_hash_matches(live, heard) == {heard[0]: True}


def test_without_rulesets_documents_wait_and_go_on_when_some_are_live(
    group: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    bring_in(group, rulebook, clock, [row(1), row(2, amount="0")])
    assert {d.waiting_code for d in documents(group)} == {"NO_RULESET"}
    publish_shipped(group, clock)
    course.resume(group, rulebook, clock.now())
    assert states(group) == {"CL-00001": "IN_APPROVAL", "CL-00002": "RETURNED"}


def test_a_duplicate_is_held_until_another_person_releases_it(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    bring_in(
        live,
        rulebook,
        clock,
        [row(1), row(2, counterparty_account="6222021000000001", amount="101.00")],
    )
    assert states(live) == {"CL-00001": "IN_APPROVAL", "CL-00002": "BATCHED"}
    [_, held] = documents(live)
    assert held.waiting_code == "HELD"
    with pytest.raises(SluiceError, match="REASON_MISSING"):
        course.release(live, rulebook, "treasurer", held.id or 0, " ", clock.now())
    with pytest.raises(SluiceError, match="NOT_PERMITTED"):
        course.release(live, rulebook, "maker", held.id or 0, "mine", clock.now())
    course.release(live, rulebook, "treasurer", held.id or 0, "two instalments", clock.now())
    assert states(live)["CL-00002"] == "IN_APPROVAL"
    wanted = alert_lists.AlertFilter(states=("open", "acknowledged"))
    assert alert_lists.find(live, "treasurer", wanted).count == 0


def test_the_maker_cannot_release_a_hold_on_his_own_document(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    grant(live, "maker", "treasurer", "GROUP")
    bring_in(
        live,
        rulebook,
        clock,
        [row(1), row(2, counterparty_account="6222021000000001", amount="101.00")],
    )
    with pytest.raises(SluiceError, match="FOUR_EYES_MAKER"):
        course.release(live, rulebook, "maker", ids(live)[1], "mine", clock.now())


def test_a_void_twin_is_not_counted_as_duplicate(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    bring_in(live, rulebook, clock, [row(1)])
    desk.withdraw(live, "maker", ids(live), "typing error", clock.now())
    ending.void(live, "maker", ids(live), "typing error", clock.now())
    bring_in(
        live, rulebook, clock, [row(2, counterparty_account="6222021000000001", amount="101.00")]
    )
    assert states(live) == {"CL-00001": "VOID", "CL-00002": "IN_APPROVAL"}


def test_a_large_amount_gets_an_extra_approver(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    bring_in(live, rulebook, clock, [row(1, amount="600000.00")])
    [view] = desk.rounds_of(live, ids(live)[0])
    assert [s.step.role for s in view.steps] == ["reviewer", "finance_manager", "treasurer", "cfo"]
    told = board.of_subject(live, "document", str(ids(live)[0]))
    assert {a.code: a.action for a in told} == {"W2": "extra_approver", "N2": "hint"}


def test_a_returned_document_and_a_rejected_one_are_told_to_the_source(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    take_document(live, rulebook, "claims", "m1", message(1, amount="0.00"), clock.now())
    take_document(live, rulebook, "claims", "m2", message(2), clock.now())
    desk.decide(live, "bj-reviewer", steps_open(live), "reject", "no invoice", clock.now())
    told = live.exec(select(OutboxMessage).order_by(col(OutboxMessage.id))).all()
    assert [m.body["status"] for m in told] == ["RETURNED", "REJECTED"]
    said = [canonical_json(check_object(m.body)) for m in told]
    assert '"rule":"payment-validation:V1"' in said[0]
    assert '"message_en":"no invoice"' in said[1]


def test_a_rejected_document_is_resubmitted_with_all_steps_anew(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    bring_in(live, rulebook, clock, [row(1, amount="60000.00")])
    desk.decide(live, "bj-reviewer", steps_open(live), "approve", None, clock.now())
    desk.decide(live, "bj-manager", steps_open(live), "reject", "wrong claim", clock.now())
    assert states(live) == {"CL-00001": "REJECTED"}
    course.resubmit(live, rulebook, "maker", ids(live), clock.now())
    first, second = desk.rounds_of(live, ids(live)[0])
    assert (first.request.state, second.request.round) == ("REJECTED", 2)
    assert [s.step.state for s in second.steps] == ["OPEN", "WAITING"]


def test_an_approved_document_is_withdrawn_and_its_approval_is_void(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    bring_in(live, rulebook, clock, [row(1)])
    desk.decide(live, "bj-reviewer", steps_open(live), "approve", None, clock.now())
    desk.withdraw(live, "maker", ids(live), "wrong amount", clock.now())
    assert states(live) == {"CL-00001": "BATCHED"}
    assert desk.approved_hash_matches(live, ids(live)) == {ids(live)[0]: False}


def test_a_void_needs_a_permission_a_reason_and_a_state_that_allows_it(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    bring_in(live, rulebook, clock, [row(1)])
    with pytest.raises(SluiceError, match="NOT_PERMITTED"):
        ending.void(live, "auditor", ids(live), "x", clock.now())
    with pytest.raises(SluiceError, match="DOCUMENT_TRANSITION"):
        ending.void(live, "maker", ids(live), "x", clock.now())
    desk.decide(live, "bj-reviewer", steps_open(live), "approve", None, clock.now())
    with pytest.raises(SluiceError, match="REASON_MISSING"):
        ending.void(live, "maker", ids(live), "  ", clock.now())
    ending.void(live, "maker", ids(live), "paid by cheque", clock.now())
    assert states(live) == {"CL-00001": "VOID"}


def test_lists_show_only_what_the_user_may_see(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    bring_in(live, rulebook, clock, [row(1), row(2, organisation="SH")])
    everything = lists.find(live, "maker", lists.Filter())
    own = lists.find(live, "bj-maker", lists.Filter())
    assert (everything.count, [d.org_id for d in own.rows]) == (2, ["BJ01"])
    foreign = next(d for d in everything.rows if d.org_id == "SH")
    with pytest.raises(SluiceError, match="DOCUMENT_UNKNOWN"):
        lists.get(live, "bj-maker", foreign.document_no)


def test_totals_by_state_are_the_sums_of_the_rows(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    bring_in(live, rulebook, clock, [row(1), row(2), row(3, amount="0")])
    found = {t.state: (t.count, t.amount) for t in lists.totals(live, "maker")}
    assert found == {"IN_APPROVAL": (2, 20300), "RETURNED": (1, 0)}


def test_the_worklist_is_grouped_by_batch_with_its_total(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    answer = bring_in(live, rulebook, clock, [row(1), row(2)])
    [waiting] = desk.worklist(live, "bj-reviewer", clock.now())
    assert waiting.key == answer.body["batch_no"]
    assert waiting.totals == (("CNY", 20300),)
    assert desk.worklist(live, "sh-reviewer", clock.now()) == []


def test_of_equal_rows_of_one_file_the_later_ones_are_held(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    twin = {"counterparty_account": "6222021001", "amount": "100.00"}
    bring_in(live, rulebook, clock, [row(n, **twin) for n in (1, 2, 3)])
    assert [d.waiting_code for d in documents(live)] == [None, "HELD", "HELD"]


def test_a_resubmitted_document_sees_the_twin_that_went_on_meanwhile(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    twin = {"counterparty_account": "6222021001", "amount": "100.00"}
    bring_in(live, rulebook, clock, [row(1, **twin)])
    desk.decide(live, "bj-reviewer", steps_open(live), "reject", "no invoice", clock.now())
    bring_in(live, rulebook, clock, [row(2, **twin)])
    assert states(live)["CL-00002"] == "IN_APPROVAL"  # the rejected twin is not counted
    course.resubmit(live, rulebook, "maker", ids(live)[:1], clock.now())
    assert [(d.state, d.waiting_code) for d in documents(live)] == [
        ("REJECTED", "HELD"),
        ("IN_APPROVAL", None),
    ]


def test_a_resubmitted_document_is_not_held_for_a_twin_that_is_held_itself(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    twin = {"counterparty_account": "6222021001", "amount": "100.00"}
    bring_in(live, rulebook, clock, [row(1, **twin), row(2, **twin)])
    desk.decide(live, "bj-reviewer", steps_open(live), "reject", "no invoice", clock.now())
    course.resubmit(live, rulebook, "maker", ids(live)[:1], clock.now())
    assert [(d.state, d.waiting_code) for d in documents(live)] == [
        ("IN_APPROVAL", None),
        ("BATCHED", "HELD"),
    ]


def test_a_rejected_and_held_document_goes_on_after_release_when_submitted_again(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    twin = {"counterparty_account": "6222021001", "amount": "100.00"}
    bring_in(live, rulebook, clock, [row(1, **twin)])
    desk.decide(live, "bj-reviewer", steps_open(live), "reject", "no invoice", clock.now())
    bring_in(live, rulebook, clock, [row(2, **twin)])
    course.resubmit(live, rulebook, "maker", ids(live)[:1], clock.now())
    released = course.release(live, rulebook, "treasurer", ids(live)[0], "other claim", clock.now())
    assert (released.state, released.waiting_code) == ("REJECTED", None)
    course.resubmit(live, rulebook, "maker", ids(live)[:1], clock.now())
    assert states(live)["CL-00001"] == "IN_APPROVAL"


def test_a_released_hold_is_remembered_for_the_twins_that_were_seen_and_no_others(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    twin = {"counterparty_account": "6222021001", "amount": "100.00"}
    bring_in(live, rulebook, clock, [row(1, **twin), row(2, **twin)])
    course.release(live, rulebook, "treasurer", ids(live)[1], "instalment", clock.now())
    second = [d.id or 0 for d in documents(live)][1]
    desk.withdraw(live, "maker", [second], "later", clock.now())
    course.resubmit(live, rulebook, "maker", [second], clock.now())
    assert states(live)["CL-00002"] == "IN_APPROVAL"
    desk.withdraw(live, "maker", [second], "later", clock.now())
    ending.void(live, "maker", [second], "by cheque", clock.now())
    bring_in(live, rulebook, clock, [row(3, **twin)])
    assert documents(live)[2].waiting_code == "HELD"


def test_an_alert_is_acknowledged_and_resolved_by_those_who_may(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    bring_in(live, rulebook, clock, [row(1, amount="600000.00")])
    told = board.of_subject(live, "document", str(ids(live)[0]))
    alert = next(a for a in told if a.code == "W2")
    one = alert.id or 0
    with pytest.raises(SluiceError, match="NOT_PERMITTED"):
        board.acknowledge(live, "cashier", one, clock.now())
    with pytest.raises(SluiceError, match="ALERT_UNKNOWN"):
        board.acknowledge(live, "sh-reviewer", one, clock.now())
    assert board.acknowledge(live, "treasurer", one, clock.now()).state == "acknowledged"
    assert board.resolve(live, "treasurer", one, "known", clock.now()).state == "resolved"
    with pytest.raises(SluiceError, match="ALERT_RESOLVED"):
        board.resolve(live, "treasurer", one, "again", clock.now())
    assert alert.notify == ["treasurer"]


def test_a_document_blocked_by_an_empty_chain_is_submitted_anew_under_new_rules(
    live: Session, rulebook: Rulebook, clock: ManualClock
) -> None:
    bring_in(live, rulebook, clock, [row(1)])
    [view] = desk.rounds_of(live, ids(live)[0])
    assert view.request.state == "OPEN"
    approval.withdraw(live, "document", ids(live), "test", clock.now())
    hashes = submitted_hashes(live, ids(live))
    draft = RequestDraft(
        "document", ids(live)[0], "D", "BJ01", hashes[ids(live)[0]], maker="maker", roles=()
    )
    approval.open_requests(live, MACHINE, [draft], clock.now())
    assert documents(live)[0].waiting_code == "BLOCKED"
    course.resume(live, rulebook, clock.now())
    assert [v.request.state for v in desk.rounds_of(live, ids(live)[0])] == [
        "WITHDRAWN",
        "WITHDRAWN",
        "OPEN",
    ]
    assert documents(live)[0].waiting_code is None


def test_a_new_revision_asks_for_waiting_documents_once(
    live: Session, rulebook: Rulebook, clock: ManualClock, engine: sa.Engine
) -> None:
    live.execute(sa.text("UPDATE bank_account SET state = 'frozen' WHERE nature = 'disbursement'"))
    live.expire_all()
    bring_in(live, rulebook, clock, [row(1)])
    live.execute(sa.text("UPDATE bank_account SET state = 'active'"))
    course.notice_revision(live)
    course.notice_revision(live)
    live.commit()
    registry = actions.Registry()
    registry.register(course.RESUME, course.resume_handler)
    services = actions.Services()
    services.add(Rulebook, rulebook)
    assert actions.Worker(engine, clock, registry, "w", services=services).run_once(10) == 1
    assert states(live) == {"CL-00001": "IN_APPROVAL"}
