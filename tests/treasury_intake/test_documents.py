"""Documents in the database: what never changes, and which steps there are (I7, I8, I9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from engine.runtime.db import constraint
from engine.treasury.documents import course
from engine.treasury.documents.content import CONTENT, payload_hash, submitted_hashes
from engine.treasury.documents.create import (
    BatchDraft,
    DocumentDraft,
    create_batch,
    create_documents,
)
from engine.treasury.documents.errors import TransitionRefused
from engine.treasury.documents.models import Document
from engine.treasury.documents.states import TRANSITIONS, State
from tests.treasury_intake.support import build_group

NOW = dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC)


def draft(number: int = 1, **changes: object) -> DocumentDraft:
    """A draft with changes."""
    values: dict[str, object] = {
        "org_id": "BJ01",
        "direction": "pay",
        "source_system": "claims",
        "source_document_no": f"N{number}",
        "business_type": "claim",
        "amount": 100,
        "currency": "CNY",
        "payment_method": "transfer",
        "due_date": dt.date(2026, 11, 23),
        "counterparty_account": "6222021001",
        **changes,
    }
    return DocumentDraft(**values)  # type: ignore[arg-type]


def make(session: Session, count: int = 1) -> list[int]:
    """Documents in DRAFT."""
    batch = create_batch(session, BatchDraft("BJ", "claims", "api", "claims"), NOW)
    assert batch is not None
    made = create_documents(session, batch, [draft(n) for n in range(count)], "claims", NOW)
    return sorted(made.values())


@pytest.fixture
def session(group: Session) -> Session:
    """A session with the test group."""
    return group


@pytest.fixture(scope="module")
def shared(module_engine: sa.Engine) -> Iterator[Session]:
    """One session for properties; each example is rolled back."""
    with Session(module_engine, expire_on_commit=False) as made:
        build_group(made)
        made.commit()
        yield made


def test_the_database_knows_the_same_transitions_as_the_code(session: Session) -> None:
    rows = session.execute(
        sa.text(
            "SELECT b, a FROM unnest(CAST(:s AS text[])) b, unnest(CAST(:s AS text[])) a "
            "WHERE document_transition_allowed(b, a)"
        ),
        {"s": [state.value for state in State]},
    )
    allowed = {(str(b), str(a)) for b, a in rows}
    assert allowed == {(b.value, a.value) for b, after in TRANSITIONS.items() for a in after}


@pytest.mark.parametrize("column", [*CONTENT, "document_no", "created_by", "payload_hash"])
def test_content_columns_never_change(session: Session, column: str) -> None:
    [one] = make(session)
    value = {
        "amount": "1",
        "due_date": "'2027-01-01'",
        "payee_is_insured": "true",
        "org_id": "'SH'",
        "direction": "'collect'",
    }.get(column, "'other'")
    with pytest.raises(DBAPIError) as refused:
        session.execute(sa.text(f"UPDATE document SET {column} = {value} WHERE id = {one}"))
    assert constraint(refused.value) == "append_only"


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM document",
        "DELETE FROM document_event",
        "TRUNCATE document CASCADE",
        "UPDATE document_event SET actor = 'x'",
    ],
)
def test_documents_and_events_are_never_deleted_or_rewritten(session: Session, sql: str) -> None:
    make(session)
    with pytest.raises(DBAPIError) as refused:
        session.execute(sa.text(sql))
    assert constraint(refused.value) == "append_only"


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(walk=st.lists(st.sampled_from(list(State)), max_size=8))
def test_only_transitions_of_the_table_happen(shared: Session, walk: list[State]) -> None:
    """Any walk by raw SQL: the database lets through nothing the table does not have (I9)."""
    [one] = make(shared)
    shared.execute(
        sa.text(f"UPDATE document SET channel = 'cash', content_hash = 'h' WHERE id = {one}")
    )
    stands = State.DRAFT
    for wanted in walk:
        try:
            with shared.begin_nested():
                shared.execute(
                    sa.text("UPDATE document SET state = :s WHERE id = :id"),
                    {"s": wanted.value, "id": one},
                )
            moved = True
        except DBAPIError:
            moved = False
        if moved and wanted != stands:
            assert wanted in TRANSITIONS[stands]
            assert wanted not in (State.UNPAID, State.SENDING), "nobody approved it"
            stands = wanted
        elif not moved and wanted in TRANSITIONS[stands]:
            # Allowed by the table, refused by the gate of approval.
            assert wanted is State.UNPAID
    assert (
        shared.execute(sa.text(f"SELECT state FROM document WHERE id = {one}")).scalar_one()
        == stands.value
    )
    shared.rollback()


def test_a_bulk_step_moves_all_documents_or_none(session: Session) -> None:
    first, second = make(session, 2)
    course.transition(session, second, State.VALIDATED, actor="t", now=NOW)
    with pytest.raises(TransitionRefused) as refused:
        course.transition(session, [first, second, 999], State.VALIDATED, actor="t", now=NOW)
    assert refused.value.states == {second: "VALIDATED", 999: None}
    number = session.scalar(sa.text(f"SELECT document_no FROM document WHERE id = {second}"))
    assert f"{number} (VALIDATED), 999 (-)" in refused.value.text.en


def test_every_step_leaves_one_event(session: Session) -> None:
    [one] = make(session)
    course.transition(session, one, State.VALIDATED, actor="t", now=NOW, decision_ids={one: [7]})
    course.void(session, one, actor="maker", now=NOW, reason="typing error")
    rows = session.execute(
        sa.text("SELECT from_state, to_state, reason, decision_ids FROM document_event ORDER BY id")
    )
    assert [tuple(r) for r in rows] == [
        (None, "DRAFT", None, []),
        ("DRAFT", "VALIDATED", None, [7]),
        ("VALIDATED", "VOID", "typing error", []),
    ]


def test_void_returned_and_bounced_are_final() -> None:
    assert not any(TRANSITIONS[s] for s in (State.VOID, State.RETURNED, State.BOUNCED))


@pytest.mark.parametrize("amount", [0, -1])
def test_no_amount_of_zero_or_less_gets_past_draft(session: Session, amount: int) -> None:
    batch = create_batch(session, BatchDraft("BJ", "claims", "api", "claims"), NOW)
    assert batch is not None
    made = create_documents(session, batch, [draft(1, amount=amount)], "claims", NOW)
    with pytest.raises(DBAPIError) as refused:
        course.transition(session, list(made.values()), State.VALIDATED, actor="t", now=NOW)
    assert constraint(refused.value) == "document_amount_positive"


def test_nothing_becomes_payable_without_an_approved_request(session: Session) -> None:
    [one] = make(session)
    course.transition(session, one, State.VALIDATED, actor="t", now=NOW)
    course.set_routes(session, [course.RouteTaken(one, "cash", None)])
    course.transition(session, one, State.BATCHED, actor="t", now=NOW)
    course.seal_content(session, [one])
    with pytest.raises(DBAPIError) as refused:
        course.transition(session, one, State.UNPAID, actor="t", now=NOW)
    assert constraint(refused.value) == "document_approved"


@given(
    st.lists(
        st.tuples(st.sampled_from(CONTENT), st.text(min_size=1, max_size=5)), min_size=1, max_size=4
    )
)
def test_the_payload_hash_tells_every_content_apart(changes: list[tuple[str, str]]) -> None:
    base = draft()
    changed = draft(1, **dict(changes))
    same = all(getattr(base, name) == getattr(changed, name) for name in CONTENT)
    assert (payload_hash(base) == payload_hash(changed)) == same


def test_the_submitted_hash_covers_channel_and_account(session: Session) -> None:
    [one] = make(session)
    account = session.execute(sa.text("SELECT min(id) FROM bank_account")).scalar_one()
    hashes = {submitted_hashes(session, [one])[one]}
    for route in (course.RouteTaken(one, "cash", None), course.RouteTaken(one, "cash", account)):
        course.set_routes(session, [route])
        hashes.add(submitted_hashes(session, [one])[one])
    assert len(hashes) == 3


def test_a_source_number_is_taken_once(session: Session) -> None:
    batch = create_batch(session, BatchDraft("BJ", "claims", "api", "claims"), NOW)
    assert batch is not None
    first = create_documents(session, batch, [draft(1)], "claims", NOW)
    second = create_documents(session, batch, [draft(1, amount=5), draft(2)], "claims", NOW)
    assert (len(first), list(second)) == (1, [("claims", "N2")])


def test_a_route_is_closed_while_somebody_approves(session: Session) -> None:
    [one] = make(session)
    course.transition(session, one, State.VALIDATED, actor="t", now=NOW)
    course.set_routes(session, [course.RouteTaken(one, "cash", None)])
    course.transition(session, one, State.BATCHED, actor="t", now=NOW)
    course.seal_content(session, [one])
    course.transition(session, one, State.IN_APPROVAL, actor="t", now=NOW)
    with pytest.raises(DBAPIError) as refused:
        course.set_routes(session, [course.RouteTaken(one, "wallet", None)])
    assert constraint(refused.value) == "document_route_closed"


def test_a_loaded_document_shows_its_new_state(session: Session) -> None:
    [one] = make(session)
    document = session.get_one(Document, one)
    course.transition(session, one, State.VALIDATED, actor="t", now=NOW)
    assert document.state == "VALIDATED"
