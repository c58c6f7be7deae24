"""A group in the evening of a played day: what pages and the API are tried on.

The day is the demo's, played through the real product against simulated banks over HTTP and
stopped before the accountant decides the queue, so that every page has something to show. It is
played once per test run; every test gets a copy of its database.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import sqlalchemy as sa
from fastapi.testclient import TestClient
from psycopg import sql

from api.app import create_app
from api.demo.claims import plan_day
from api.demo.day import play_day
from api.demo.opening import demo_password
from api.demo.playing import opened_stage, shipped_rulesets
from api.identity import COOKIE
from api.services import Services
from engine.runtime import db
from engine.runtime.audit import AnchorFile
from engine.runtime.clock import BUSINESS_ZONE, ManualClock
from engine.runtime.postgres import EmbeddedServer
from engine.runtime.workspace import Workspace
from tests.copies import create_copy, drop_copy

TEMPLATE = "template_played_day"
DAY = dt.date(2026, 11, 20)
EVENING = dt.datetime.combine(DAY, dt.time(18, 45), BUSINESS_ZONE)
SEED = 7


@dataclass(frozen=True)
class Played:
    """What every copy of the played day has in common."""

    password: str
    """Of every person."""
    token: str
    """Of the technical user claims-system."""
    anchors: str


@dataclass(frozen=True)
class World:
    """A copy of the played day with the application over it."""

    engine: sa.Engine
    clock: ManualClock
    played: Played
    services: Services
    sessions: dict[str, tuple[str, str]] = field(default_factory=dict)
    """User -> session token and CSRF token: signing in is slow on purpose."""

    def client(self, user: str | None = None, lang: str = "en") -> Browser:
        """A browser without scripts, signed in as `user`."""
        browser = Browser(self)
        browser.http.cookies.set("lang", lang)
        if user is not None:
            browser.sign_in(user)
        return browser

    @property
    def bearer(self) -> dict[str, str]:
        """Headers of the source system."""
        return {"Authorization": f"Bearer {self.played.token}"}

    def one(self, query: str, **values: object) -> str:
        """The first value of a query, as text."""
        with db.transaction(self.engine) as session:
            return str(session.execute(sa.text(query), values).scalar_one())


class Browser:
    """Requests with a session: forms carry its CSRF token."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.http = TestClient(create_app(world.services), follow_redirects=False)
        self.csrf = ""

    def sign_in(self, user: str) -> None:
        """Open a session, or take the one this copy of the day has for the user."""
        sessions = self._world.sessions
        if user not in sessions:
            answer = self.http.post(
                "/sign-in", data={"user_id": user, "password": self._world.played.password}
            )
            assert answer.status_code == 303, answer.text
            csrf = self._world.one("SELECT csrf_token FROM user_session WHERE user_id = :u", u=user)
            sessions[user] = (self.http.cookies[COOKIE], csrf)
        token, self.csrf = sessions[user]
        self.http.cookies.set(COOKIE, token)


class _Evening(Exception):
    """The day has gone far enough."""


def _tell(title: str) -> None:
    if "queue" in title:
        raise _Evening


def _play(engine: sa.Engine, folder: Path) -> Played:
    workspace = Workspace.create(folder, demo=True)
    clock = ManualClock(dt.datetime.combine(DAY, dt.time(8), BUSINESS_ZONE))
    with opened_stage(workspace, engine, shipped_rulesets(), seed=SEED, clock=clock) as stage:
        try:
            play_day(stage, plan_day(60, SEED, DAY), _tell)
        except _Evening:
            pass
        else:
            raise AssertionError("the demo day no longer has an accountant's queue")
    secrets = workspace.secrets()
    return Played(
        demo_password(workspace),
        secrets.get("claims_system_token"),
        str(workspace.anchors.path),
    )


def played_day(server: EmbeddedServer, homes: Path) -> Played:
    """Play the day once per server, whichever worker comes first."""
    homes.mkdir(exist_ok=True)
    kept = homes / "played.json"
    with (homes / "played.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if kept.exists():
            return Played(**json.loads(kept.read_text()))
        with _copy(server, "template_migrated", "t_unplayed", keep=True) as url:
            engine = db.make_engine(url)
            played = _play(engine, homes / "workspace")
            engine.dispose()
        with server.admin() as connection:
            connection.execute(
                sql.SQL("ALTER DATABASE t_unplayed RENAME TO {}").format(sql.Identifier(TEMPLATE))
            )
        kept.write_text(json.dumps(asdict(played)))
        return played


@contextmanager
def _copy(server: EmbeddedServer, template: str, name: str, *, keep: bool = False) -> Iterator[str]:
    create_copy(server, name, template)
    yield server.url(name)
    if not keep:
        drop_copy(server, name)


@contextmanager
def world_of(server: EmbeddedServer, played: Played, name: str) -> Iterator[World]:
    """A copy of the played day."""
    with _copy(server, TEMPLATE, name) as url:
        engine = db.make_engine(url)
        clock = ManualClock(EVENING)
        anchors = AnchorFile(Path(played.anchors))
        services = Services(engine, clock, demo=True, anchors=anchors)
        yield World(engine, clock, played, services)
        engine.dispose()
