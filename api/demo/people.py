"""The people of the demo group at work: they approve, reject, release, void and reconcile.

They use the same functions as the pages. What they reject or release follows the fates that the
day's plan gave to documents: a clerk who knows the case, not the product, decides that.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from api.assembly import Assembly
from api.demo.claims import Fate
from engine.runtime.db import transaction
from engine.treasury.approvals import desk
from engine.treasury.arrivals.by_hand import confirm_proposal
from engine.treasury.arrivals.proposals import proposals
from engine.treasury.intake import course, ending

APPROVERS = (
    *(f"{branch}.{role}" for branch in ("bj", "sh", "gd") for role in ("reviewer", "manager")),
    "reviewer",
    "manager",
    "treasurer",
    "treasurer2",
    "cfo",
    "committee",
)
"""Who works through his list, in this order, until nothing is left."""


@dataclass(frozen=True, slots=True)
class Worked:
    """What the approvers did: verdicts taken, by kind, and refused ones with their code."""

    approved: int
    rejected: int
    refused: Mapping[str, int]


def approve_all(assembly: Assembly, fates: Mapping[str, Fate], leave: Collection[int]) -> Worked:
    """Work through every worklist; documents to be rejected are, documents in `leave` wait.

    `leave` holds document ids.
    """
    approved = rejected = 0
    refused: dict[str, int] = {}
    now = assembly.services.clock.now()
    busy = True
    while busy:
        busy = False
        for user in APPROVERS:
            with transaction(assembly.services.engine) as session:
                items = [
                    item
                    for group in desk.worklist(session, user, now)
                    for item in group.items
                    if item.subject_id not in leave
                ]
                numbers = _source_numbers(session, [item.subject_id for item in items])
                bad = {
                    item.step_id
                    for item in items
                    if fates.get(numbers[item.subject_id]) is Fate.REJECT
                }
                good = [item.step_id for item in items if item.step_id not in bad]
                results = desk.decide(session, user, good, "approve", None, now)
                results += desk.decide(
                    session, user, sorted(bad), "reject", "理赔资料不全,请补充后重新提交", now
                )
            for result in results:
                if result.error is not None:
                    refused[result.error.code] = refused.get(result.error.code, 0) + 1
                else:
                    busy = True
                    rejected += result.step_id in bad
                    approved += result.step_id not in bad
    return Worked(approved, rejected, refused)


def release_holds(assembly: Assembly, wanted: Callable[[str], bool], user: str) -> list[str]:
    """Release the held documents whose source number is `wanted`; their document numbers."""
    released = []
    for document_id, source_no in _held(assembly):
        if wanted(source_no):
            with transaction(assembly.services.engine) as session:
                document = course.release(
                    session,
                    assembly.services.rulebook,
                    user,
                    document_id,
                    "已核实:同一受益人的不同期年金",
                    assembly.services.clock.now(),
                )
                released.append(document.document_no)
    return released


def void_holds(assembly: Assembly, wanted: Callable[[str], bool], user: str) -> int:
    """Void the held documents whose source number is `wanted`; how many."""
    ids = [document_id for document_id, source_no in _held(assembly) if wanted(source_no)]
    if ids:
        with transaction(assembly.services.engine) as session:
            ending.void(session, user, ids, "经核实为重复单据,作废", assembly.services.clock.now())
    return len(ids)


def reconcile(assembly: Assembly, user: str) -> int:
    """Decide the queue of arrival confirmation line by line, first candidate first; how many.

    After each word the matching looks again: what it leaves has candidates that are still open.
    """
    done = 0
    worker = assembly.worker("demo")
    while True:
        with transaction(assembly.services.engine) as session:
            waiting = proposals(session, user)
            if not waiting:
                return done
            assert waiting[0].id is not None
            confirm_proposal(session, assembly.arrivals, user, waiting[0].id, 0)
        done += 1
        worker.run_until_idle()


def _held(assembly: Assembly) -> list[tuple[int, str]]:
    with transaction(assembly.services.engine) as session:
        rows = session.execute(
            sa.text("""
                SELECT DISTINCT d.id, d.source_document_no FROM document d
                JOIN document_hold h ON h.document_id = d.id AND h.released_by IS NULL
                WHERE d.state = 'BATCHED' ORDER BY d.id""")
        ).all()
    return [(int(row.id), str(row.source_document_no)) for row in rows]


def _source_numbers(session: Session, ids: Collection[int]) -> dict[int, str]:
    rows = session.execute(
        sa.text("SELECT id, source_document_no FROM document WHERE id = ANY(:ids)"),
        {"ids": list(ids)},
    ).all()
    return {int(row.id): str(row.source_document_no) for row in rows}
