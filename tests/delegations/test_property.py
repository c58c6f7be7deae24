"""Whatever persons, delegations, dates and documents: standing in never gives more than it may."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import permutations
from random import Random

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from engine.base.text import SluiceError
from engine.machines.approval.models import ApprovalVerdict
from engine.treasury.approvals import desk
from engine.treasury.approvals.people import revoke_role
from engine.treasury.delegations import course
from engine.treasury.delegations.giving import Terms, confirm, give, revoke
from engine.treasury.documents.models import Document
from engine.treasury.invariants import check_invariants
from engine.treasury.organisations.grants import grant
from engine.treasury.organisations.tree import descendants
from tests.approval.support import NOW, submitted
from tests.delegations.support import DAY, TODAY

HOLDS = {
    "bj-reviewer": {("reviewer", "BJ"), ("treasurer", "BJ")},
    "bj-manager": {("finance_manager", "BJ"), ("cfo", "BJ")},
    "sh-reviewer": {("reviewer", "SH")},
    "reviewer": {("reviewer", "GROUP"), ("treasurer", "GROUP")},
    "manager": {("finance_manager", "GROUP"), ("reviewer", "GROUP")},
    "treasurer": {("treasurer", "GROUP"), ("cfo", "GROUP")},
    "cfo": {("cfo", "GROUP"), ("finance_manager", "GROUP")},
}
PEOPLE = sorted(HOLDS)
ROLES = ["reviewer", "finance_manager", "treasurer", "cfo"]
CHIEFS = [(*pair, "GROUP") for pair in permutations(["manager", "treasurer", "cfo"], 2)]
BRANCH = [
    (*pair, org)
    for pair in (
        ("bj-manager", "bj-reviewer"),
        ("bj-reviewer", "bj-manager"),
        ("bj-manager", "cfo"),
        ("bj-reviewer", "manager"),
    )
    for org in ("BJ", "BJ01")
]
NO_APPROVER_THERE = [("bj-manager", "sh-reviewer", "BJ"), ("sh-reviewer", "bj-manager", "SH")]


def _terms(chance: Random) -> Terms:
    """Who gives what to whom: people who can, and some who cannot."""
    who = chance.choice([*CHIEFS, *BRANCH, *NO_APPROVER_THERE])
    first = TODAY + chance.choice([0, 0, 1]) * DAY
    last = first + chance.choice([0, 1, 2]) * DAY
    return Terms(
        *who,
        first,
        last,
        "leave",
        chance.choice([None, None, sorted(role for role, _ in HOLDS[who[0]])[:1], ["cfo"]]),
        chance.choice([None, None, ["claim"]]),
        chance.choice([None, None, {"CNY": 100}, {"CNY": 50, "USD": 150}]),
        chance.choice([None, last, last + DAY]),
    )


@dataclass(frozen=True)
class Paper:
    """A document that is submitted; `amount` in minor units."""

    roles: list[str]
    maker: str
    account: str
    kind: str
    amount: int
    currency: str
    org_id: str


def _paper(chance: Random, principals: list[str]) -> Paper:
    """A document; who let others stand in for him makes some."""
    return Paper(
        chance.sample(ROLES, chance.choice([1, 2, 2, 3])),
        chance.choice(["claims", "claims", *(principals or PEOPLE)]),
        chance.choice([*["6222021001"] * 4, "622200007777"]),
        chance.choice(["claim", "claim", "refund"]),
        chance.choice([50, 100, 150]),
        chance.choice(["CNY", "CNY", "USD"]),
        chance.choice(["BJ01", "BJ", "BJ", "SH"]),
    )


@pytest.fixture(scope="module")
def shared(group: sa.Engine) -> Iterator[Session]:
    """One session; each example is rolled back."""
    with Session(group, expire_on_commit=False) as made:
        for user, places in HOLDS.items():
            for role, org_id in places:
                grant(made, user, role, org_id)
        made.commit()
        yield made


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    chance=st.randoms(use_true_random=True),
    delegations=st.integers(4, 8),
    papers=st.integers(2, 4),
    days=st.integers(1, 4),
)
def test_standing_in_never_gives_more_than_it_may(
    shared: Session, chance: Random, delegations: int, papers: int, days: int
) -> None:
    """I6, with what stands written down here once more, in plain words.

    On each day everybody tries to approve everything, in some order.
    """
    shared.rollback()
    world = World(shared, {user: set(places) for user, places in HOLDS.items()})
    for _ in range(delegations):
        world.give(_terms(chance), chance.random() < 0.4, chance.random() < 0.7)
    loses, ends = chance.randrange(4), chance.randrange(6)
    for day in range(days):
        now = NOW + day * DAY
        if day == loses:
            world.lose(
                chance.choice([one.delegate for one in world.stands.values()] or PEOPLE), now
            )
        if day == ends:
            world.end(chance.randrange(4), now)
        course.settle(shared, now)
        for _ in range(papers):
            world.submit(_paper(chance, [one.principal for one in world.stands.values()]))
        # Delegates come first more often than not: else the principals have done it themselves.
        early = [terms.delegate for terms in world.stands.values() if chance.random() < 0.7]
        for user in dict.fromkeys([*early, *chance.sample(PEOPLE, len(PEOPLE))]):
            world.everything(user, day)
    world.check()


@dataclass
class World:
    """What is known to be true, beside the product."""

    session: Session
    holds: dict[str, set[tuple[str, str]]]
    stands: dict[int, Terms] = field(default_factory=dict)
    papers: dict[int, Paper] = field(default_factory=dict)
    verdicts: dict[int, list[set[str]]] = field(default_factory=dict)

    def give(self, terms: Terms, by_admin: bool, confirmed: bool) -> None:
        """Give a delegation where it can be; an administrator's may stay unconfirmed."""
        with suppress(SluiceError):
            giver = "admin" if by_admin else terms.principal
            one = give(self.session, giver, terms, NOW).id or 0
            if by_admin and confirmed:
                confirm(self.session, "auditor", one, NOW)
            if not by_admin or confirmed:
                self.stands[one] = terms

    def submit(self, paper: Paper) -> None:
        """Submit a document."""
        [one] = submitted(
            self.session,
            1,
            paper.roles,
            maker=paper.maker,
            account=paper.account,
            category=paper.kind,
            amount=paper.amount,
            currency=paper.currency,
            org_id=paper.org_id,
        )
        self.papers[one] = paper
        self.verdicts[one] = []

    def lose(self, user: str, now: dt.datetime) -> None:
        """Somebody loses his role."""
        for role, org in self.holds[user]:
            revoke_role(self.session, "admin", user, role, org, now)
        self.holds[user] = set()

    def end(self, place: int, now: dt.datetime) -> None:
        """A delegation is revoked, or was over already."""
        for one in sorted(self.stands)[place : place + 1]:
            with suppress(SluiceError):
                revoke(self.session, "admin", one, "over", now)
            del self.stands[one]

    def everything(self, user: str, day: int) -> None:
        """Somebody tries to approve whatever is open; his list shows exactly what he may."""
        now = NOW + day * DAY
        groups = desk.worklist(self.session, user, now)
        shown = {item.step_id: item for group in groups for item in group.items}
        steps = self._open()
        results = desk.decide(self.session, user, [*steps], "approve", None, now)
        taken = [one.step_id for one in results if one.error is None]
        assert sorted(shown) == sorted(taken)
        said = self.session.exec(
            select(ApprovalVerdict).where(col(ApprovalVerdict.step_id).in_(taken))
        )
        for verdict in said:
            assert verdict.on_behalf_of == shown[verdict.step_id].right.on_behalf_of
            one, role = steps[verdict.step_id]
            self._allowed(one, day, role, verdict)

    def _open(self) -> dict[int, tuple[int, str]]:
        """Document and role of every open step."""
        rows = self.session.execute(
            sa.text(
                "SELECT s.id, r.subject_id, s.role FROM approval_request r "
                "JOIN approval_step s ON s.request_id = r.id AND s.state = 'OPEN' ORDER BY s.id"
            )
        )
        return {row.id: (row.subject_id, row.role) for row in rows}

    def _allowed(self, one: int, day: int, role: str, verdict: ApprovalVerdict) -> None:
        paper, user, principal = self.papers[one], verdict.user_id, verdict.on_behalf_of
        persons = {user} if principal is None else {user, principal}
        assert paper.maker not in persons
        assert paper.account != "622200007777" or "bj-reviewer" not in persons
        assert all(not persons & others for others in self.verdicts[one])
        self.verdicts[one].append(persons)
        event("own" if principal is None else "for another")
        if principal is None:
            assert role in {held for held, _ in self.holds[user]}
            return
        terms = self.stands[verdict.delegation_id or 0]
        assert (terms.principal, terms.delegate) == (principal, user)
        assert terms.valid_from <= TODAY + day * DAY <= terms.valid_until
        assert paper.org_id in descendants(self.session, terms.org_id)
        assert terms.roles is None or role in terms.roles
        assert terms.categories is None or paper.kind in terms.categories
        assert not terms.caps or paper.amount <= terms.caps.get(paper.currency, -1)
        # His own role, not one that was delegated to him; and the stand-in is an approver himself.
        assert role in {held for held, _ in self.holds[principal]}
        assert self.holds[user]

    def check(self) -> None:
        """Payable is exactly what has a verdict for each step; the stored rows say the same."""
        self.session.expire_all()
        for one, paper in self.papers.items():
            payable = self.session.get_one(Document, one).state == "UNPAID"
            assert payable == (len(self.verdicts[one]) == len(paper.roles))
        assert check_invariants(self.session)["I6"] == "ok"
