"""People limited to kinds, and texts of two kinds."""

from __future__ import annotations

import re
from collections.abc import Sequence

import httpx
import sqlalchemy as sa

from engine.runtime import db
from engine.treasury.organisations.signin import set_token
from tests.rulebook.support import approval_text
from tests.versions.support import SHIPPED, grant_role, said, token

API = "/api/v1"
APPROVAL = approval_text(version=2, large="40万")
ROUTING = (SHIPPED / "routing/payment-routing.yaml").read_text("utf-8")


def routing(version: int = 2, limit: str = "90万", org: str = "GROUP") -> str:
    """The shipped routing under another limit."""
    text = re.sub(r"(?m)^version: .*$", f"version: {version}", ROUTING)
    text = text.replace("system_limit: 100万", f"system_limit: {limit}").replace(
        "1000000.01", "99万"
    )
    text = text.replace("| false     | 100万 ", f"| false     | {limit} ")
    return text.replace("org: GROUP", f"org: {org}")


def person(
    engine: sa.Engine,
    user: str,
    role: str,
    org: str = "GROUP",
    kinds: Sequence[str] | None = None,
) -> None:
    """Somebody with one role and a token."""
    with db.transaction(engine) as session:
        grant_role(session, user, role, org, kinds)
        set_token(session, user, token(user))


def get(web: httpx.Client, user: str, path: str, **params: str) -> httpx.Response:
    """GET as somebody."""
    return web.get(f"{API}/{path}", params=params, headers=said(user))


def post(web: httpx.Client, user: str, path: str, **body: object) -> httpx.Response:
    """POST as somebody."""
    return web.post(f"{API}/{path}", json=body, headers=said(user))


def code(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal."""
    return answer.status_code, str(answer.json().get("code"))
