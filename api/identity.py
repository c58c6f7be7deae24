"""Who is calling, and whether he may: every route names the permission it needs.

People carry a session cookie, technical users a bearer token. A form must also carry the
session's CSRF token; a bearer token is never sent by a browser on its own, so it needs none.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from api.services import Services, services_of
from engine.base.text import SluiceError, Text
from engine.runtime.db import transaction
from engine.treasury.organisations.grants import permissions_of
from engine.treasury.organisations.signin import (
    Visitor,
    csrf_matches,
    visitor_of_session,
    visitor_of_token,
)

COOKIE = "sluicegate_session"
PERMISSION_MARK = "needs_permission"
"""Attribute of a permission dependency, by which a test finds routes without one."""


class NotSignedIn(SluiceError):
    """The request carries no valid session and no valid token."""

    def __init__(self) -> None:
        super().__init__(
            "NOT_SIGNED_IN", Text("sign in first, or send a valid token", "请先登录或提供有效令牌")
        )


class Forbidden(SluiceError):
    """The caller may not do this anywhere, or the form is not from his session."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The user of a request and what he may do somewhere in the group."""

    visitor: Visitor
    permissions: frozenset[str]

    @property
    def user_id(self) -> str:
        """Sign-in name."""
        return self.visitor.user_id


def _visitor(request: Request, services: Services) -> Visitor | None:
    header = request.headers.get("authorization", "")
    with transaction(services.engine) as session:
        if header[:7].lower() == "bearer ":
            return visitor_of_token(session, header[7:].strip())
        cookie = request.cookies.get(COOKIE)
        if cookie is None:
            return None
        return visitor_of_session(session, cookie, services.clock.now())


def signed_in(request: Request) -> Caller:
    """The caller; NotSignedIn when nobody is."""
    services = services_of(request)
    visitor = _visitor(request, services)
    if visitor is None:
        raise NotSignedIn
    with transaction(services.engine) as session:
        return Caller(visitor, permissions_of(session, visitor.user_id))


SignedIn = Annotated[Caller, Depends(signed_in)]


def needs(permission: str) -> Callable[..., Awaitable[Caller]]:
    """A dependency: the caller has `permission` somewhere; lists and acts check where.

    Unsafe methods called with a cookie must carry the session's CSRF token, as the form field
    `csrf` or the header `X-CSRF-Token`.
    """

    async def check(request: Request, caller: SignedIn) -> Caller:
        if permission not in caller.permissions:
            raise Forbidden(
                "FORBIDDEN",
                Text(
                    f"this needs the permission {permission}; ask a user administrator",
                    f"此操作需要权限 {permission};请联系用户管理员",
                ),
            )
        await check_csrf(request, caller.visitor)
        return caller

    setattr(check, PERMISSION_MARK, permission)
    return check


async def check_csrf(request: Request, visitor: Visitor) -> None:
    """Forbidden CSRF for a form or script call that does not come from the session's own pages."""
    if request.method in ("GET", "HEAD", "OPTIONS") or visitor.csrf_token is None:
        return
    sent = request.headers.get("x-csrf-token")
    if sent is None:
        field = (await request.form()).get("csrf")
        sent = field if isinstance(field, str) else None
    if not csrf_matches(visitor, sent):
        if request.url.path.startswith("/api/"):
            raise Forbidden(
                "CSRF",
                Text(
                    "a session alone may change nothing here; send its CSRF token as the header "
                    "X-CSRF-Token, or sign in as a program does, with a bearer token",
                    "仅凭会话不能修改;请在 X-CSRF-Token 请求头中附上会话的 CSRF 令牌,"
                    "程序请改用 Bearer 令牌",
                ),
            )
        raise Forbidden(
            "CSRF",
            Text(
                "the form is out of date; load the page again and repeat",
                "表单已失效;请刷新页面后重试",
            ),
        )
