"""Databases that are built once per worker and then only copied, one copy per test.

A fixture that stands on such a database asks for its `…_template`; the test's `engine` is then on
a copy of it (`template` in tests/conftest.py).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from engine.runtime import db
from engine.runtime.postgres import EmbeddedServer
from engine.treasury.organisations.signin import set_token
from tests.copies import create_copy, drop_copy
from tests.rulebook.support import approval_text, live, words
from tests.starting import TEMPLATE, starting_clock
from tests.treasury_intake.support import build_group, publish_shipped
from tests.versions.support import PEOPLE, grant_role, token


@contextmanager
def built(
    server: EmbeddedServer, build: Callable[[sa.Engine], None], template: str = TEMPLATE
) -> Iterator[str]:
    """The name of a copy of `template` that `build` went on with, and nobody is connected to."""
    name = f"b_{uuid.uuid4().hex[:16]}"
    create_copy(server, name, template)
    engine = db.make_engine(server.url(name))
    build(engine)
    engine.dispose()
    yield name
    drop_copy(server, name)


def _ruled(engine: sa.Engine) -> None:
    with db.transaction(engine) as session:
        words(session)
        live(session, approval_text())
        build_group(session)
        for user_id, (role, org_id) in PEOPLE.items():
            grant_role(session, user_id, role, org_id)
            set_token(session, user_id, token(user_id))


def _live(engine: sa.Engine) -> None:
    with db.transaction(engine) as session:
        build_group(session)
        publish_shipped(session, starting_clock())


@pytest.fixture(scope="session")
def ruled_template(postgres_server: EmbeddedServer) -> Iterator[str]:
    """The group, a person per duty, and payment-approval 1 live as revision 1."""
    with built(postgres_server, _ruled) as name:
        yield name


@pytest.fixture(scope="session")
def live_template(postgres_server: EmbeddedServer) -> Iterator[str]:
    """The test group with the shipped rulesets live."""
    with built(postgres_server, _live) as name:
        yield name
