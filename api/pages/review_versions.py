"""What is done with a version on its review: signed, returned, activated now or later, talked
about, gone on from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from sqlmodel import Session

from api.filters import instant_of
from api.identity import Caller, needs
from api.pages.review import Typed, version_page
from api.pages.shell import go
from api.pages.show import instant
from api.services import services_of
from engine.base.text import SluiceError
from engine.runtime.db import transaction
from engine.treasury.rulesets import activating, commenting, reviewing, writing
from engine.treasury.rulesets.visible import version_for

router = APIRouter(include_in_schema=False)
Reads = Annotated[Caller, Depends(needs("rulesets.read"))]
Edits = Annotated[Caller, Depends(needs("rulesets.edit"))]
Signs = Annotated[Caller, Depends(needs("rulesets.approve"))]
Activates = Annotated[Caller, Depends(needs("rulesets.activate"))]
Text = Annotated[str, Form()]
Done = TypeVar("Done")


def _act(
    request: Request,
    caller: Caller,
    hash: str,
    typed: Typed,
    do: Callable[[Session], Done],
    then: Callable[[Done], Response],
) -> Response:
    """Do it in one transaction; refused, the page comes back with what was typed."""
    try:
        with transaction(services_of(request).engine) as session:
            done = do(session)
    except SluiceError as error:
        return version_page(request, caller, hash, refused=error, typed=typed)
    return then(done)


@router.post("/rulesets/{hash}/sign")
def sign(request: Request, caller: Signs, hash: str, activate: Text = "") -> Response:
    """Approve it, never one's own; `activate` is "now" where it becomes live at once."""
    user, now = caller.user_id, services_of(request).clock.now()
    back = f"/rulesets/{hash}/review"
    if activate == "now":
        return _act(
            request,
            caller,
            hash,
            {},
            lambda session: reviewing.sign_and_activate(session, user, hash, now),
            lambda revision: go(back, key="done.review_approved_live", revision=revision),
        )
    return _act(
        request,
        caller,
        hash,
        {},
        lambda session: reviewing.sign(session, user, hash, now),
        lambda made: go(back, key="done.review_approved", name=made.name, version=made.version),
    )


@router.post("/rulesets/{hash}/return")
def give_back(request: Request, caller: Reads, hash: str, reason: Text = "") -> Response:
    """Return it with a reason, or withdraw what one wrote at."""
    user, now = caller.user_id, services_of(request).clock.now()
    return _act(
        request,
        caller,
        hash,
        {"why": reason},
        lambda session: reviewing.give_back(session, user, hash, reason, now),
        lambda made: go(
            f"/rulesets/{hash}/review",
            key="done.review_returned",
            name=made.name,
            version=made.version,
            author=made.author,
        ),
    )


@router.post("/rulesets/{hash}/activate")
def activate_now(request: Request, caller: Activates, hash: str, reason: Text = "") -> Response:
    """Make a signed version live."""
    user, now = caller.user_id, services_of(request).clock.now()
    return _act(
        request,
        caller,
        hash,
        {"reason": reason},
        lambda session: activating.reload(session, user, [hash], reason, now),
        lambda done: go(
            f"/rulesets/{hash}/review", key="done.review_made_live", revision=done.revision
        ),
    )


@router.post("/rulesets/{hash}/schedule")
def schedule(
    request: Request, caller: Activates, hash: str, reason: Text = "", at: Text = ""
) -> Response:
    """Let a signed version become live at an instant, written in Shanghai time."""
    user, now = caller.user_id, services_of(request).clock.now()
    return _act(
        request,
        caller,
        hash,
        {"reason": reason, "at": at},
        lambda session: activating.at(session, user, [hash], instant_of(at), reason, now),
        lambda made: go(
            f"/rulesets/{hash}/review", key="done.review_timed", at=instant(made.activate_at)
        ),
    )


@router.post("/rulesets/{hash}/schedules/{number}/cancel")
def cancel(
    request: Request, caller: Activates, hash: str, number: int, reason: Text = ""
) -> Response:
    """Stop a timed activation while it waits."""
    user, now = caller.user_id, services_of(request).clock.now()
    return _act(
        request,
        caller,
        hash,
        {"reason": reason},
        lambda session: activating.cancel(session, user, number, reason, now),
        lambda _: go(f"/rulesets/{hash}/review", key="done.review_untimed"),
    )


@router.post("/rulesets/{hash}/continue")
def go_on(request: Request, caller: Edits, hash: str) -> Response:
    """A new draft from it, to be written on in the workbench."""
    user, now = caller.user_id, services_of(request).clock.now()
    return _act(
        request,
        caller,
        hash,
        {},
        lambda session: writing.go_on(session, user, hash, now).id,
        lambda draft: go(f"/drafts/{draft}", key="done.review_went_on"),
    )


@router.post("/rulesets/{hash}/comments")
def comment(
    request: Request, caller: Reads, hash: str, text: Text = "", row: Text = ""
) -> Response:
    """Say something of it, or of one of its rows."""
    user, now = caller.user_id, services_of(request).clock.now()

    def say(session: Session) -> None:
        version = version_for(session, user, hash)
        commenting.say(session, user, version, text, now, row=row)

    return _act(
        request,
        caller,
        hash,
        {"text": text, "row": row},
        say,
        lambda _: go(f"/rulesets/{hash}/review", key="done.review_commented"),
    )
