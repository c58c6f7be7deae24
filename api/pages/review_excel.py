"""A version or draft out to Excel and back: what a workbook changes is shown before it is kept."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import Response
from sqlmodel import Session

from api.identity import Caller, needs
from api.pages.comparison import Comparison, compared
from api.pages.imports import NoFile
from api.pages.language import language_of
from api.pages.review import address_of
from api.pages.shell import Note, go, page, refusal
from api.services import services_of
from api.statuses import status_of
from engine.base.text import SluiceError, Text
from engine.base.yaml_marks import lf
from engine.rulebook.draft_errors import DraftConflict
from engine.rulebook.models import RulesetDraft
from engine.rulebook.references import Located
from engine.runtime.db import transaction
from engine.treasury.rulesets import workbooks, writing
from engine.treasury.rulesets.comparing import side_of, side_of_text
from engine.treasury.rulesets.visible import draft_for, version_for

router = APIRouter(include_in_schema=False)
Edits = Annotated[Caller, Depends(needs("rulesets.edit"))]
Body = Annotated[str, Form()]


def _shown(
    request: Request,
    caller: Caller,
    found: Located,
    comparison: Comparison | None = None,
    refused: SluiceError | None = None,
    note: str = "",
) -> Response:
    """The form, and below it what the text of a workbook changes."""
    notes: tuple[Note, ...] = () if refused is None else (refusal(request, refused),)
    return page(
        request,
        "excel.html",
        caller,
        notes=notes,
        status=200 if refused is None else status_of(refused),
        subject=found,
        draft=found if isinstance(found, RulesetDraft) else None,
        place=address_of(found),
        comparison=comparison,
        note=note,
        conflict=isinstance(refused, DraftConflict),
    )


@router.get("/rulesets/{hash}/excel")
def of_version(request: Request, caller: Edits, hash: str) -> Response:
    """Download, and the form for the changed workbook."""
    with transaction(services_of(request).engine) as session:
        found = version_for(session, caller.user_id, hash)
    return _shown(request, caller, found)


@router.get("/drafts/{draft_id}/excel")
def of_draft(request: Request, caller: Edits, draft_id: int) -> Response:
    """Download, and the form for the changed workbook."""
    with transaction(services_of(request).engine) as session:
        found = draft_for(session, caller.user_id, draft_id)
    return _shown(request, caller, found)


@router.post("/rulesets/{hash}/excel")
def into_version(
    request: Request, caller: Edits, hash: str, file: Annotated[UploadFile | None, File()] = None
) -> Response:
    """What a workbook changes in a version; nothing is kept."""
    with transaction(services_of(request).engine) as session:
        found = version_for(session, caller.user_id, hash)
    return _taken(request, caller, found, file)


@router.post("/drafts/{draft_id}/excel")
def into_draft(
    request: Request,
    caller: Edits,
    draft_id: int,
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """What a workbook changes in a draft; nothing is kept."""
    with transaction(services_of(request).engine) as session:
        found = draft_for(session, caller.user_id, draft_id)
    return _taken(request, caller, found, file)


def _taken(request: Request, caller: Caller, found: Located, file: UploadFile | None) -> Response:
    if file is None or not file.filename:
        missing = NoFile("FILE_MISSING", Text("choose a file first", "请先选择文件"))
        return _shown(request, caller, found, refused=missing)
    content, user = file.file.read(), caller.user_id
    try:
        with transaction(services_of(request).engine) as session:
            text = workbooks.numbered(
                session, user, found, workbooks.text_of(session, found, content)
            )
            told = _beside(request, session, user, found, text)
    except SluiceError as error:
        return _shown(request, caller, found, refused=error)
    return _shown(request, caller, found, told)


def _beside(request: Request, session: Session, user: str, found: Located, text: str) -> Comparison:
    """What is stored beside a text that is not, in the page's language."""
    sides = side_of(session, user, found), side_of_text(session, user, found.file, text)
    return compared(*sides, language_of(request))


@router.post("/rulesets/{hash}/excel/keep")
def keep_as_draft(
    request: Request, caller: Edits, hash: str, text: Body = "", note: Body = ""
) -> Response:
    """A new draft from the version, with the text that was shown."""
    services = services_of(request)
    user = caller.user_id
    try:
        with transaction(services.engine) as session:
            now = services.clock.now()
            made = writing.begin(session, user, text, now, base=hash, note=note)
    except SluiceError as error:
        with transaction(services.engine) as session:
            found = version_for(session, user, hash)
            told = _beside(request, session, user, found, lf(text))
        return _shown(request, caller, found, told, error, note)
    return go(f"/drafts/{made.id}/review", key="done.review_kept", number=made.id or 0)


@router.post("/drafts/{draft_id}/excel/keep")
def keep_in_draft(
    request: Request,
    caller: Edits,
    draft_id: int,
    text: Body = "",
    seen: Body = "",
    note: Body = "",
    into: Annotated[Literal["this", "new"], Form()] = "this",
) -> Response:
    """Save over the text that was seen, or begin a draft beside it.

    Saved by somebody else meanwhile: nothing is written, and the text stands beside the stored one.
    """
    services = services_of(request)
    user = caller.user_id
    try:
        with transaction(services.engine) as session:
            now = services.clock.now()
            draft = draft_for(session, user, draft_id)
            if into == "new":
                kept = writing.begin(
                    session, user, text, now, base=draft.base_hash, file=draft.file, note=note
                )
            else:
                kept = writing.save(
                    session, user, draft_id, text, seen, now, note=note or draft.note
                )
    except SluiceError as error:
        with transaction(services.engine) as session:
            found = draft_for(session, user, draft_id)
            told = _beside(request, session, user, found, lf(text))
        return _shown(request, caller, found, told, error, note)
    return go(f"/drafts/{kept.id}/review", key="done.review_kept", number=kept.id or 0)
