"""A program that calls the API on a small database: who it is, is given; all else is real."""

from __future__ import annotations

import sqlalchemy as sa
from fastapi.testclient import TestClient

from api.app import create_app
from api.identity import Caller, signed_in
from api.services import Services
from engine.rulebook import publish_vocabulary
from engine.runtime.clock import ManualClock
from engine.runtime.db import transaction
from engine.treasury.organisations.signin import Visitor
from tests.edit.given import SHIPPED
from tests.rulebook.support import NOW

WORDS = SHIPPED[0].parents[1] / "vocabulary.yaml"


def client(engine: sa.Engine, *permissions: str) -> TestClient:
    """A technical user with these permissions; the shipped vocabulary is published."""
    with transaction(engine) as session:
        words = WORDS.read_text(encoding="utf-8")
        publish_vocabulary(session, words, author="a", reviewer="b", reason="first", now=NOW)
    app = create_app(Services(engine=engine, clock=ManualClock(NOW), demo=False))
    visitor = Visitor("program", "GROUP", "program", "en", None)
    app.dependency_overrides[signed_in] = lambda: Caller(visitor, frozenset(permissions))
    return TestClient(app, follow_redirects=False)
