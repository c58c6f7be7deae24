"""The tree, roles and permissions, sign-in, the group file, accounts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import suppress
from typing import get_args

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, select

from engine.base.text import SluiceError
from engine.runtime.db import constraint
from engine.treasury.accounts import book
from engine.treasury.accounts.barriers import refusal
from engine.treasury.accounts.group import load_group
from engine.treasury.accounts.models import BankAccount
from engine.treasury.organisations import signin
from engine.treasury.organisations.grants import (
    can,
    grant,
    holders,
    revoke,
    visible_orgs,
)
from engine.treasury.organisations.permissions import (
    CONFLICTS,
    PERMISSIONS,
    Permission,
    conflicting_roles,
)
from engine.treasury.organisations.tree import descendants, path_of
from tests.treasury_intake.support import GROUP, build_group

NOW = dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC)


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


def test_a_path_goes_from_root_to_leaf_and_descendants_follow_their_parents(
    session: Session,
) -> None:
    assert path_of(session, "BJ01") == ("GROUP", "BJ", "BJ01")
    assert descendants(session, "BJ") == ["BJ", "BJ01"]


def test_a_wrong_path_or_a_second_root_is_refused_by_the_database(session: Session) -> None:
    for values in (
        "('X1', 'BJ', 'sub_branch', 'a', 'a', 'INS', 'GROUP/X1')",
        "('X2', NULL, 'head_office', 'a', 'a', 'INS', 'X2')",
    ):
        with pytest.raises(DBAPIError), session.begin_nested():
            session.execute(sa.text(f"INSERT INTO organisation VALUES {values}"))


def test_loading_the_same_group_again_changes_nothing(session: Session) -> None:
    again = load_group(session, GROUP)
    assert (again.organisations, again.users, again.accounts) == (0, 0, 0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "organisations: 3",
        "a: &x 1",
        GROUP.replace("level: branch", "level: galaxy"),
        GROUP.replace("roles:", "rolls:"),
    ],
)
def test_a_wrong_group_file_is_refused_with_a_place(session: Session, text: str) -> None:
    with pytest.raises(SluiceError) as refused:
        load_group(session, text)
    assert refused.value.code == "GROUP_FILE"
    assert refused.value.text.zh


def test_a_grant_holds_for_the_subtree_only(session: Session) -> None:
    assert can(session, "bj-maker", "documents.import", "BJ01")
    assert not can(session, "bj-maker", "documents.import", "SH")
    assert not can(session, "bj-maker", "approvals.decide", "BJ")
    assert visible_orgs(session, "bj-maker", "documents.read") == {"BJ", "BJ01"}


def test_a_locked_out_user_may_nothing(session: Session) -> None:
    signin.deactivate(session, "bj-maker")
    assert not can(session, "bj-maker", "documents.read", "BJ")
    assert visible_orgs(session, "bj-maker", "documents.read") == frozenset()


def test_holders_are_found_upwards_the_nearest_first(session: Session) -> None:
    found = [(one.org_id, one.users) for one in holders(session, "reviewer", "BJ01")]
    assert found == [("BJ", ("bj-reviewer",)), ("GROUP", ("reviewer",))]
    [far] = holders(session, "treasurer", "BJ01")
    assert far.org_id == "GROUP"
    assert holders(session, "audit_committee", "BJ01") == []


@pytest.mark.parametrize(
    ("user", "role"),
    [
        ("cashier", "reviewer"),
        ("cashier", "cfo"),
        ("treasurer", "cashier"),
        ("admin", "treasurer"),
        ("treasurer", "analyst"),
        ("cashier", "accountant"),
        ("maker", "admin"),
    ],
)
def test_conflicting_duties_are_refused_on_one_person_wherever_granted(
    session: Session, user: str, role: str
) -> None:
    with pytest.raises(SluiceError, match="ROLE_CONFLICT"):
        grant(session, user, role, "SH")


def test_a_cashier_can_hold_no_role_that_approves() -> None:
    approving = {role for role, allowed in PERMISSIONS.items() if "approvals.decide" in allowed}
    pairs = {frozenset(pair) for pair in conflicting_roles()}
    assert all(frozenset({"cashier", role}) in pairs for role in approving)


def test_no_role_conflicts_with_itself() -> None:
    assert not [
        (role, pair)
        for role, allowed in PERMISSIONS.items()
        for pair in CONFLICTS
        if pair <= allowed
    ]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    grants=st.lists(
        st.tuples(
            st.sampled_from(sorted(PERMISSIONS)),
            st.sampled_from(["GROUP", "BJ", "BJ01", "SH", "AG"]),
        ),
        max_size=4,
    ),
    permission=st.sampled_from(get_args(Permission)),
)
def test_a_user_sees_exactly_the_subtrees_granted(
    shared: Session, grants: list[tuple[str, str]], permission: Permission
) -> None:
    """I21: `can` and `visible_orgs` agree with each other and with the tree."""
    revoke(shared, "auditor", "audit", "GROUP")
    held: list[tuple[str, str]] = []
    for role, org in grants:
        with suppress(SluiceError):
            grant(shared, "auditor", role, org)
            held.append((role, org))
    expected = {
        one
        for role, org in held
        if permission in PERMISSIONS[role]
        for one in descendants(shared, org)
    }
    assert visible_orgs(shared, "auditor", permission) == expected
    for org in ("GROUP", "BJ", "BJ01", "SH", "AG"):
        assert can(shared, "auditor", permission, org) == (org in expected)
    shared.rollback()


def test_a_session_begins_with_the_right_password_and_ends(session: Session) -> None:
    signed = signin.sign_in(session, "maker", "demo-maker-1", NOW)
    visitor = signin.visitor_of_session(session, signed.token, NOW)
    assert visitor is not None
    assert visitor.user_id == "maker"
    assert signin.csrf_matches(visitor, signed.csrf_token)
    assert not signin.csrf_matches(visitor, "other")
    assert signin.visitor_of_session(session, signed.token, NOW + signin.SESSION_LENGTH) is None
    signin.sign_out(session, signed.token)
    assert signin.visitor_of_session(session, signed.token, NOW) is None


@pytest.mark.parametrize(
    ("user", "password"), [("maker", "wrong"), ("nobody", "x"), ("claims", "x")]
)
def test_a_failed_sign_in_does_not_say_why(session: Session, user: str, password: str) -> None:
    with pytest.raises(SluiceError, match="SIGN_IN_FAILED"):
        signin.sign_in(session, user, password, NOW)


def test_neither_passwords_nor_tokens_are_kept(session: Session) -> None:
    signed = signin.sign_in(session, "maker", "demo-maker-1", NOW)
    kept = session.execute(
        sa.text(
            "SELECT string_agg(t, ' ') FROM (SELECT user_session::text t FROM user_session "
            "UNION ALL SELECT user_account::text FROM user_account) x"
        )
    ).scalar_one()
    assert signed.token not in kept
    assert "demo-maker-1" not in kept
    assert "claims-token" not in kept


def test_a_technical_user_signs_in_by_token_only(session: Session) -> None:
    visitor = signin.visitor_of_token(session, "claims-token-0123456789")
    assert visitor is not None
    assert (visitor.user_id, visitor.csrf_token) == ("claims", None)
    fresh = signin.issue_token(session, "claims")
    assert signin.visitor_of_token(session, "claims-token-0123456789") is None
    assert signin.visitor_of_token(session, fresh) is not None
    with pytest.raises(SluiceError, match="PASSWORD_TECHNICAL"):
        signin.set_password(session, "claims", "long enough")


def _account(session: Session, nature: str) -> BankAccount:
    found = session.exec(
        select(BankAccount).where(BankAccount.nature == nature).order_by(col(BankAccount.id))
    ).first()
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("nature", "pay", "collect"),
    [("disbursement", None, "NATURE_BARRED"), ("collection", "NATURE_BARRED", None)],
)
def test_collection_accounts_receive_and_disbursement_accounts_pay(
    session: Session, nature: str, pay: str | None, collect: str | None
) -> None:
    account = _account(session, nature)
    found = [refusal(account, "pay"), refusal(account, "collect")]
    assert [error.code if error else None for error in found] == [pay, collect]


@pytest.mark.parametrize("nature", ["guarantee_deposit", "special_purpose", "separate"])
def test_protected_accounts_take_no_part(session: Session, nature: str) -> None:
    account = book.create(
        session,
        book.AccountDraft(
            "BJ", "bank_a", f"1{nature[:3]}", "x", "CNY", nature, "901100000001", "1"
        ),
    )
    for direction in ("pay", "collect"):
        error = refusal(account, direction)
        assert error is not None
        assert error.code == "NATURE_BARRED"


def test_a_frozen_account_does_nothing_until_unfrozen_and_a_closed_one_never_again(
    session: Session,
) -> None:
    account = _account(session, "disbursement")
    book.set_state(session, account.id or 0, "frozen", actor="t", reason="court order", now=NOW)
    error = refusal(account, "pay")
    assert error is not None
    assert error.code == "ACCOUNT_FROZEN"
    book.set_state(session, account.id or 0, "active", actor="t", reason="lifted", now=NOW)
    assert refusal(account, "pay") is None
    book.set_state(session, account.id or 0, "closed", actor="t", reason="merged", now=NOW)
    with pytest.raises(SluiceError, match="ACCOUNT_CLOSED"):
        book.set_state(session, account.id or 0, "active", actor="t", reason="x", now=NOW)
    with pytest.raises(DBAPIError) as refused:
        session.execute(sa.text("UPDATE bank_account SET state = 'active'"))
    assert constraint(refused.value) == "bank_account_closed"


def test_balances_are_appended_and_the_newest_counts(session: Session) -> None:
    account = _account(session, "disbursement").id or 0
    for hours, booked in ((1, 100), (3, 300), (2, 200)):
        book.record_balance(
            session,
            account,
            as_of=NOW + dt.timedelta(hours=hours),
            booked=booked,
            available=booked,
            source="statement",
        )
    assert book.latest_balances(session, [account])[account].bank_booked == 300
    with pytest.raises(DBAPIError):
        session.execute(sa.text("UPDATE account_balance SET bank_booked = 1"))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.integers(-(10**12), 10**12), min_size=5, max_size=5))
def test_a_parents_position_is_its_own_accounts_and_its_childrens_positions(
    shared: Session, amounts: list[int]
) -> None:
    accounts = shared.exec(select(BankAccount).order_by(col(BankAccount.id))).all()
    for account, amount in zip(accounts, amounts, strict=True):
        book.record_balance(
            shared, account.id or 0, as_of=NOW, booked=amount, available=amount, source="manual"
        )
    found = {p.org_id: p for p in book.positions(shared, "treasurer")}
    children = {"GROUP": ["BJ", "SH"], "BJ": [], "SH": []}
    for org, below in children.items():
        assert found[org].booked == found[org].own_booked + sum(found[c].booked for c in below)
    assert found["GROUP"].booked == sum(amounts)
    shared.rollback()


def test_accounts_are_found_only_within_what_the_user_may_see(session: Session) -> None:
    assert {a.org_id for a in book.find(session, "bj-maker")} == {"BJ"}
    assert [a.number for a in book.find(session, "maker", nature="collection", org_id="SH")] == [
        "6100000003"
    ]
