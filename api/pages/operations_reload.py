"""A reload as a plan: what would become live with its effect, chosen and made live; undoing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response
from sqlmodel import Session

from api.identity import Caller, needs
from api.pages.language import language_of
from api.pages.ruleset_view import ShownFinding, shown_finding
from api.pages.shell import Note, go, page, pager, refusal
from api.plan_words import impact_text
from api.services import services_of
from api.statuses import status_of
from engine.base.text import Lang, SluiceError, Text
from engine.rulebook import RulesetRefused
from engine.rulebook.impact import DAYS, impacts
from engine.rulebook.models import Revision
from engine.rulebook.planning import Plan, Planned
from engine.rulebook.reloading import revision_count, revisions
from engine.rules.diff_sentences import diff_sentences
from engine.runtime.db import transaction
from engine.treasury.organisations.rule_grants import rule_reach
from engine.treasury.rulesets import activating
from engine.treasury.rulesets.shelf import touching
from engine.treasury.rulesets.visible import READ

router = APIRouter(include_in_schema=False)
May = Annotated[Caller, Depends(needs("rulesets.read"))]
MayActivate = Annotated[Caller, Depends(needs("rulesets.activate"))]
Reason = Annotated[str, Form(max_length=2000)]

AT_ONCE = 3
"""Effects that are looked up as soon as the plan is shown; the others by a click."""

SENTENCES = 8
"""Sentences of a change that are shown; all of them are on the page of changes."""

ROWS = 15
"""Revisions on a page."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A planned change as it is shown."""

    planned: Planned
    sentences: tuple[Text, ...]
    more: int
    """Sentences that are left out."""


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan ready for its page."""

    plan: Plan
    changes: tuple[Shown, ...]
    findings: tuple[ShownFinding, ...]

    @property
    def coming(self) -> list[str]:
        """Hashes of the versions that would become live by it."""
        return [
            one.planned.new.hash
            for one in self.changes
            if one.planned.new is not None and one.planned.new != one.planned.old
        ]


def view_of(plan: Plan, lang: Lang) -> PlanView:
    """Sentences and findings of a plan."""
    return PlanView(
        plan,
        tuple(_shown(one) for one in plan.changes),
        tuple(shown_finding(one, lang) for one in plan.findings),
    )


def _shown(one: Planned) -> Shown:
    if one.diff is None or one.old_ruleset is None or one.new_ruleset is None:
        return Shown(one, (), 0)
    said = diff_sentences(one.old_ruleset, one.new_ruleset, one.diff)
    return Shown(one, tuple(said[:SENTENCES]), max(0, len(said) - SENTENCES))


@router.get("/operations/reload")
def plan(
    request: Request,
    caller: May,
    hash: Annotated[list[str] | None, Query()] = None,
    chosen: str = "",
) -> Response:
    """What a reload would make live: all that waits, or with `chosen` the named versions."""
    return _plan(request, caller, (hash or []) if chosen else None)


def _plan(
    request: Request,
    caller: Caller,
    chosen: Sequence[str] | None,
    *notes: Note,
    status: int = 200,
) -> Response:
    services = services_of(request)
    with transaction(services.engine) as session:
        waiting = activating.waiting(session, caller.user_id)
        known = {one.hash for one in waiting}
        ticked = known if chosen is None else known.intersection(chosen)
        hashes = [one.hash for one in waiting if one.hash in ticked]
        found = activating.plan(session, caller.user_id, hashes)
    view = view_of(found, language_of(request))
    planned = {*view.coming}
    return page(
        request,
        "operations_reload.html",
        caller,
        notes=notes,
        status=status,
        view=view,
        covered=[
            f"{one.name} {one.version}"
            for one in waiting
            if one.hash in ticked and one.hash not in planned
        ],
        waiting=waiting,
        ticked=ticked,
        at_once=AT_ONCE,
        days=DAYS,
    )


@router.get("/operations/reload/impact/{hash}")
def impact(request: Request, caller: May, hash: str) -> Response:
    """How many documents of the last months one version would have sent another way."""
    services = services_of(request)
    said = Text("this process keeps none", "本进程未保存历史数据")
    with transaction(services.engine) as session:
        found = activating.plan(session, caller.user_id, [hash])
        told = None
        if services.histories is not None:
            told = impacts(
                session,
                found,
                services.rulebook.at(session),
                services.histories,
                services.clock.business_date(),
                visible=rule_reach(session, caller.user_id, READ).of,
                most=1,
            )
    for one in (told or {}).values():
        said = impact_text(one)
    return page(request, "_operations_impact.html", caller, said=said)


@router.post("/operations/reload")
def reload(
    request: Request,
    caller: MayActivate,
    over: Annotated[int, Form()],
    hash: Annotated[list[str] | None, Form()] = None,
    reason: Reason = "",
) -> Response:
    """Make exactly what the plan showed live; refused when another revision is live by now."""
    services = services_of(request)
    hashes = hash or []
    try:
        with transaction(services.engine) as session:
            now = services.clock.now()
            done = activating.reload(session, caller.user_id, hashes, reason, now, over)
    except SluiceError as error:
        return _plan(request, caller, hashes, *_refused(request, error), status=_status(error))
    if not done.changed:
        return go("/operations/reload", key="done.nothing_waited", revision=done.revision)
    return go("/operations/undo", key="done.reloaded", revision=done.revision, count=len(hashes))


@router.get("/operations/undo")
def undo_plan(request: Request, caller: May, to: int | None = None) -> Response:
    """What undoing would bring back, and the revisions one may go back to."""
    return _undo(request, caller, to)


def _undo(
    request: Request, caller: Caller, to: int | None, *notes: Note, status: int = 200
) -> Response:
    services = services_of(request)
    asked = request.query_params.get("page", "")
    number = max(1, int(asked)) if asked.isdecimal() and len(asked) < 9 else 1
    view, target = None, to
    with transaction(services.engine) as session:
        try:
            with session.begin_nested():
                target, found = activating.plan_back(session, caller.user_id, to)
                view = view_of(found, language_of(request))
        except SluiceError as error:
            if not notes:
                notes = (Note("", error.text.say(language_of(request))),)
        rows = revisions(session, limit=ROWS, offset=(number - 1) * ROWS)
        count = revision_count(session)
        told = touching(session, caller.user_id, [one.id or 0 for one in rows])
        live = _live(session)
    return page(
        request,
        "operations_undo.html",
        caller,
        notes=notes,
        status=status,
        view=view,
        target=target,
        rows=rows,
        told=told,
        live=live,
        pager=pager(request, number, ROWS, count),
    )


def _live(session: Session) -> Revision | None:
    newest = revisions(session, limit=1)
    return newest[0] if newest else None


@router.post("/operations/undo")
def undo(
    request: Request,
    caller: MayActivate,
    to: Annotated[int, Form()],
    over: Annotated[int, Form()],
    reason: Reason = "",
) -> Response:
    """Let the revision whose difference was shown rule again."""
    services = services_of(request)
    try:
        with transaction(services.engine) as session:
            now = services.clock.now()
            done = activating.take_back(session, caller.user_id, to, reason, now, over)
    except SluiceError as error:
        return _undo(request, caller, to, *_refused(request, error), status=_status(error))
    return go("/operations/reload", key="done.undone", revision=done.revision, restores=to)


@router.post("/operations/timed/{number}/cancel")
def cancel(request: Request, caller: MayActivate, number: int, reason: Reason = "") -> Response:
    """Stop a timed activation."""
    services = services_of(request)
    try:
        with transaction(services.engine) as session:
            activating.cancel(session, caller.user_id, number, reason, services.clock.now())
    except SluiceError as error:
        return _plan(request, caller, None, refusal(request, error), status=status_of(error))
    return go("/operations/reload", key="done.timed_cancelled", number=number)


def _refused(request: Request, error: SluiceError) -> list[Note]:
    """Why nothing has changed, with the findings of a refused set."""
    notes = [refusal(request, error)]
    if isinstance(error, RulesetRefused):
        said = (shown_finding(one, language_of(request)) for one in error.findings)
        notes += [
            Note("bad", f"{one.place} {one.severity}[{one.code}] {one.sentence}") for one in said
        ]
    return notes


def _status(error: SluiceError) -> int:
    return 422 if isinstance(error, RulesetRefused) else status_of(error)
