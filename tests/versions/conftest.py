"""A small group with the shipped vocabulary, one live approval ruleset and a person per duty."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from api.app import create_app
from api.services import Services
from engine.runtime import db
from engine.runtime.clock import ManualClock
from engine.treasury.organisations.signin import set_token
from tests.rulebook.support import approval_text, live, words
from tests.treasury_intake.support import build_group
from tests.versions.support import PEOPLE, grant_role, token


@pytest.fixture
def ruled(engine: sa.Engine) -> sa.Engine:
    """A database with the group, its people, and payment-approval 1 live as revision 1."""
    with db.transaction(engine) as session:
        words(session)
        live(session, approval_text())
        build_group(session)
        for user_id, (role, org_id) in PEOPLE.items():
            grant_role(session, user_id, role, org_id)
            set_token(session, user_id, token(user_id))
    return engine


@pytest.fixture
def web(ruled: sa.Engine, clock: ManualClock) -> Iterator[httpx.Client]:
    """A client of the web application over `ruled`."""
    with TestClient(create_app(Services(ruled, clock, demo=False))) as client:
        yield client
