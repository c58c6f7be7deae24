"""Versions of the shipped approval ruleset, and people of every duty."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from sqlmodel import Session

from engine.rulebook import publish
from engine.runtime.clock import Clock
from engine.treasury.organisations.grants import grant
from engine.treasury.organisations.models import UserAccount
from tests.rulebook.support import approval_text

SHIPPED = Path(__file__).parents[2] / "rulesets"
FILE = "approval/payment-approval.yaml"


def grant_role(
    session: Session,
    user_id: str,
    role: str,
    org_id: str = "GROUP",
    kinds: Sequence[str] | None = None,
) -> None:
    """A new user with one role, for some kinds of rulesets or for all."""
    if session.get(UserAccount, user_id) is None:
        session.add(UserAccount(id=user_id, org_id=org_id, name=user_id))
        session.flush()
    grant(session, user_id, role, org_id, kinds)


def approval(step: int, large: str) -> str:
    """The shipped approval ruleset `step` versions later, under another threshold."""
    text = (SHIPPED / FILE).read_text("utf-8")
    raised = re.sub(
        r"(?m)^version: (\d+)$", lambda found: f"version: {int(found[1]) + step}", text, count=1
    )
    changed = re.sub(r"(?m)^(params: .*large: )\S+}", rf"\g<1>{large}}}", raised, count=1)
    assert len({text, raised, changed}) == 3
    return changed


def signed_next(session: Session, clock: Clock, many: int) -> list[str]:
    """Signed versions after the shipped one, of thresholds 450,000 and 400,000 in turn; nobody
    has made them live."""
    return [
        publish(
            session,
            approval(1 + number, "40万" if number % 2 else "45万"),
            FILE,
            author="analyst",
            reviewer="treasurer",
            reason="alternating",
            now=clock.now(),
        ).hash
        for number in range(many)
    ]


def branch_text(org: str, *, name: str, version: int = 1, large: str = "20万") -> str:
    """An approval ruleset of one organisation, without overrides."""
    text = approval_text(version=version, name=name, org=org, large=large)
    return re.sub(r"(?m)^overrides: .*\n", "", text)


PEOPLE = {
    "ann": ("analyst", "GROUP"),
    "amy": ("analyst", "GROUP"),
    "bea": ("analyst", "BJ"),
    "tom": ("treasurer", "GROUP"),
    "cat": ("cfo", "GROUP"),
    "oli": ("operator", "GROUP"),
    "bob": ("operator", "BJ"),
    "aud": ("audit", "GROUP"),
}
"""User -> role and organisation."""


def token(user_id: str) -> str:
    """The API token of a user."""
    return f"token-of-{user_id}-0123456789"


def said(user_id: str) -> dict[str, str]:
    """The headers of a request by a user."""
    return {"Authorization": f"Bearer {token(user_id)}"}
