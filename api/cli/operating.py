"""What the commands of operators share: the product put together, so that its schedules, kinds of
action and banks are known."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import Session

from api.assembly import assemble
from api.cli.person import proven
from api.cli.say import explained, say, say_json
from api.cli.workspace import opened
from api.demo.living import QUICK
from api.demo.state import clock_for
from api.services import Services
from engine.base.text import Lang, Text
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


Act = Callable[[Session, str, Services], dict[str, object]]
"""What a person does, and what `--format json` says of it."""


def operate(
    act: Act, said: Text, user: str, output: str, lang: Lang, workspace: Path | None
) -> None:
    """Act in a person's name, then say so."""
    with explained(lang, output), operating(workspace, user) as (session, person, services):
        value = act(session, person, services)
    if output == "json":
        say_json(value)
    else:
        say(said.say(lang))


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
