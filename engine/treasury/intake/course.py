"""The way of a document from coming in to the approvers, and how waiting ones go on.

validate → route → document batch → alerts → approval. Each stage works on all documents of a
pass at once; whatever cannot go on waits with a code, and `resume` tries it again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.text import Text
from engine.machines import approval
from engine.rulebook import Rulebook, current_revision
from engine.runtime import actions
from engine.runtime.actions import ActionContext, Done
from engine.runtime.db import transaction
from engine.runtime.jsontypes import JsonObject
from engine.treasury.alerts import holds
from engine.treasury.approvals.wiring import SUBJECT
from engine.treasury.documents import course
from engine.treasury.documents.errors import DocumentError
from engine.treasury.documents.models import Document
from engine.treasury.documents.states import State
from engine.treasury.intake.judging import judge_stored, return_to_source, settle
from engine.treasury.intake.routing import route
from engine.treasury.intake.run import SYSTEM, Run, key, start
from engine.treasury.intake.submitting import submit
from engine.treasury.intake.watching import watch
from engine.treasury.organisations.grants import require

RESUME = "documents.resume"
"""Kind of the action that takes waiting documents on."""

NOT_RESUMED = ("HELD", "WITHDRAWN")
"""Waiting for a person's word: no pass takes them on."""


def advance(run: Run, ids: Sequence[int], submitter: str | None = None) -> None:
    """Take documents as far as rules let them go, from DRAFT, VALIDATED or BATCHED."""
    documents = run.documents(ids)
    drafts = [d for d in documents if d.state == State.DRAFT]
    checked = settle(run, drafts, judge_stored(run, drafts))
    checked += [key(d) for d in documents if d.state == State.VALIDATED]
    batched = [key(d) for d in documents if d.state == State.BATCHED]
    to_approval(run, [*to_batch(run, checked), *batched], submitter)


def to_batch(run: Run, ids: Sequence[int]) -> list[int]:
    """Route checked documents; ids of those that have channel and account."""
    routed, returned = route(run, run.documents(ids))
    return_to_source(run, returned, {})
    return routed


def to_approval(run: Run, ids: Sequence[int], submitter: str | None) -> None:
    """Alerts, then approval: for documents that have a route."""
    watched = watch(run, run.documents(ids))
    submit(run, run.documents(list(watched)), watched, submitter)


def resume(session: Session, rulebook: Rulebook, now: dt.datetime) -> list[int]:
    """Take on every document that waits for rules or accounts; the ids that were tried.

    A document blocked because the rules named no approver is submitted anew.
    """
    run = start(session, rulebook, now)
    _reopen_empty_chains(run)
    ids = list(
        session.execute(
            sa.text("""
                SELECT id FROM document
                WHERE waiting_code IS NOT NULL AND NOT waiting_code = ANY(:codes)
                  AND state IN ('DRAFT', 'VALIDATED', 'BATCHED')
                ORDER BY id FOR UPDATE"""),
            {"codes": list(NOT_RESUMED)},
        ).scalars()
    )
    if ids:
        advance(run, ids)
    return ids


def notice_revision(session: Session) -> None:
    """Ask for waiting documents to be taken on by the live revision, once per revision."""
    revision = current_revision(session)
    if revision is not None:
        actions.enqueue(session, RESUME, f"{RESUME}:{revision}", {"revision": revision})


def resume_handler(context: ActionContext, payload: JsonObject) -> Done:
    """Handler of RESUME; needs a Rulebook among the services."""
    del payload
    rulebook = context.services.get(Rulebook)
    with transaction(context.engine) as session:
        context.guard(session)
        resume(session, rulebook, context.clock.now())
    return Done()


def release(
    session: Session,
    rulebook: Rulebook,
    user_id: str,
    document_id: int,
    reason: str,
    now: dt.datetime,
) -> Document:
    """Release a held document and let it go on; a rejected one waits to be submitted again.

    Raises as engine.treasury.alerts.holds.release.
    """
    document = holds.release(session, user_id, document_id, reason, now)
    if document.state == State.BATCHED:
        advance(start(session, rulebook, now), [document_id])
    else:
        course.stop_waiting(session, [document_id], "HELD")
    session.refresh(document)
    return document


def resubmit(
    session: Session, rulebook: Rulebook, user_id: str, ids: Sequence[int], now: dt.datetime
) -> None:
    """Submit rejected or withdrawn documents again; all steps start anew.

    What an alert holds again waits for its release first. Needs documents.submit. Raises
    NotPermitted, DocumentError NOT_RESUBMITTABLE (by the state they are in).
    """
    run = start(session, rulebook, now)
    for document in run.documents(ids):
        resubmittable(session, user_id, document)
    to_approval(run, ids, user_id)


def resubmittable(session: Session, user_id: str, document: Document) -> None:
    """Raise NotPermitted or DocumentError NOT_RESUBMITTABLE unless the user may submit it again."""
    require(session, user_id, "documents.submit", document.org_id)
    if document.state not in (State.REJECTED, State.BATCHED):
        raise DocumentError(
            "NOT_RESUBMITTABLE",
            Text(
                f"{document.document_no} is {document.state}; only rejected and withdrawn "
                "documents are submitted again",
                f"{document.document_no} 当前状态为 {document.state};"
                "只有已拒绝或已撤回的单据可以重新送审",
            ),
        )


def _reopen_empty_chains(run: Run) -> None:
    ids = list(
        run.session.execute(
            sa.text("""
                SELECT d.id FROM document d
                JOIN approval_request r ON r.subject_kind = 'document' AND r.subject_id = d.id
                  AND r.state = 'BLOCKED'
                WHERE d.state = 'IN_APPROVAL' AND NOT EXISTS (
                  SELECT 1 FROM approval_step s WHERE s.request_id = r.id)
                ORDER BY d.id FOR UPDATE OF d""")
        ).scalars()
    )
    if not ids:
        return
    approval.withdraw(run.session, SUBJECT, ids, "submitted again", run.now)
    course.transition(
        run.session,
        ids,
        State.BATCHED,
        actor=SYSTEM,
        now=run.now,
        reason_code="RESUBMITTED",
        reason="the rules named no approver; submitted again by the live ones",
    )
    course.wait(run.session, ids, "RESUBMITTED", Text("submitted again", "重新送审"))
