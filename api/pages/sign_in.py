"""Signing in and out, and choosing the language."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from api.identity import COOKIE, Caller, check_csrf, signed_in
from api.pages.language import LANGUAGES
from api.pages.shell import page, refusal
from api.services import services_of
from engine.runtime.db import transaction
from engine.treasury.organisations import signin
from engine.treasury.organisations.errors import SignInFailed

router = APIRouter(include_in_schema=False)


def _safe_next(address: str | None) -> str:
    """A path of this site only: no scheme, no host, no backslash tricks."""
    if not address or not address.startswith("/") or address[1:2] in ("/", "\\"):
        return "/"
    return address


@router.get("/sign-in")
def form(request: Request, next: str = "/") -> Response:
    """The sign-in page."""
    return page(request, "sign_in.html", next=_safe_next(next), user_id="")


@router.post("/sign-in")
def enter(
    request: Request,
    user_id: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",
) -> Response:
    """Open a session; its token goes into an httpOnly cookie that only this site sends."""
    services = services_of(request)
    try:
        with transaction(services.engine) as session:
            opened = signin.sign_in(session, user_id.strip(), password, services.clock.now())
    except SignInFailed as error:
        return page(
            request,
            "sign_in.html",
            notes=(refusal(request, error),),
            status=401,
            next=_safe_next(next),
            user_id=user_id,
        )
    answer = RedirectResponse(_safe_next(next), status_code=303)
    answer.set_cookie(
        COOKIE,
        opened.token,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
        max_age=int(signin.SESSION_LENGTH.total_seconds()),
    )
    return answer


@router.post("/sign-out")
async def leave(request: Request, caller: Annotated[Caller, Depends(signed_in)]) -> Response:
    """End the session."""
    await check_csrf(request, caller.visitor)
    token = request.cookies.get(COOKIE)
    if token is not None:
        with transaction(services_of(request).engine) as session:
            signin.sign_out(session, token)
    answer = RedirectResponse("/sign-in", status_code=303)
    answer.delete_cookie(COOKIE)
    return answer


@router.get("/language/{lang}")
def choose_language(lang: str, next: str = "/") -> Response:
    """Keep the language in a cookie and go back."""
    answer = RedirectResponse(_safe_next(next), status_code=303)
    if lang in LANGUAGES:
        answer.set_cookie("lang", lang, samesite="lax", httponly=True, max_age=31_536_000)
    return answer
