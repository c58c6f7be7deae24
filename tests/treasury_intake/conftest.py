"""A database with the test group and the shipped rulesets live."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from engine.rulebook import Rulebook
from tests.treasury_intake.support import build_group


@pytest.fixture
def rulebook() -> Rulebook:
    """A rulebook that has read nothing yet."""
    return Rulebook()


@pytest.fixture
def group(engine: sa.Engine) -> Iterator[Session]:
    """A session on a database with the group, without rulesets."""
    with Session(engine, expire_on_commit=False) as session:
        build_group(session)
        yield session


@pytest.fixture
def live(live_template: str, engine: sa.Engine) -> Iterator[Session]:
    """A session on a database with the group and the shipped rulesets live."""
    del live_template  # says what `engine` is a copy of
    with Session(engine, expire_on_commit=False) as session:
        yield session
