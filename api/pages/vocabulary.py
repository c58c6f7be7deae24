"""The words of the rules: what each means, who supplies and uses it, and changes by two persons."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response

from api.identity import Caller, needs
from api.pages.language import language_of
from api.pages.refusals import findings_in
from api.pages.shell import Note, go, page, refusal
from api.pages.vocabulary_view import TYPES, Asked, edit_of, shown_lines, why_text
from api.services import services_of
from api.statuses import status_of
from engine.base.text import SluiceError, Text
from engine.rulebook.models import VocabularyProposal
from engine.rulebook.texts import vocabulary_of
from engine.rulebook.words.proposals import edits_of, proposal_of, proposals, state_of_words
from engine.rulebook.words.standing import base_words
from engine.rules.registry import all_kinds
from engine.rules.words import edit_text, told_diff, word_diff
from engine.runtime.db import transaction
from engine.treasury.rulesets import activating, words

router = APIRouter(include_in_schema=False)
May = Annotated[Caller, Depends(needs("rulesets.read"))]
Edits = Annotated[Caller, Depends(needs("rulesets.edit"))]
Signs = Annotated[Caller, Depends(needs("rulesets.approve"))]
Activates = Annotated[Caller, Depends(needs("rulesets.activate"))]
Reason = Annotated[str, Form(max_length=2000)]
SHOWN = 20
"""Proposals on the page of the words, newest first."""


@router.get("/words")
def all_words(request: Request, caller: May, q: str = "") -> Response:
    """Every word of the live vocabulary, and proposals."""
    return _words(request, caller, q)


def _words(
    request: Request, caller: Caller, q: str = "", *notes: Note, status: int = 200
) -> Response:
    with transaction(services_of(request).engine) as session:
        found = words.words_for(session, caller.user_id)
        made = proposals(session, limit=SHOWN)
        may = words.may(session, caller.user_id)
    return page(
        request,
        "words.html",
        caller,
        notes=notes,
        status=status,
        found=found,
        known=words.matching(found.known, q),
        asked=q,
        kinds=all_kinds(),
        proposals=[(one, state_of_words(one), _said(one)) for one in made],
        may=may,
    )


@router.get("/words/propose")
def form(
    request: Request,
    caller: Edits,
    do: str = "add_value",
    word: str = "",
    value: str = "",
    on: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    """The form of one change; `on` a proposal that it is added to."""
    return _form(request, caller, Asked(do=do, word=word, value=value), on)


@router.post("/words/propose")
def propose(
    request: Request,
    caller: Edits,
    do: Annotated[str, Form()],
    word: Annotated[str, Form()],
    reason: Reason = "",
    value: Annotated[str, Form()] = "",
    en: Annotated[str, Form()] = "",
    zh: Annotated[str, Form()] = "",
    type: Annotated[str, Form()] = "code",
    iso20022: Annotated[str, Form()] = "",
    values: Annotated[str, Form()] = "",
    nullable: Annotated[bool, Form()] = False,
    minimum: Annotated[str, Form()] = "",
    after: Annotated[str, Form()] = "",
    on: Annotated[int | None, Form()] = None,
) -> Response:
    """Propose the change, and go to what it does."""
    asked = Asked(do, word, value, en, zh, type, iso20022, values, nullable, minimum, after)
    services = services_of(request)
    try:
        edit = edit_of(asked)
        with transaction(services.engine) as session:
            now = services.clock.now()
            if on is None:
                made = words.propose(session, caller.user_id, (edit,), reason, now)
            else:
                made = words.carry_on(
                    session, caller.user_id, on, now, more=(edit,), reason=reason or None
                )
            number = made.id or 0
    except SluiceError as error:
        said = findings_in(request, error)
        notes = [Note("bad", f"[{one.code}] {one.sentence}") for one in said]
        notes = notes or [refusal(request, error)]
        return _form(request, caller, asked, on, *notes, reason=reason, status=status_of(error))
    return go(f"/words/proposals/{number}", key="done.words_proposed", number=number)


def _form(
    request: Request,
    caller: Caller,
    asked: Asked,
    on: int | None,
    *notes: Note,
    reason: str = "",
    status: int = 200,
) -> Response:
    with transaction(services_of(request).engine) as session:
        base = vocabulary_of(base_words(session).text)
        old = None if on is None else proposal_of(session, on)
        may = words.may(session, caller.user_id)
    if not asked.word and asked.do != "add_word":
        offered = (n for n, one in base.words.items() if one.values or asked.do != "add_value")
        asked = replace(asked, word=next(offered, ""))
    found = base.words.get(asked.word)
    label = found.label if found is not None else None
    if found is not None and found.values and asked.value in found.values:
        label = found.values[asked.value]
    return page(
        request,
        "words_propose.html",
        caller,
        notes=notes,
        status=status,
        asked=asked,
        words=base.words,
        found=found,
        label=label,
        types=TYPES,
        on=old,
        before=[] if old is None else [edit_text(one) for one in edits_of(old)],
        reason=reason or ("" if old is None else old.reason),
        may=may,
    )


@router.get("/words/proposals/{number}")
def proposal(request: Request, caller: May, number: int) -> Response:
    """One proposal: what changes, what it does to rulesets, what can be done with it."""
    return _proposal(request, caller, number)


def _proposal(
    request: Request, caller: Caller, number: int, *notes: Note, status: int = 200
) -> Response:
    lang = language_of(request)
    with transaction(services_of(request).engine) as session:
        found = proposal_of(session, number)
        base = words.base_text(session, found)
        state = state_of_words(found)
        seen = words.impact(session, caller.user_id, found) if state == "proposed" else None
        live = words.words_for(session, caller.user_id)
        may = words.may(session, caller.user_id)
    old, new = vocabulary_of(base), vocabulary_of(found.text)
    touched = [] if seen is None else [one for one in seen.seen if one.result != "same"]
    return page(
        request,
        "words_proposal.html",
        caller,
        notes=notes,
        status=status,
        one=found,
        state="live" if found.text_hash == live.hash and state == "signed" else state,
        waits=state == "signed" and found.text_hash == live.waiting,
        edits=[edit_text(edit) for edit in edits_of(found)],
        sentences=told_diff(word_diff(old, new), new),
        lines=shown_lines(base, found.text),
        seen=seen,
        touched=[(one, why_text(one.why, lang)) for one in touched],
        clashes={} if seen is None else {one.index: one.why for one in seen.clashes},
        wrote=caller.user_id in (found.author, *found.editors),
        may=may,
    )


@router.post("/words/proposals/{number}/sign")
def sign(request: Request, caller: Signs, number: int) -> Response:
    """Sign a proposal; it becomes live with the next activation."""
    services = services_of(request)
    try:
        with transaction(services.engine) as session:
            words.sign(session, caller.user_id, number, services.clock.now())
    except SluiceError as error:
        return _proposal(request, caller, number, refusal(request, error), status=status_of(error))
    return go(f"/words/proposals/{number}", key="done.words_signed", number=number)


@router.post("/words/proposals/{number}/return")
def give_back(request: Request, caller: May, number: int, reason: Reason = "") -> Response:
    """Return a proposal with a reason."""
    services = services_of(request)
    try:
        with transaction(services.engine) as session:
            words.give_back(session, caller.user_id, number, reason, services.clock.now())
    except SluiceError as error:
        return _proposal(request, caller, number, refusal(request, error), status=status_of(error))
    return go(f"/words/proposals/{number}", key="done.words_returned", number=number)


@router.post("/words/proposals/{number}/continue")
def carry_on(
    request: Request,
    caller: Edits,
    number: int,
    keep: Annotated[list[int] | None, Form()] = None,
) -> Response:
    """Put the ticked changes on the vocabulary as it is now."""
    services = services_of(request)
    try:
        with transaction(services.engine) as session:
            made = words.carry_on(
                session, caller.user_id, number, services.clock.now(), keep=keep or ()
            )
            fresh = made.id or 0
    except SluiceError as error:
        return _proposal(request, caller, number, refusal(request, error), status=status_of(error))
    return go(f"/words/proposals/{fresh}", key="done.words_continued", number=fresh, old=number)


@router.post("/words/activate")
def activate(
    request: Request, caller: Activates, hash: Annotated[str, Form()], reason: Reason = ""
) -> Response:
    """Make a signed vocabulary live by itself; the rulesets stay as they are."""
    services = services_of(request)
    try:
        with transaction(services.engine) as session:
            done = activating.reload(session, caller.user_id, [hash], reason, services.clock.now())
    except SluiceError as error:
        return _words(request, caller, "", refusal(request, error), status=status_of(error))
    return go("/words", key="done.words_live", revision=done.revision)


def _said(one: VocabularyProposal) -> list[Text]:
    return [edit_text(edit) for edit in edits_of(one)]
