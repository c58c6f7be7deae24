"""A technical user of the API on a small database."""

from __future__ import annotations

import sqlalchemy as sa
from fastapi.testclient import TestClient

from api.app import create_app
from api.services import Services
from engine.rulebook import publish_vocabulary
from engine.runtime.clock import ManualClock
from engine.runtime.db import transaction
from engine.treasury.organisations.signin import set_token
from tests.edit.given import SHIPPED
from tests.rulebook.support import NOW
from tests.treasury_intake.support import build_group
from tests.versions.support import grant_role, said, token

WORDS = SHIPPED[0].parents[1] / "vocabulary.yaml"


def client(engine: sa.Engine, role: str) -> TestClient:
    """The technical user `program` with a role in the whole test group.

    The shipped vocabulary is published.
    """
    with transaction(engine) as session:
        words = WORDS.read_text(encoding="utf-8")
        publish_vocabulary(session, words, author="a", reviewer="b", reason="first", now=NOW)
        build_group(session)
        grant_role(session, "program", role)
        set_token(session, "program", token("program"))
    app = create_app(Services(engine=engine, clock=ManualClock(NOW), demo=False))
    return TestClient(app, headers=said("program"), follow_redirects=False)
