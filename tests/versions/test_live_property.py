"""Whatever people do in whatever order: live is the highest revision, and two signed each item."""

from __future__ import annotations

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, select

from engine.rulebook import Rulebook, RulebookError, RulesetRefused, approve, propose
from engine.rulebook.models import Revision, RulesetVersion
from engine.rulebook.reloading import reload_signed, undo
from engine.rulebook.revisions import current_revision, items_of
from engine.rulebook.versions import review, send_back
from tests.rulebook.support import NOW, approval_text, live, words

NAMES = ("payment-approval", "other-approval")
"""The second disputes the first: a set with both is broken."""
WHO = st.sampled_from(("ana", "rex", "oli"))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("propose"), WHO, st.sampled_from((0, 0, 0, 1))),
        st.tuples(st.just("sign"), WHO, st.integers(0, 20)),
        st.tuples(st.just("approve"), WHO, st.integers(0, 20)),
        st.tuples(st.just("return"), WHO, st.integers(0, 20)),
        st.tuples(st.just("reload"), WHO, st.integers(0, 20)),
        st.tuples(st.just("reload all"), WHO, st.just(0)),
        st.tuples(st.just("undo"), WHO, st.integers(0, 6)),
    ),
    min_size=3,
    max_size=14,
)


def act(session: Session, step: tuple[str, str, int], version: int) -> None:
    """Do one step as the person would; what is refused raises."""
    what, who, number = step
    stored = session.exec(select(RulesetVersion).order_by(RulesetVersion.hash)).all()
    chosen = stored[number % len(stored)].hash
    if what == "propose":
        text = approval_text(version=version, name=NAMES[number], large="40万")
        propose(session, text, "a.yaml", author=who, reason="r", now=NOW)
    elif what == "sign":
        review(session, chosen, reviewer=who, now=NOW)
    elif what == "approve":
        approve(session, chosen, reviewer=who, now=NOW)
    elif what == "return":
        send_back(session, chosen, by=who, reason="r", now=NOW)
    elif what == "undo":
        undo(session, number or None, by=who, reason="r", now=NOW)
    else:
        hashes = [chosen] if what == "reload" else None
        reload_signed(session, hashes, by=who, reason="r", now=NOW)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_live_is_the_highest_revision_and_two_persons_signed_each_item(
    module_engine: sa.Engine, steps: list[tuple[str, str, int]]
) -> None:
    with Session(module_engine) as session, session.begin() as outer:
        words(session)
        live(session, approval_text())
        book = Rulebook()
        for number, step in enumerate(steps):
            before = current_revision(session) or 0
            items = {item.version.hash for item in items_of(session, before)}
            try:
                with session.begin_nested():
                    act(session, step, number + 2)
            except (RulebookError, RulesetRefused):
                assert current_revision(session) == before, "what is refused changes nothing"
                assert {i.version.hash for i in items_of(session, before)} == items
            _holds(session, book)
        outer.rollback()


def _holds(session: Session, book: Rulebook) -> None:
    number = current_revision(session)
    assert number is not None
    items = items_of(session, number)
    assert {one.hash for one in book.at(session)} == {item.version.hash for item in items}
    assert len({item.version.name for item in items}) == 1, "two disputing names are never live"
    for item in items:
        assert item.version.reviewer not in (None, item.version.author)
        assert item.version.returned_by is None
    revision = session.get(Revision, number)
    assert revision is not None
    if revision.restores is not None:
        restored = items_of(session, revision.restores)
        assert {(i.version.hash, i.since) for i in items} == {
            (i.version.hash, i.since) for i in restored
        }
