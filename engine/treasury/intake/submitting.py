"""Submission: the approval ruleset names roles, the content is sealed, requests are opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from engine.base.text import SluiceError
from engine.machines.approval import RequestDraft, open_requests
from engine.rulebook import Matter, Recorded
from engine.rules.kinds.approval import Route
from engine.rules.roles import merge_chains
from engine.treasury.approvals.wiring import MACHINE, SUBJECT
from engine.treasury.documents import course
from engine.treasury.documents.models import Document
from engine.treasury.documents.states import State
from engine.treasury.intake import facts
from engine.treasury.intake.columns import SUBJECTS
from engine.treasury.intake.run import SYSTEM, Run, Waiting, key
from engine.treasury.intake.watching import Watched


@dataclass(frozen=True, slots=True)
class _Chain:
    """Steps of one document as the rules name them."""

    roles: tuple[str, ...]
    sla_seconds: int | None
    rows: tuple[str, ...]
    decision_id: int


def submit(
    run: Run, documents: Sequence[Document], watched: Mapping[int, Watched], submitter: str | None
) -> list[int]:
    """Open one approval request per document; ids of those now IN_APPROVAL.

    `submitter` is the person who submits, None when the document submits itself on coming in
    (then it is its maker). Without a live ruleset the documents wait. An empty chain is BLOCKED.
    """
    totals = facts.batch_totals(run.session, sorted({d.document_batch_id for d in documents}))
    waiting = Waiting()
    chains: dict[int, _Chain] = {}
    for document in documents:
        one = key(document)
        said = watched[one]
        group = (document.document_batch_id, document.direction, document.currency)
        try:
            recorded = run.pinned.decide(
                run.session,
                "approval",
                SUBJECTS[document.direction],
                facts.to_approve(
                    document,
                    batch_total=totals[group],
                    extra_approver=said.extra_approver,
                    duplicate=said.duplicate,
                    org_level=run.level(document.org_id),
                ),
                org_path=run.path(document.org_id),
                on=run.today,
                matter=Matter("document", str(one)),
                now=run.now,
            )
        except SluiceError as error:
            waiting.add(document, error.code, error.text)
            continue
        chains[one] = _chain(recorded)
    waiting.write(run)
    ids = list(chains)
    hashes = course.seal_content(run.session, ids)
    # Made before the documents are moved on: afterwards each would be read anew.
    drafts = [
        _draft(d, chains[key(d)], hashes[key(d)], watched[key(d)], submitter)
        for d in documents
        if key(d) in chains
    ]
    course.transition(
        run.session,
        ids,
        State.IN_APPROVAL,
        actor=submitter or SYSTEM,
        now=run.now,
        decision_ids={
            one: [*watched[one].decision_ids, chain.decision_id] for one, chain in chains.items()
        },
    )
    open_requests(run.session, MACHINE, drafts, run.now)
    return ids


def _chain(recorded: Recorded) -> _Chain:
    """Merge the hits: each role once, by rank; the shortest time counts."""
    routes = [cast(Route, outcome) for outcome in recorded.outcomes]
    times = [route.sla.seconds for route in routes if route.sla is not None]
    return _Chain(
        merge_chains([route.approvers for route in routes if route.approvers]),
        min(times, default=None),
        tuple(f"{recorded.ruleset}:{row}" for row in recorded.rows),
        recorded.decision_id,
    )


def _draft(
    document: Document, chain: _Chain, hashed: str, watched: Watched, submitter: str | None
) -> RequestDraft:
    return RequestDraft(
        subject_kind=SUBJECT,
        subject_id=key(document),
        subject_no=document.document_no,
        org_id=document.org_id,
        content_hash=hashed,
        maker=document.created_by,
        roles=chain.roles,
        sla_seconds=chain.sla_seconds,
        batch_id=document.document_batch_id,
        submitter=submitter,
        beneficiary_account=document.counterparty_account if document.direction == "pay" else None,
        amount=document.amount,
        currency=document.currency,
        category=document.business_type,
        rows=chain.rows,
        decision_ids=(*watched.decision_ids, chain.decision_id),
    )
