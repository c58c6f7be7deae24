"""What the commands of operators share: the product put together, so that its schedules, kinds of
action and banks are known."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import Session

from api.assembly import assemble
from api.cli.person import proven
from api.cli.workspace import opened
from api.demo.living import QUICK
from api.demo.state import clock_for
from api.services import Services
from engine.runtime.db import transaction
from engine.runtime.workspace import Workspace


@contextmanager
def operating(workspace: Path | None, user: str) -> Iterator[tuple[Session, str, Services]]:
    """The transaction, who acts, and the product's services. Raises as `proven`."""
    with opened(workspace) as (place, _, engine):
        person = proven(place, engine, clock_for(place), user)
        with _assembled(place, engine) as services, transaction(engine) as session:
            yield session, person, services


@contextmanager
def looking(workspace: Path | None) -> Iterator[tuple[Session, Services]]:
    """The transaction and the product's services, for who holds the workspace and sees it all."""
    with (
        opened(workspace) as (place, _, engine),
        _assembled(place, engine) as services,
        transaction(engine) as session,
    ):
        yield session, services


@contextmanager
def _assembled(place: Workspace, engine: sa.Engine) -> Iterator[Services]:
    assembly = assemble(
        engine,
        clock_for(place),
        demo=place.demo,
        endpoints=os.environ,
        secrets={},
        anchors=place.anchors,
        more_schedules=QUICK if place.demo else (),
    )
    try:
        yield assembly.services
    finally:
        assembly.banks.close()
