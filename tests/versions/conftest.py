"""A small group with the shipped vocabulary, one live approval ruleset and a person per duty."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from api.app import create_app
from api.services import Services
from engine.runtime.clock import ManualClock


@pytest.fixture
def ruled(ruled_template: str, engine: sa.Engine) -> sa.Engine:
    """A database with the group, its people, and payment-approval 1 live as revision 1."""
    del ruled_template  # says what `engine` is a copy of
    return engine


@pytest.fixture
def web(ruled: sa.Engine, clock: ManualClock) -> Iterator[httpx.Client]:
    """A client of the web application over `ruled`."""
    with TestClient(create_app(Services(ruled, clock, demo=False))) as client:
        yield client
