"""Approvals: what waits for me, one document before the verdict, many verdicts at once."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from sqlmodel import Session

from api.access import unmasked_orgs
from api.identity import Caller, needs
from api.masking import hiding
from api.pages.shell import Note, page, refusal
from api.services import services_of
from api.statuses import status_of
from engine.base.text import SluiceError
from engine.machines.approval import Result, WorkItem
from engine.runtime.db import run_in_transaction, transaction
from engine.treasury.accounts.models import BankAccount
from engine.treasury.alerts import board
from engine.treasury.alerts import lists as alert_lists
from engine.treasury.alerts.models import Alert
from engine.treasury.approvals import desk
from engine.treasury.approvals.wiring import SUBJECT
from engine.treasury.documents import lists
from engine.treasury.documents.history import documents_by_id
from engine.treasury.documents.models import Document
from engine.treasury.rulesets.explaining import explained_for

router = APIRouter(include_in_schema=False)
May = Annotated[Caller, Depends(needs("approvals.decide"))]
SHOWN = 200
"""Items of a group on the page; the next ones come when these are decided."""


@dataclass(frozen=True, slots=True)
class Task:
    """One open step with what an approver must see of it."""

    item: WorkItem
    document: Document
    alerts: tuple[Alert, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The tasks out of one document batch."""

    work: desk.WorkGroup
    tasks: tuple[Task, ...]

    @property
    def hidden(self) -> int:
        """Tasks of the group that are not on the page."""
        return len(self.work.items) - len(self.tasks)


def groups_of(session: Session, user_id: str, now: dt.datetime) -> list[Group]:
    """The worklist with its documents and their open alerts, at most SHOWN of each group."""
    made = []
    for work in desk.worklist(session, user_id, now):
        items = [one for one in work.items if one.subject_kind == SUBJECT][:SHOWN]
        documents = documents_by_id(session, [one.subject_id for one in items])
        alerts = alert_lists.of_subjects(session, SUBJECT, [str(one.subject_id) for one in items])
        tasks = tuple(
            Task(one, documents[one.subject_id], tuple(alerts.get(str(one.subject_id), ())))
            for one in items
        )
        made.append(Group(work, tasks))
    return made


@router.get("/approvals")
def worklist(request: Request, caller: May) -> Response:
    """What waits for me."""
    return _worklist(request, caller)


def _worklist(
    request: Request,
    caller: Caller,
    *notes: Note,
    results: tuple[Result, ...] = (),
    verdict: str = "",
    status: int = 200,
) -> Response:
    services = services_of(request)
    with transaction(services.engine) as session:
        groups = groups_of(session, caller.user_id, services.clock.now())
        open_orgs = unmasked_orgs(session, caller.user_id)
    return page(
        request,
        "approvals.html",
        caller,
        notes=notes,
        status=status,
        groups=groups,
        open_orgs=open_orgs,
        taken=[one for one in results if one.error is None],
        refused=[one for one in results if one.error is not None],
        verdict=verdict,
    )


@router.post("/approvals")
def decide(
    request: Request,
    caller: May,
    verdict: Annotated[Literal["approve", "reject"], Form()],
    step_id: Annotated[list[int] | None, Form()] = None,
    comment: Annotated[str, Form()] = "",
) -> Response:
    """Take a verdict on the ticked steps; every item has its own result."""
    services = services_of(request)
    try:
        results = run_in_transaction(
            services.engine,
            lambda session: desk.decide(
                session, caller.user_id, step_id or [], verdict, comment, services.clock.now()
            ),
        )
    except SluiceError as error:
        return _worklist(request, caller, refusal(request, error), status=status_of(error))
    return _worklist(request, caller, results=tuple(results), verdict=verdict)


@router.get("/approvals/{document_no}")
def one(request: Request, caller: May, document_no: str) -> Response:
    """One document as its approver sees it: amount in capitals, rules that fired, flags."""
    services = services_of(request)
    with transaction(services.engine) as session:
        document = lists.get(session, caller.user_id, document_no)
        mine = [
            (group, place)
            for group in desk.worklist(session, caller.user_id, services.clock.now())
            for place, item in enumerate(group.items)
            if item.subject_kind == SUBJECT and item.subject_id == document.id
        ]
        task = mine[0][0].items[mine[0][1]] if mine else None
        after = mine[0][0].items[mine[0][1] + 1 : mine[0][1] + 2] if mine else ()
        rounds = desk.rounds_of(session, document.id or 0)
        alerts = board.of_subject(session, SUBJECT, str(document.id))
        open_orgs = unmasked_orgs(session, caller.user_id)
        decisions = explained_for(
            session,
            caller.user_id,
            _decision_ids(rounds, alerts),
            hiding(document.org_id, open_orgs),
        )
        account = session.get(BankAccount, document.account_id) if document.account_id else None
    return page(
        request,
        "approval.html",
        caller,
        document=document,
        account=account,
        task=task,
        next_no=after[0].subject_no if after else None,
        rounds=rounds,
        alerts=alerts,
        decisions=decisions,
        open_orgs=open_orgs,
    )


def _decision_ids(rounds: list[desk.RequestView], alerts: list[Alert]) -> list[int]:
    """Why these approvers, and why these alerts."""
    ids = [one for view in rounds[-1:] for one in view.request.decision_ids]
    return ids + [one.decision_id for one in alerts if one.decision_id is not None]
