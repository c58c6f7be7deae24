"""The workbench: one draft as text and grid, with its effect on the past."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from sqlmodel import Session

from api.identity import Caller, needs
from api.pages.language import catalog, language_of
from api.pages.shell import Note, go, page, refusal
from api.rest.drafts import Edits
from api.services import services_of
from api.statuses import status_of
from engine.base.text import Lang, SluiceError
from engine.rulebook.models import RulesetDraft, RulesetVersion
from engine.rules import find_kind
from engine.rules.model import HitPolicy
from engine.rules.outline import outline
from engine.runtime.db import transaction
from engine.treasury.organisations.tree import organisations
from engine.treasury.rulesets import visible, writing

router = APIRouter(include_in_schema=False)
Reads = Annotated[Caller, Depends(needs("rulesets.read"))]


@router.post("/rulesets/{hash}/draft")
def begin(request: Request, caller: Edits, hash: str) -> Response:
    """Begin a draft from a version, with the next free number, and open it."""
    services = services_of(request)
    with transaction(services.engine) as session:
        text = writing.next_version(session, caller.user_id, hash)
        base = visible.version_for(session, caller.user_id, hash).hash
        draft = writing.begin(session, caller.user_id, text, services.clock.now(), base=base)
        address = f"/drafts/{draft.id}"
    return go(address)


@router.get("/drafts/{draft_id}")
def workbench(request: Request, caller: Reads, draft_id: int) -> Response:
    """The draft to be written at; others see it read-only while somebody writes."""
    return _shown(request, caller, draft_id)


@router.post("/drafts/{draft_id}/text")
def save(
    request: Request,
    caller: Edits,
    draft_id: int,
    text: Annotated[str, Form()],
    seen: Annotated[str, Form()],
) -> Response:
    """Save the text of the form: the way without scripts."""
    services = services_of(request)
    try:
        with transaction(services.engine) as session:
            writing.save(session, caller.user_id, draft_id, text, seen, services.clock.now())
    except SluiceError as error:
        note = refusal(request, error)
        return _shown(request, caller, draft_id, note, text=text, status=status_of(error))
    return go(f"/drafts/{draft_id}", key="done.draft_saved", id=draft_id)


def _shown(
    request: Request,
    caller: Caller,
    draft_id: int,
    *notes: Note,
    text: str | None = None,
    status: int = 200,
) -> Response:
    lang = language_of(request)
    with transaction(services_of(request).engine) as session:
        draft = visible.draft_for(session, caller.user_id, draft_id)
        base = None if draft.base_hash is None else session.get(RulesetVersion, draft.base_hash)
        may = draft.state == "open" and writing.may_edit(session, caller.user_id, draft)
        data = _data(session, caller, draft, lang, may=may)
    written, _ = outline(draft.text)
    title = "" if written is None else written.get(f"title.{lang}")
    return page(
        request,
        "workbench.html",
        caller,
        notes=notes,
        status=status,
        draft=draft,
        base=base,
        title=title or draft.name,
        version="" if written is None else written.get("version"),
        kind=find_kind(draft.kind),
        text=draft.text if text is None else text,
        may=may,
        data=data,
    )


def _data(
    session: Session, caller: Caller, draft: RulesetDraft, lang: Lang, *, may: bool
) -> dict[str, object]:
    """What the scripts of the page begin with."""
    seen = visible.ruling(session, caller.user_id).anywhere
    words = {key: said for key, said in catalog(lang).items() if key.startswith("wb.")}
    policies = {one.value: catalog(lang)[f"word.policy.{one.value}"] for one in HitPolicy}
    return {
        "id": draft.id,
        "state": draft.state,
        "hash": draft.text_hash,
        "file": draft.file,
        "may": may,
        "csrf": caller.visitor.csrf_token,
        "organisations": [
            (code, one.name_zh if lang == "zh" else one.name_en)
            for code, one in organisations(session).items()
            if code in seen
        ],
        "words": words
        | {f"wb.policy.{name}": f"{name} · {said}" for name, said in policies.items()},
    }
