"""Approval of documents: steps, four eyes in code and in the database, blocked requests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from engine.base.text import SluiceError
from engine.runtime.db import constraint
from engine.treasury.alerts import board
from engine.treasury.approvals import desk
from engine.treasury.approvals.people import deactivate_user, grant_role, revoke_role
from engine.treasury.documents.models import Document
from engine.treasury.organisations.grants import grant
from tests.approval.support import NOW, open_steps, submitted
from tests.treasury_intake.support import build_group


@pytest.fixture
def session(engine: sa.Engine) -> Iterator[Session]:
    """A session with the test group."""
    with Session(engine, expire_on_commit=False) as made:
        build_group(made)
        yield made


@pytest.fixture(scope="module")
def shared(module_engine: sa.Engine) -> Iterator[Session]:
    """One session for properties; each example is rolled back."""
    with Session(module_engine, expire_on_commit=False) as made:
        build_group(made)
        made.commit()
        yield made


def state_of(session: Session, one: int) -> str:
    """The state a document stands in."""
    session.expire_all()
    return session.get_one(Document, one).state


def approve(session: Session, user: str, ids: list[int]) -> list[str | None]:
    """Error codes of approving the open steps of documents."""
    results = desk.decide(session, user, open_steps(session, ids), "approve", None, NOW)
    return [r.error.code if r.error else None for r in results]


def test_steps_go_to_the_nearest_holder_upwards_one_after_the_other(session: Session) -> None:
    ids = submitted(session, roles=("reviewer", "treasurer"))
    [view] = desk.rounds_of(session, ids[0])
    assert [(s.step.state, s.step.holder_org_id) for s in view.steps] == [
        ("OPEN", "BJ"),
        ("WAITING", "GROUP"),
    ]
    assert approve(session, "bj-reviewer", ids) == [None]
    assert state_of(session, ids[0]) == "IN_APPROVAL"
    assert approve(session, "treasurer", ids) == [None]
    assert state_of(session, ids[0]) == "UNPAID"


def test_a_step_is_not_for_holders_farther_up(session: Session) -> None:
    assert approve(session, "reviewer", submitted(session)) == ["NOT_THE_APPROVER"]


def test_a_step_has_its_time(session: Session) -> None:
    submitted(session, sla_seconds=3600)
    [group] = desk.worklist(session, "bj-reviewer", NOW)
    assert group.due_at == NOW + dt.timedelta(hours=1)


def test_bulk_approval_answers_each_item(session: Session) -> None:
    own = submitted(session, 3, maker="bj-reviewer")
    others = submitted(session, 97)
    # His own documents went on to the next holder upwards, so he may not decide them.
    results = approve(session, "bj-reviewer", [*own, *others])
    assert results[:3] == ["FOUR_EYES_MAKER"] * 3
    assert results[3:] == [None] * 97
    assert {state_of(session, one) for one in others} == {"UNPAID"}
    assert {state_of(session, one) for one in own} == {"IN_APPROVAL"}


def test_the_maker_is_passed_over_for_the_next_holder_upwards(session: Session) -> None:
    ids = submitted(session, maker="bj-reviewer")
    assert approve(session, "reviewer", ids) == [None]


def test_one_person_approves_one_step_of_a_request(session: Session) -> None:
    grant(session, "bj-reviewer", "finance_manager", "BJ")
    ids = submitted(session, roles=("reviewer", "finance_manager"))
    assert approve(session, "bj-reviewer", ids) == [None]
    assert approve(session, "bj-reviewer", ids) == ["FOUR_EYES_EARLIER"]
    assert approve(session, "bj-manager", ids) == [None]


def test_nobody_approves_a_payment_to_his_own_account(session: Session) -> None:
    ids = submitted(session, account="622200007777")
    assert approve(session, "bj-reviewer", ids) == ["FOUR_EYES_BENEFICIARY"]
    assert desk.worklist(session, "bj-reviewer", NOW) == []
    assert approve(session, "reviewer", ids) == [None]


def test_rejecting_needs_a_reason(session: Session) -> None:
    ids = submitted(session)
    with pytest.raises(SluiceError, match="REASON_MISSING"):
        desk.decide(session, "bj-reviewer", open_steps(session, ids), "reject", " ", NOW)
    desk.decide(session, "bj-reviewer", open_steps(session, ids), "reject", "no invoice", NOW)
    assert state_of(session, ids[0]) == "REJECTED"


def test_a_step_is_decided_once(session: Session) -> None:
    ids = submitted(session)
    steps = open_steps(session, ids)
    desk.decide(session, "bj-reviewer", steps, "approve", None, NOW)
    [again] = desk.decide(session, "bj-reviewer", steps, "approve", None, NOW)
    assert again.error is not None
    assert again.error.code == "STEP_NOT_OPEN"


def test_an_unknown_step_is_an_error_of_its_own(session: Session) -> None:
    [result] = desk.decide(session, "bj-reviewer", [4711], "approve", None, NOW)
    assert result.error is not None
    assert result.error.code == "STEP_UNKNOWN"


def test_nobody_upwards_blocks_and_alerts_until_somebody_is_granted(session: Session) -> None:
    revoke_role(session, "admin", "treasurer", "treasurer", "GROUP", NOW)
    ids = submitted(session, roles=("reviewer", "treasurer"))
    document = session.get_one(Document, ids[0])
    assert (document.state, document.waiting_code) == ("IN_APPROVAL", "BLOCKED")
    [alert] = board.of_subject(session, "document", str(ids[0]))
    assert (alert.code, alert.state) == ("APPROVAL_BLOCKED", "open")
    assert approve(session, "bj-reviewer", ids) == ["STEP_UNKNOWN"]
    grant_role(session, "admin", "manager", "treasurer", "GROUP", NOW)
    session.expire_all()
    assert document.waiting_code is None
    assert alert.state == "resolved"
    assert approve(session, "bj-reviewer", ids) == [None]


def test_no_role_named_is_blocked_and_never_passes(session: Session) -> None:
    ids = submitted(session, roles=())
    document = session.get_one(Document, ids[0])
    assert (document.state, document.waiting_code) == ("IN_APPROVAL", "BLOCKED")
    desk.reassess(session, NOW)
    assert state_of(session, ids[0]) == "IN_APPROVAL"


def test_a_role_that_executes_never_approves(session: Session) -> None:
    ids = submitted(session, roles=("cashier",))
    assert session.get_one(Document, ids[0]).waiting_code == "BLOCKED"


def test_an_open_step_goes_on_when_its_holder_is_gone(session: Session) -> None:
    ids = submitted(session)
    revoke_role(session, "admin", "bj-reviewer", "reviewer", "BJ", NOW)
    assert approve(session, "reviewer", ids) == [None]


def test_an_open_step_is_blocked_when_its_last_holder_is_gone(session: Session) -> None:
    ids = submitted(session)
    revoke_role(session, "admin", "bj-reviewer", "reviewer", "BJ", NOW)
    revoke_role(session, "admin", "reviewer", "reviewer", "GROUP", NOW)
    assert session.get_one(Document, ids[0]).waiting_code == "BLOCKED"
    grant_role(session, "admin", "bj-manager", "reviewer", "BJ", NOW)
    assert approve(session, "bj-manager", ids) == [None]


def test_a_deactivated_holder_leaves_his_open_steps_to_the_next(session: Session) -> None:
    ids = submitted(session)
    deactivate_user(session, "admin", "bj-reviewer", "left the company", NOW)
    assert session.get_one(Document, ids[0]).waiting_code is None
    assert approve(session, "reviewer", ids) == [None]


def test_the_last_holder_deactivated_blocks_and_alerts(session: Session) -> None:
    ids = submitted(session)
    for one in ("bj-reviewer", "reviewer"):
        deactivate_user(session, "admin", one, "left the company", NOW)
    assert session.get_one(Document, ids[0]).waiting_code == "BLOCKED"
    alerts = session.execute(
        sa.text("SELECT code FROM alert WHERE subject_id = :id"), {"id": str(ids[0])}
    )
    assert alerts.scalars().all() == ["APPROVAL_BLOCKED"]
    assert approve(session, "reviewer", ids) == ["STEP_UNKNOWN"]


@pytest.mark.parametrize(
    ("actor", "user", "reason", "code"),
    [
        ("treasurer", "reviewer", "left", "NOT_PERMITTED"),
        ("admin", "admin", "left", "SELF_GRANT"),
        ("admin", "reviewer", " ", "REASON_MISSING"),
        ("admin", "nobody", "left", "USER_UNKNOWN"),
    ],
)
def test_who_deactivates_is_another_administrator_with_a_reason(
    session: Session, actor: str, user: str, reason: str, code: str
) -> None:
    with pytest.raises(SluiceError, match=code):
        deactivate_user(session, actor, user, reason, NOW)


def test_roles_are_changed_by_an_administrator_and_never_ones_own(session: Session) -> None:
    with pytest.raises(SluiceError, match="NOT_PERMITTED"):
        grant_role(session, "treasurer", "maker", "reviewer", "GROUP", NOW)
    with pytest.raises(SluiceError, match="SELF_GRANT"):
        grant_role(session, "admin", "admin", "audit", "GROUP", NOW)


def test_every_verdict_is_in_the_audit_log(session: Session) -> None:
    ids = submitted(session)
    approve(session, "bj-reviewer", ids)
    rows = session.execute(
        sa.text("SELECT actor, action, subject_id FROM audit_entry WHERE action LIKE 'approval%'")
    )
    assert [tuple(r) for r in rows] == [("bj-reviewer", "approval.approve", str(ids[0]))]


def _insert(session: Session, one: int, user: str, hashed: str | None = None) -> None:
    session.execute(
        sa.text("""
            INSERT INTO approval_verdict
              (org_id, request_id, step_id, user_id, verdict, content_hash, at)
            SELECT s.org_id, r.id, s.id, :user, 'approve', coalesce(:hash, r.content_hash), now()
            FROM approval_request r JOIN approval_step s ON s.request_id = r.id
            WHERE r.subject_id = :one AND s.state = 'OPEN'"""),
        {"one": one, "user": user, "hash": hashed},
    )


@pytest.mark.parametrize(
    ("maker", "account", "user", "hashed", "why"),
    [
        ("bj-reviewer", "1", "bj-reviewer", None, "four_eyes_maker"),
        ("claims", "6222 00007777", "bj-reviewer", None, "four_eyes_beneficiary"),
        ("claims", "1", "bj-reviewer", "other", "approval_content_hash"),
    ],
)
def test_the_database_itself_holds_four_eyes(
    session: Session, maker: str, account: str, user: str, hashed: str | None, why: str
) -> None:
    [one] = submitted(session, maker=maker, account=account)
    with pytest.raises(DBAPIError) as refused:
        _insert(session, one, user, hashed)
    assert constraint(refused.value) == why


def test_the_database_refuses_a_second_verdict_of_one_person(session: Session) -> None:
    ids = submitted(session, roles=("reviewer", "finance_manager"))
    approve(session, "bj-reviewer", ids)
    with pytest.raises(DBAPIError) as refused:
        _insert(session, ids[0], "bj-reviewer")
    assert constraint(refused.value) == "four_eyes_earlier_approver"


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("UPDATE approval_step SET state = 'APPROVED'", "approval_step_verdict"),
        ("UPDATE approval_request SET state = 'APPROVED'", "approval_request_complete"),
        ("UPDATE approval_request SET content_hash = 'x'", "append_only"),
        ("DELETE FROM approval_step", "append_only"),
    ],
)
def test_the_database_lets_nobody_skip_a_step(session: Session, sql: str, why: str) -> None:
    submitted(session)
    with pytest.raises(DBAPIError) as refused:
        session.execute(sa.text(sql))
    assert constraint(refused.value) == why


USERS = ["claims", "maker", "bj-maker", "bj-reviewer", "bj-manager", "reviewer", "manager"]
USERS += ["treasurer", "cfo", "cashier", "auditor", "admin"]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    maker=st.sampled_from(USERS),
    account=st.sampled_from(["6222021001", "622200007777"]),
    roles=st.permutations(["reviewer", "finance_manager", "treasurer", "cfo"]).map(lambda r: r[:3]),
    tries=st.lists(st.sampled_from(USERS), max_size=12),
)
def test_whoever_tries_in_whatever_order_four_eyes_hold(
    shared: Session, maker: str, account: str, roles: list[str], tries: list[str]
) -> None:
    """I6: payable only after as many different persons as steps, none of them maker or payee."""
    ids = submitted(shared, roles=roles, maker=maker, account=account)
    for user in tries:
        approve(shared, user, ids)
    [view] = desk.rounds_of(shared, ids[0])
    people = [s.verdict.user_id for s in view.steps if s.verdict is not None]
    assert len(set(people)) == len(people)
    assert maker not in people
    assert account != "622200007777" or "bj-reviewer" not in people
    assert not {"cashier", "auditor", "admin", "claims"} & set(people)
    payable = state_of(shared, ids[0]) == "UNPAID"
    assert payable == (len(people) == 3)
    assert desk.approved_hash_matches(shared, ids) == {ids[0]: payable}
    shared.rollback()
