"""Standing in for another: what it gives and what not, who gives it, how it ends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from engine.base.text import SluiceError
from engine.runtime.db import constraint
from engine.treasury.alerts import board
from engine.treasury.approvals import desk
from engine.treasury.approvals.people import revoke_role
from engine.treasury.delegations import course
from engine.treasury.delegations.giving import Terms, come_back, confirm, revoke
from engine.treasury.documents.models import Document
from engine.treasury.organisations import signin
from engine.treasury.organisations.grants import grant
from tests.approval.support import NOW, open_steps, submitted
from tests.delegations.support import DAY, approve, given, persons, terms

MANAGER = ("finance_manager",)


@pytest.fixture
def session(group: sa.Engine) -> Iterator[Session]:
    """A session with the test group; what a test writes is rolled back."""
    with Session(group, expire_on_commit=False) as made:
        yield made
        made.rollback()


def test_a_stand_in_approves_and_both_persons_are_kept(session: Session) -> None:
    one = given(session)
    ids = submitted(session, roles=MANAGER)
    assert approve(session, "bj-reviewer", ids) == [None]
    [view] = desk.rounds_of(session, ids[0])
    [step] = view.steps
    assert step.verdict is not None
    assert (step.verdict.user_id, step.verdict.on_behalf_of, step.verdict.delegation_id) == (
        "bj-reviewer",
        "bj-manager",
        one.id,
    )
    said = session.execute(
        sa.text("SELECT after FROM audit_entry WHERE action = 'approval.approve'")
    ).scalar_one()
    assert (said["on_behalf_of"], said["delegation"]) == ("bj-manager", one.id)


def test_the_worklist_says_for_whom(session: Session) -> None:
    given(session)
    submitted(session)
    submitted(session, roles=MANAGER)
    [group] = desk.worklist(session, "bj-reviewer", NOW)
    assert [one.right.on_behalf_of for one in group.items] == [None, "bj-manager"]


def test_what_one_holds_himself_he_decides_in_his_own_place(session: Session) -> None:
    given(session)
    grant(session, "bj-manager", "reviewer", "BJ")
    ids = submitted(session)
    approve(session, "bj-reviewer", ids)
    assert persons(session, ids[0]) == [("bj-reviewer", None)]


def test_a_stand_in_may_reject(session: Session) -> None:
    given(session)
    ids = submitted(session, roles=MANAGER)
    desk.decide(session, "bj-reviewer", open_steps(session, ids), "reject", "no invoice", NOW)
    assert session.get_one(Document, ids[0]).state == "REJECTED"
    assert persons(session, ids[0]) == [("bj-reviewer", "bj-manager")]


def test_bulk_approval_takes_own_and_others_steps_together(session: Session) -> None:
    given(session, terms(caps={"CNY": 100}))
    own, others = submitted(session, 2), submitted(session, 2, roles=MANAGER)
    foreign = submitted(session, 1, roles=("treasurer",))
    codes = approve(session, "bj-reviewer", [*own, *others, *foreign])
    assert codes == [None, None, None, None, "NOT_THE_APPROVER"]


@pytest.mark.parametrize(
    ("wanted", "covered"),
    [
        (terms(), True),
        (terms(caps={"CNY": 100}), True),
        (terms(caps={"CNY": 99}), False),
        (terms(caps={"USD": 1_000_000}), False),
        (terms(roles=["finance_manager"]), True),
        (terms(org_id="BJ01"), True),
        (terms(first=1), False),
        (terms(last=0), True),
        (terms(categories=["claim"]), True),
        (terms(categories=["refund"]), False),
    ],
)
def test_scope_dates_kinds_and_cap(session: Session, wanted: Terms, covered: bool) -> None:
    given(session, wanted)
    ids = submitted(session, roles=MANAGER, category="claim")
    assert approve(session, "bj-reviewer", ids) == [None if covered else "NOT_THE_APPROVER"]


def test_a_role_that_is_not_named_is_not_given(session: Session) -> None:
    grant(session, "bj-manager", "cfo", "BJ")
    given(session, terms(roles=["cfo"]))
    assert approve(session, "bj-reviewer", submitted(session, roles=MANAGER)) == [
        "NOT_THE_APPROVER"
    ]
    assert approve(session, "bj-reviewer", submitted(session, roles=("cfo",))) == [None]


def test_both_dates_count_and_they_are_dates_in_shanghai(session: Session) -> None:
    given(session, terms(last=1))
    first, second = submitted(session, roles=MANAGER), submitted(session, roles=MANAGER)
    last_minute = dt.datetime(2026, 11, 24, 15, 59, tzinfo=dt.UTC)
    assert approve(session, "bj-reviewer", first, last_minute) == [None]
    midnight = dt.datetime(2026, 11, 24, 16, 0, tzinfo=dt.UTC)
    assert approve(session, "bj-reviewer", second, midnight) == ["NOT_THE_APPROVER"]


@pytest.mark.parametrize("gone", ["role", "principal", "delegate", "his own role"])
def test_it_gives_nothing_when_either_is_no_approver_any_more(session: Session, gone: str) -> None:
    given(session)
    ids = submitted(session, roles=MANAGER)
    if gone == "role":
        revoke_role(session, "admin", "bj-manager", "finance_manager", "BJ", NOW)
    elif gone == "his own role":
        revoke_role(session, "admin", "bj-reviewer", "reviewer", "BJ", NOW)
    else:
        signin.deactivate(session, "bj-manager" if gone == "principal" else "bj-reviewer")
    assert approve(session, "bj-reviewer", ids) == ["NOT_THE_APPROVER"]
    assert desk.worklist(session, "bj-reviewer", NOW) == []


@pytest.mark.parametrize(
    ("maker", "account", "code"),
    [
        ("bj-reviewer", "1", "FOUR_EYES_MAKER"),
        ("bj-manager", "1", "NOT_THE_APPROVER"),
        ("claims", "622200007777", "FOUR_EYES_BENEFICIARY"),
    ],
)
def test_duties_are_judged_by_the_person(
    session: Session, maker: str, account: str, code: str
) -> None:
    # Two hold the role here, so that the step waits at Beijing though one of them made it.
    grant(session, "bj-reviewer", "cfo", "BJ")
    given(session)
    ids = submitted(session, roles=MANAGER, maker=maker, account=account)
    assert approve(session, "bj-reviewer", ids) == [code]


def test_who_stands_in_for_the_maker_is_told_so(session: Session) -> None:
    given(session)
    grant(session, "sh-reviewer", "finance_manager", "BJ")
    ids = submitted(session, roles=MANAGER, maker="bj-manager")
    assert approve(session, "bj-reviewer", ids) == ["FOUR_EYES_PRINCIPAL"]
    assert approve(session, "sh-reviewer", ids) == [None]


def test_an_approver_of_one_step_does_not_decide_another_for_somebody(session: Session) -> None:
    given(session)
    ids = submitted(session, roles=("reviewer", "finance_manager"))
    assert approve(session, "bj-reviewer", ids) == [None]
    assert approve(session, "bj-reviewer", ids) == ["FOUR_EYES_EARLIER"]
    assert approve(session, "bj-manager", ids) == [None]


def test_a_principal_and_his_stand_in_count_as_one(session: Session) -> None:
    given(session)
    grant(session, "bj-manager", "cfo", "BJ")
    ids = submitted(session, roles=("finance_manager", "cfo"))
    assert approve(session, "bj-reviewer", ids) == [None]
    assert approve(session, "bj-manager", ids) == ["FOUR_EYES_EARLIER"]
    # The next holder upwards has the second step.
    assert approve(session, "cfo", ids) == [None]


def test_two_stand_ins_of_one_person_do_not_both_approve(session: Session) -> None:
    grant(session, "bj-manager", "treasurer", "BJ")
    grant(session, "sh-reviewer", "treasurer", "BJ")
    given(session)
    given(session, terms(delegate="reviewer"))
    ids = submitted(session, roles=("finance_manager", "treasurer"))
    assert approve(session, "bj-reviewer", ids) == [None]
    assert approve(session, "reviewer", ids) == ["FOUR_EYES_PRINCIPAL"]


def test_nothing_is_passed_on(session: Session) -> None:
    grant(session, "manager", "reviewer", "BJ")
    given(session)
    given(session, terms("bj-reviewer", "manager"))
    ids = submitted(session, roles=MANAGER)
    assert approve(session, "manager", ids) == ["NOT_THE_APPROVER"]
    with pytest.raises(SluiceError, match="NOTHING_TO_DELEGATE"):
        given(session, terms("bj-reviewer", "manager", roles=["finance_manager"]))


@pytest.mark.parametrize(
    ("wanted", "by", "code"),
    [
        (terms("bj-manager", "bj-manager"), "bj-manager", "DELEGATION_TO_ONESELF"),
        (terms(first=3, last=2), "bj-manager", "DELEGATION_DATES"),
        (terms(first=-1), "bj-manager", "DELEGATION_DATES"),
        (terms(away=3), "bj-manager", "DELEGATION_DATES"),
        (terms(caps={"CNY": 0}), "bj-manager", "DELEGATION_CAP"),
        (terms(roles=["cfo"]), "bj-manager", "NOTHING_TO_DELEGATE"),
        (terms(delegate="maker"), "bj-manager", "DELEGATE_NO_APPROVER"),
        (terms(delegate="cashier"), "bj-manager", "DELEGATE_NO_APPROVER"),
        (terms(delegate="sh-reviewer"), "bj-manager", "DELEGATE_NO_APPROVER"),
        (terms(org_id="GROUP"), "bj-manager", "NOT_PERMITTED"),
        (terms(), "treasurer", "NOT_PERMITTED"),
        (terms(), "bj-reviewer", "NOT_PERMITTED"),
        (terms("maker", "cfo"), "maker", "NOT_PERMITTED"),
        (terms("maker", "bj-manager"), "admin", "NOTHING_TO_DELEGATE"),
        (terms("nobody", "bj-manager"), "admin", "USER_UNKNOWN"),
    ],
)
def test_what_cannot_be_given(session: Session, wanted: Terms, by: str, code: str) -> None:
    with pytest.raises(SluiceError, match=code):
        given(session, wanted, by)


def test_what_an_administrator_gives_waits_for_a_second_person(session: Session) -> None:
    one = given(session, by="admin").id or 0
    ids = submitted(session, roles=MANAGER)
    assert approve(session, "bj-reviewer", ids) == ["NOT_THE_APPROVER"]
    with pytest.raises(SluiceError, match="FOUR_EYES_DELEGATION"):
        confirm(session, "admin", one, NOW)
    with pytest.raises(SluiceError, match="NOT_PERMITTED"):
        confirm(session, "bj-reviewer", one, NOW)
    confirm(session, "auditor", one, NOW)
    with pytest.raises(SluiceError, match="DELEGATION_NOT_WAITING"):
        confirm(session, "auditor", one, NOW)
    assert approve(session, "bj-reviewer", ids) == [None]


def test_the_principal_himself_may_be_the_second_person(session: Session) -> None:
    confirm(session, "bj-manager", given(session, by="admin").id or 0, NOW)
    assert approve(session, "bj-reviewer", submitted(session, roles=MANAGER)) == [None]


def test_it_ends_by_its_principal_or_an_administrator_with_a_reason(session: Session) -> None:
    first, second = given(session).id or 0, given(session).id or 0
    with pytest.raises(SluiceError, match="NOT_PERMITTED"):
        revoke(session, "bj-reviewer", first, "tired", NOW)
    with pytest.raises(SluiceError, match="REASON_MISSING"):
        revoke(session, "admin", first, " ", NOW)
    revoke(session, "admin", first, "left the branch", NOW)
    revoke(session, "bj-manager", second, "", NOW)
    with pytest.raises(SluiceError, match="DELEGATION_OVER"):
        revoke(session, "bj-manager", second, "", NOW)
    ids = submitted(session, roles=MANAGER)
    assert approve(session, "bj-reviewer", ids) == ["NOT_THE_APPROVER"]


def test_what_was_revoked_is_not_confirmed(session: Session) -> None:
    one = given(session, by="admin").id or 0
    revoke(session, "bj-manager", one, "", NOW)
    with pytest.raises(SluiceError, match="DELEGATION_OVER"):
        confirm(session, "auditor", one, NOW)


TREASURER = terms("treasurer", "cfo", org_id="GROUP", last=2, away=9)


def _blocked(session: Session, one: int) -> bool:
    session.expire_all()
    return session.get_one(Document, one).waiting_code == "BLOCKED"


def _alerts(session: Session, one: int) -> list[tuple[str, str]]:
    return [(a.code, a.state) for a in board.of_subject(session, "document", str(one))]


def test_when_the_stand_in_of_who_is_away_runs_out_the_step_blocks_with_an_alert(
    session: Session,
) -> None:
    one = given(session, TREASURER)
    ids = submitted(session, roles=("treasurer",))
    course.settle(session, NOW + 2 * DAY)
    assert not _blocked(session, ids[0])
    course.settle(session, NOW + 3 * DAY)
    assert _blocked(session, ids[0])
    assert _alerts(session, ids[0]) == [("APPROVAL_BLOCKED", "open")]
    [ended] = board.of_subject(session, "delegation", str(one.id))
    assert ended.code == "DELEGATION_ENDED"
    assert "1 step(s) wait" in ended.message_en
    assert approve(session, "cfo", ids, NOW + 3 * DAY) == ["STEP_UNKNOWN"]
    # The absence ends by its date too.
    course.settle(session, NOW + 10 * DAY)
    assert not _blocked(session, ids[0])
    assert _alerts(session, ids[0]) == [("APPROVAL_BLOCKED", "resolved")]
    assert approve(session, "treasurer", ids, NOW + 10 * DAY) == [None]


def test_when_the_stand_in_of_who_is_away_is_revoked_the_step_blocks_with_an_alert(
    session: Session,
) -> None:
    one = given(session, TREASURER).id or 0
    ids = submitted(session, roles=("treasurer",))
    revoke(session, "admin", one, "the cfo left", NOW)
    assert _blocked(session, ids[0])
    assert _alerts(session, ids[0]) == [("APPROVAL_BLOCKED", "open")]
    assert board.of_subject(session, "delegation", str(one))[0].code == "DELEGATION_ENDED"
    given(session, terms("treasurer", "manager", org_id="GROUP"))
    desk.reassess(session, NOW)
    assert not _blocked(session, ids[0])
    assert approve(session, "manager", ids) == [None]


def test_who_is_away_with_a_cap_blocks_what_is_above_it(session: Session) -> None:
    given(session, terms("treasurer", "cfo", org_id="GROUP", caps={"CNY": 99}, away=9))
    ids = submitted(session, roles=("treasurer",))
    assert _blocked(session, ids[0])
    come_back(session, "treasurer", NOW)
    assert not _blocked(session, ids[0])
    assert approve(session, "treasurer", ids) == [None]
    with pytest.raises(SluiceError, match="NOT_AWAY"):
        come_back(session, "treasurer", NOW)


def test_a_stand_in_barred_by_four_eyes_is_nobody(session: Session) -> None:
    given(session, TREASURER)
    ids = submitted(session, roles=("treasurer",), maker="cfo")
    assert _blocked(session, ids[0])
    assert _alerts(session, ids[0]) == [("APPROVAL_BLOCKED", "open")]


def test_who_revokes_his_own_is_back(session: Session) -> None:
    one = given(session, TREASURER).id or 0
    ids = submitted(session, roles=("treasurer",))
    revoke(session, "treasurer", one, "", NOW)
    assert not _blocked(session, ids[0])
    assert approve(session, "treasurer", ids) == [None]


def test_an_absence_moves_steps_upwards_and_back(session: Session) -> None:
    one = given(session, terms(org_id="BJ", categories=["refund"], away=9)).id or 0
    ids = submitted(session, roles=MANAGER, category="claim")
    assert approve(session, "manager", submitted(session, roles=MANAGER)) == [None]
    revoke(session, "bj-manager", one, "", NOW)
    assert approve(session, "manager", ids) == ["NOT_THE_APPROVER"]
    assert approve(session, "bj-manager", ids) == [None]


def test_without_an_absence_the_end_only_tells(session: Session) -> None:
    one = given(session, terms("treasurer", "cfo", org_id="GROUP", last=0))
    ids = submitted(session, roles=("treasurer",))
    course.settle(session, NOW + DAY)
    course.settle(session, NOW + 2 * DAY)
    assert not _blocked(session, ids[0])
    assert len(board.of_subject(session, "delegation", str(one.id))) == 1
    kinds = session.execute(sa.text("SELECT kind, actor FROM delegation_event ORDER BY id"))
    assert [tuple(one) for one in kinds] == [("began", "system"), ("ended", "system")]


def test_nothing_is_told_of_an_end_when_nothing_waits(session: Session) -> None:
    one = given(session, terms(last=0))
    course.settle(session, NOW + DAY)
    assert board.of_subject(session, "delegation", str(one.id)) == []


def _insert(session: Session, one: int, user: str, principal: str, delegation: int) -> None:
    session.execute(
        sa.text("""
            INSERT INTO approval_verdict (org_id, request_id, step_id, user_id, on_behalf_of,
              delegation_id, verdict, content_hash, at)
            SELECT s.org_id, r.id, s.id, :user, :principal, :delegation, 'approve',
                   r.content_hash, :now
            FROM approval_request r JOIN approval_step s ON s.request_id = r.id
            WHERE r.subject_id = :one AND s.state = 'OPEN'"""),
        {
            "one": one,
            "user": user,
            "principal": principal,
            "delegation": delegation,
            "now": NOW,
        },
    )


@pytest.mark.parametrize(
    ("wanted", "user", "principal", "maker", "why"),
    [
        (terms(), "bj-reviewer", "bj-manager", "bj-manager", "four_eyes_maker"),
        (terms(), "bj-reviewer", "bj-manager", "bj-reviewer", "four_eyes_maker"),
        (terms(first=1), "bj-reviewer", "bj-manager", "claims", "verdict_by_delegation"),
        (terms(caps={"CNY": 99}), "bj-reviewer", "bj-manager", "claims", "verdict_by_delegation"),
        (terms(caps={"USD": 999}), "bj-reviewer", "bj-manager", "claims", "verdict_by_delegation"),
        (terms(categories=["x"]), "bj-reviewer", "bj-manager", "claims", "verdict_by_delegation"),
        (terms(), "reviewer", "bj-manager", "claims", "verdict_by_delegation"),
        (terms(), "bj-reviewer", "treasurer", "claims", "verdict_by_delegation"),
        (terms(), "bj-reviewer", "bj-reviewer", "claims", "verdict_by_delegation"),
        (terms("bj-reviewer", "manager"), "manager", "bj-reviewer", "claims",
         "verdict_by_delegation"),
    ],
)  # fmt: skip
def test_the_database_itself_refuses(
    session: Session, wanted: Terms, user: str, principal: str, maker: str, why: str
) -> None:
    grant(session, "sh-reviewer", "finance_manager", "BJ")
    one = given(session, wanted).id or 0
    [document] = submitted(session, roles=MANAGER, maker=maker)
    with pytest.raises(DBAPIError) as refused:
        _insert(session, document, user, principal, one)
    assert constraint(refused.value) == why


@pytest.mark.parametrize("ended", ["unconfirmed", "revoked"])
def test_the_database_knows_what_does_not_stand(session: Session, ended: str) -> None:
    one = given(session, by="admin" if ended == "unconfirmed" else None).id or 0
    if ended == "revoked":
        revoke(session, "bj-manager", one, "", NOW)
    [document] = submitted(session, roles=MANAGER)
    with pytest.raises(DBAPIError) as refused:
        _insert(session, document, "bj-reviewer", "bj-manager", one)
    assert constraint(refused.value) == "verdict_by_delegation"


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("UPDATE delegation SET valid_until = valid_until + 1", "append_only"),
        ("DELETE FROM delegation_event", "append_only"),
        ("DELETE FROM delegation", "append_only"),
        (
            "INSERT INTO delegation_event (org_id, delegation_id, kind, actor, at) "
            "SELECT org_id, id, 'confirmed', given_by, now() FROM delegation",
            "delegation_two_persons",
        ),
        (
            "INSERT INTO delegation_event (org_id, delegation_id, kind, actor, at) "
            "SELECT org_id, id, 'confirmed', delegate, now() FROM delegation",
            "delegation_two_persons",
        ),
        (
            "INSERT INTO delegation_event (org_id, delegation_id, kind, actor, at) "
            "SELECT org_id, id, 'revoked', given_by, now() FROM delegation",
            "delegation_revoked_by",
        ),
        (
            "INSERT INTO delegation_event (org_id, delegation_id, kind, actor, at) "
            "SELECT org_id, id, 'returned', delegate, now() FROM delegation",
            "delegation_returned_by",
        ),
        (
            "INSERT INTO delegation (org_id, principal, delegate, valid_from, valid_until, "
            "given_by, given_at, reason) SELECT org_id, principal, principal, valid_from, "
            "valid_until, 'admin', given_at, reason FROM delegation",
            "delegation_not_to_oneself",
        ),
        (
            "INSERT INTO delegation (org_id, principal, delegate, valid_from, valid_until, "
            "given_by, given_at, reason) SELECT org_id, principal, delegate, valid_until, "
            "valid_from, given_by, given_at, reason FROM delegation",
            "delegation_dates",
        ),
        (
            "INSERT INTO delegation (org_id, principal, delegate, valid_from, valid_until, "
            "given_by, given_at, reason) SELECT org_id, principal, delegate, valid_from - 1, "
            "valid_until, given_by, given_at, reason FROM delegation",
            "delegation_not_backdated",
        ),
    ],
)
def test_the_database_keeps_delegations_as_they_are(session: Session, sql: str, why: str) -> None:
    given(session)
    given(session, by="admin")
    with pytest.raises(DBAPIError) as refused:
        session.execute(sa.text(sql))
    assert constraint(refused.value) == why


def test_the_database_takes_no_other_step_of_either_person(session: Session) -> None:
    one = given(session).id or 0
    grant(session, "bj-manager", "cfo", "BJ")
    grant(session, "sh-reviewer", "cfo", "BJ")
    [document] = submitted(session, roles=("finance_manager", "cfo"))
    approve(session, "bj-reviewer", [document])
    for user in ("bj-manager", "bj-reviewer"):
        with pytest.raises(DBAPIError) as refused, session.begin_nested():
            session.execute(
                sa.text("""
                    INSERT INTO approval_verdict
                      (org_id, request_id, step_id, user_id, verdict, content_hash, at)
                    SELECT s.org_id, r.id, s.id, :user, 'approve', r.content_hash, now()
                    FROM approval_request r JOIN approval_step s ON s.request_id = r.id
                    WHERE r.subject_id = :one AND s.state = 'OPEN'"""),
                {"one": document, "user": user},
            )
        assert constraint(refused.value) == "four_eyes_earlier_approver"
    with pytest.raises(DBAPIError) as again:
        _insert(session, document, "cfo", "bj-manager", one)
    assert constraint(again.value) == "four_eyes_earlier_approver"
