"""A decision saved as an example: in an open draft, or in a draft that begins with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from sqlmodel import Session

from api.identity import Caller, needs
from api.other_rules import example_for
from api.pages.explanations import show_decision
from api.pages.language import language_of, translate
from api.pages.shell import Note, go, refusal
from api.services import services_of
from api.statuses import status_of
from engine.base.text import SluiceError
from engine.rulebook.draft_errors import DraftConflict
from engine.rulebook.examples import ProposedExample
from engine.rulebook.models import DecisionRow, RulesetDraft
from engine.runtime.db import transaction
from engine.treasury.rulesets import shelf, writing
from engine.treasury.rulesets.referring import decision_for
from engine.treasury.rulesets.visible import draft_for

router = APIRouter(include_in_schema=False, dependencies=[Depends(needs("rulesets.edit"))])
May = Annotated[Caller, Depends(needs("documents.read"))]


@router.post("/decisions/{decision_id}/example")
def save(
    request: Request,
    caller: May,
    decision_id: int,
    draft: Annotated[int, Form()] = 0,
    seen: Annotated[str, Form()] = "",
) -> Response:
    """Add the example to a draft as it was `seen`; without one begin a draft with it.

    A draft that somebody saved meanwhile is left as he saved it.
    """
    services = services_of(request)
    now = services.clock.now()
    try:
        with transaction(services.engine) as session:
            row = decision_for(session, caller.user_id, decision_id)
            if draft:
                stored = draft_for(session, caller.user_id, draft)
                found = example_for(session, caller.user_id, row, stored.text)
                kept = writing.save(session, caller.user_id, draft, found.edited.text, seen, now)
            else:
                kept, found = _begun(request, session, caller, row)
            number = kept.id or 0
    except DraftConflict as conflict:
        return show_decision(request, caller, decision_id, _again(request, conflict), status=409)
    except SluiceError as error:
        refused = refusal(request, error)
        return show_decision(request, caller, decision_id, refused, status=status_of(error))
    address = f"/decisions/{decision_id}?under=draft:{number}"
    rows, then = _rows(found.example.decision.rows), _rows(row.rows)
    if found.differs:
        return go(address, key="done.example_differs", draft=number, rows=rows, then=then)
    return go(address, key="done.example_saved", draft=number, rows=rows)


def _rows(rows: Sequence[str]) -> str:
    return ", ".join(rows) or "—"


def _again(request: Request, conflict: DraftConflict) -> Note:
    """The conflict; the page below it has the text that stands now, so saving again adds to it."""
    lang = language_of(request)
    return Note("bad", translate(lang, "explain.saved_meanwhile", user=conflict.stored.editor))


def _begun(
    request: Request, session: Session, caller: Caller, row: DecisionRow
) -> tuple[RulesetDraft, ProposedExample]:
    """A draft from the version that rules now, else from the one that decided, under the next
    number."""
    services = services_of(request)
    live = [
        one.version.hash
        for one in shelf.live_for(session, caller.user_id)
        if (one.version.kind, one.version.name) == (row.kind, row.ruleset)
    ]
    base = next(iter(live), row.ruleset_hash)
    text = writing.next_version(session, caller.user_id, base)
    found = example_for(session, caller.user_id, row, text)
    made = writing.begin(
        session, caller.user_id, found.edited.text, services.clock.now(), base=base
    )
    return made, found
