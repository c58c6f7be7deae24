"""Roles held for some kinds of rulesets: granted, widened, narrowed, written down."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import get_args

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from engine.base.text import SluiceError
from engine.rules.registry import all_kinds
from engine.treasury.accounts.group import load_group
from engine.treasury.approvals.people import grant_role, revoke_role
from engine.treasury.organisations.errors import NotPermitted
from engine.treasury.organisations.grants import (
    can,
    grant,
    held,
    require,
    revoke,
    visible_orgs,
)
from engine.treasury.organisations.permissions import (
    PERMISSIONS,
    Permission,
    RulePermission,
)
from engine.treasury.organisations.rule_grants import (
    require_every_kind,
    require_rule,
    require_some_kind,
    rule_reach,
)
from engine.treasury.organisations.tree import descendants
from tests.treasury_intake.support import GROUP, build_group

NOW = dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC)
ORGS = ("GROUP", "BJ", "BJ01", "SH", "AG")


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


def kinds_of(session: Session, user: str, role: str, org: str) -> list[str] | None:
    found = held(session, user, role, org)
    assert found is not None
    return found.kinds


def test_every_permission_is_of_organisations_or_of_kinds_too() -> None:
    known = set(get_args(Permission)) | set(get_args(RulePermission))
    assert known == set().union(*PERMISSIONS.values())


def test_kinds_come_to_those_held_and_every_kind_stays_every_kind(session: Session) -> None:
    grant(session, "maker", "audit", "BJ", ["routing"])
    grant(session, "maker", "audit", "BJ", ["approval", "routing"])
    assert kinds_of(session, "maker", "audit", "BJ") == ["approval", "routing"]
    grant(session, "maker", "audit", "BJ")
    assert kinds_of(session, "maker", "audit", "BJ") is None
    grant(session, "maker", "audit", "BJ", ["sweep"])
    assert kinds_of(session, "maker", "audit", "BJ") is None


def test_kinds_are_taken_away_one_by_one_and_the_role_with_the_last(session: Session) -> None:
    grant(session, "maker", "audit", "BJ", ["routing", "approval"])
    assert revoke(session, "maker", "audit", "BJ", ["routing", "sweep"])
    assert kinds_of(session, "maker", "audit", "BJ") == ["approval"]
    assert not revoke(session, "maker", "audit", "BJ", ["sweep"])
    assert revoke(session, "maker", "audit", "BJ", ["approval"])
    assert held(session, "maker", "audit", "BJ") is None


@pytest.mark.parametrize(
    ("role", "kinds", "code"),
    [
        ("audit", ["aproval"], "KIND_UNKNOWN"),
        ("audit", [], "KINDS_EMPTY"),
        ("cashier", ["approval"], "ROLE_WITHOUT_RULES"),
    ],
)
def test_a_limit_that_means_nothing_is_refused(
    session: Session, role: str, kinds: Sequence[str], code: str
) -> None:
    with pytest.raises(SluiceError) as refused:
        grant(session, "auditor", role, "BJ", kinds)
    assert refused.value.code == code


def test_some_kinds_of_a_role_held_for_all_are_not_taken_away(session: Session) -> None:
    with pytest.raises(SluiceError) as refused:
        revoke(session, "auditor", "audit", "GROUP", ["approval"])
    assert refused.value.code == "GRANT_UNLIMITED"


def test_the_limit_touches_nothing_but_rulesets(session: Session) -> None:
    grant(session, "bj-reviewer", "reviewer", "SH", ["sweep"])
    assert can(session, "bj-reviewer", "approvals.decide", "SH")
    assert "SH" in visible_orgs(session, "bj-reviewer", "documents.read")
    reach = rule_reach(session, "bj-reviewer", "rulesets.read")
    assert (reach.has("SH", "sweep"), reach.has("SH", "approval")) == (True, False)
    assert reach.has("BJ", "approval")


def test_asking_without_the_kind_is_a_mistake_of_the_program(session: Session) -> None:
    with pytest.raises(ValueError, match="rule_grants"):
        require(session, "auditor", "rulesets.read", "GROUP")  # type: ignore[arg-type]


def test_a_refusal_names_the_kind_in_both_languages(session: Session) -> None:
    grant(session, "maker", "audit", "BJ", ["routing"])
    require_rule(session, "maker", "rulesets.read", "BJ01", "routing")
    with pytest.raises(NotPermitted) as refused:
        require_rule(session, "maker", "rulesets.read", "BJ01", "approval")
    assert "(approval)" in refused.value.text.en
    assert "(approval)规则集" in refused.value.text.zh
    require_some_kind(session, "maker", "rulesets.read", "BJ")
    with pytest.raises(NotPermitted):
        require_every_kind(session, "maker", "rulesets.read", "BJ")
    require_every_kind(session, "auditor", "rulesets.read", "BJ")


def test_granting_and_revoking_kinds_is_written_down(session: Session) -> None:
    grant_role(session, "admin", "maker", "audit", "BJ", NOW, kinds=["routing"])
    grant_role(session, "admin", "maker", "audit", "BJ", NOW, kinds=["sweep"])
    revoke_role(session, "admin", "maker", "audit", "BJ", NOW, kinds=["routing"])
    revoke_role(session, "admin", "maker", "audit", "BJ", NOW)
    log = session.execute(
        sa.text(
            "SELECT action, before -> 'kinds', after -> 'kinds' FROM audit_entry "
            "WHERE subject_id = 'maker' ORDER BY id"
        )
    ).all()
    assert [tuple(one) for one in log] == [
        ("role.grant", None, ["routing"]),
        ("role.grant", ["routing"], ["routing", "sweep"]),
        ("role.revoke", ["routing", "sweep"], ["sweep"]),
        ("role.revoke", ["sweep"], None),
    ]


def test_a_group_file_limits_roles_and_may_be_loaded_again(session: Session) -> None:
    line = (
        "  - {id: limited, org: BJ, name: l, roles: [{role: analyst, kinds: [approval, routing]}]}"
    )
    text = GROUP.replace("users:", f"users:\n{line}")
    assert load_group(session, text).users == 1
    assert load_group(session, text).users == 0
    assert kinds_of(session, "limited", "analyst", "BJ") == ["approval", "routing"]
    with pytest.raises(SluiceError) as refused:
        load_group(session, text.replace("[approval, routing]", "[aproval]"))
    assert "aproval" in refused.value.text.en


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    grants=st.lists(
        st.tuples(
            st.sampled_from(["analyst", "treasurer", "cfo", "operator", "audit", "cashier"]),
            st.sampled_from(ORGS),
            st.one_of(st.none(), st.sets(st.sampled_from(["approval", "routing", "sweep"]))),
        ),
        max_size=5,
    ),
    permission=st.sampled_from(get_args(RulePermission)),
)
def test_a_user_reaches_exactly_the_kinds_and_subtrees_granted(
    shared: Session,
    grants: list[tuple[str, str, set[str] | None]],
    permission: RulePermission,
) -> None:
    """I21 for rulesets: the reach is the union of what each grant gives."""
    revoke(shared, "auditor", "audit", "GROUP")
    expected: set[tuple[str, str]] = set()
    for role, org, kinds in grants:
        with suppress(SluiceError):
            grant(shared, "auditor", role, org, kinds)
            if permission in PERMISSIONS[role]:
                of = all_kinds() if kinds is None else kinds
                expected |= {(one, kind) for one in descendants(shared, org) for kind in of}
    reach = rule_reach(shared, "auditor", permission)
    found = {(org, kind) for org in ORGS for kind in all_kinds() if reach.has(org, kind)}
    assert found == {one for one in expected if one[0] in ORGS}
    assert {(org, kind) for kind in all_kinds() for org in reach.of(kind)} == expected
    shared.rollback()
