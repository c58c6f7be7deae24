"""A command on a workspace in the name of a person: opened, proven, in one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlmodel import Session

from api.cli.person import proven
from api.cli.workspace import opened
from api.demo.state import clock_for
from engine.runtime.clock import Clock
from engine.runtime.db import transaction


@contextmanager
def acting(workspace: Path | None, user: str) -> Iterator[tuple[Session, str, Clock]]:
    """The transaction, who acts, and the workspace's clock. Raises as `proven`."""
    with opened(workspace) as (place, _, engine):
        clock = clock_for(place)
        person = proven(place, engine, clock, user)
        with transaction(engine) as session:
            yield session, person, clock
