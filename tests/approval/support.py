"""Documents in approval and a shortcut past it, for tests that begin later."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import Session

from engine.machines.approval import RequestDraft, open_requests
from engine.treasury.approvals import desk
from engine.treasury.approvals.wiring import MACHINE
from engine.treasury.documents import course
from engine.treasury.documents.create import BatchDraft, create_batch, create_documents
from engine.treasury.documents.models import Document
from engine.treasury.documents.states import State
from tests.treasury_intake.test_documents import draft

NOW = dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC)


def submitted(
    session: Session,
    count: int = 1,
    roles: Sequence[str] = ("reviewer",),
    *,
    maker: str = "claims",
    org_id: str = "BJ01",
    account: str = "6222021001",
    sla_seconds: int | None = None,
    category: str | None = None,
    amount: int = 100,
    currency: str = "CNY",
) -> list[int]:
    """Documents in approval with these steps; ids in order."""
    batch = create_batch(session, BatchDraft("BJ", "claims", "api", maker), NOW)
    assert batch is not None
    taken = session.execute(sa.select(sa.func.count()).select_from(Document)).scalar_one()
    drafts = [draft(taken + n, org_id=org_id, counterparty_account=account) for n in range(count)]
    ids = sorted(create_documents(session, batch, drafts, maker, NOW).values())
    course.transition(session, ids, State.VALIDATED, actor="t", now=NOW)
    course.set_routes(session, [course.RouteTaken(one, "cash", None) for one in ids])
    course.transition(session, ids, State.BATCHED, actor="t", now=NOW)
    hashes = course.seal_content(session, ids)
    course.transition(session, ids, State.IN_APPROVAL, actor="t", now=NOW)
    open_requests(
        session,
        MACHINE,
        [
            RequestDraft(
                subject_kind="document",
                subject_id=one,
                subject_no=f"D{one}",
                org_id=org_id,
                content_hash=hashes[one],
                maker=maker,
                roles=tuple(roles),
                sla_seconds=sla_seconds,
                batch_id=batch.id,
                beneficiary_account=account,
                amount=amount,
                currency=currency,
                category=category,
            )
            for one in ids
        ],
        NOW,
    )
    return ids


def open_steps(session: Session, ids: Sequence[int]) -> list[int]:
    """The open step of each document, in order; 0 where there is none."""
    found = []
    for one in ids:
        steps = [v.step for v in desk.rounds_of(session, one)[-1].steps]
        found.append(next((s.id or 0 for s in steps if s.state == "OPEN"), 0))
    return found
