"""Every process of the product follows the live revision: told by NOTIFY, and by looking itself.

Each decision asks the database for the live revision anyway. Following makes the new rulesets
read and compiled before the first document needs them, and shows which process is how far.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from typing import Literal

import psycopg
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from engine.base.text import SluiceError
from engine.rulebook.book import Rulebook
from engine.rulebook.families import org_tree
from engine.rulebook.pinned import Pinned
from engine.rulebook.revisions import CHANNEL
from engine.rules.params import OrgTree
from engine.runtime.db import transaction
from engine.runtime.jsontypes import JsonObject, canonical_json

log = logging.getLogger(__name__)

POLL_SECONDS = 0.5
"""How long a process that nobody told anything waits before it looks itself."""

HEARTBEAT_SECONDS = 5.0
"""How often a process says that it is there."""

FORGOTTEN_AFTER = "1 day"
"""A process that was not seen for this long is no longer listed."""

Kind = Literal["api", "worker", "scheduler", "monitor"]

_SEEN = sa.text("""
WITH gone AS (
  DELETE FROM replica
  WHERE seen_at < clock_timestamp() - CAST(:forgotten AS interval) AND name <> :name)
INSERT INTO replica (name, kind, pid, host, revision, started_at, seen_at, detail)
VALUES (:name, :kind, :pid, :host, :revision, clock_timestamp(), clock_timestamp(),
        CAST(:detail AS jsonb))
ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, pid = excluded.pid, host = excluded.host,
  revision = excluded.revision, seen_at = excluded.seen_at, detail = excluded.detail
""")


class Follower:
    """Follows the live revision for one process and keeps the process's row in `replica`."""

    def __init__(
        self, engine: sa.Engine, rulebook: Rulebook, kind: Kind, name: str | None = None
    ) -> None:
        self._engine = engine
        self._rulebook = rulebook
        self._kind = kind
        self._host = socket.gethostname()
        self.name = name or f"{kind}-{self._host}-{os.getpid()}"
        self._pinned: Pinned | None = None
        self._listening: psycopg.Connection[object] | None = None
        self._told = 0.0
        self._detail: JsonObject = {}

    def run_forever(self, stop: threading.Event) -> None:
        """Follow until `stop` is set; without a database it is waited for."""
        try:
            while not stop.is_set():
                try:
                    self.look()
                except SQLAlchemyError as error:
                    log.warning(
                        "%s cannot look for a new revision, trying again: %s", self.name, error
                    )
                self._wait(stop)
        finally:
            self._hang_up()
            self._leave()

    def look(self) -> int:
        """Read and compile the live revision if it is new, and say so; its number."""
        with transaction(self._engine) as session:
            detail = dict(self._detail)
            detail["listening"] = self._listening is not None
            try:
                pinned = self._rulebook.at(session)
                if self._pinned is None or pinned.revision != self._pinned.revision:
                    detail = {"listening": detail["listening"], **_compile(session, pinned)}
                    self._pinned = pinned
            except SluiceError as error:
                # What was read before stays at hand; decisions ask for the live revision and meet
                # the same error until it can be read. The status screen names it.
                detail["error"] = f"[{error.code}] {error.text.en}"
            number = 0 if self._pinned is None else self._pinned.revision
            due = time.monotonic() - self._told >= HEARTBEAT_SECONDS
            if due or detail != self._detail:
                self._tell(session, number, detail)
        return number

    def _tell(self, session: Session, number: int, detail: JsonObject) -> None:
        session.execute(
            _SEEN,
            {
                "name": self.name,
                "kind": self._kind,
                "pid": os.getpid(),
                "host": self._host,
                "revision": number,
                "detail": canonical_json(detail),
                "forgotten": FORGOTTEN_AFTER,
            },
        )
        self._told, self._detail = time.monotonic(), detail

    def _wait(self, stop: threading.Event) -> None:
        """Until a revision is announced, or it is time to look anyway."""
        try:
            if self._listening is None:
                self._listening = self._listen()
            for _ in self._listening.notifies(timeout=POLL_SECONDS, stop_after=1):
                return
        except (psycopg.Error, SQLAlchemyError) as error:
            log.warning("%s is not told of new revisions, looking itself: %s", self.name, error)
            self._hang_up()
            stop.wait(POLL_SECONDS)

    def _listen(self) -> psycopg.Connection[object]:
        made = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection = made.connection.driver_connection
        made.detach()
        if not isinstance(connection, psycopg.Connection):
            raise TypeError(f"listening needs psycopg, not {type(connection)}")
        connection.execute(f"LISTEN {CHANNEL}")
        return connection

    def _hang_up(self) -> None:
        if self._listening is not None:
            self._listening.close()
            self._listening = None

    def _leave(self) -> None:
        try:
            with transaction(self._engine) as session:
                session.execute(
                    sa.text("DELETE FROM replica WHERE name = :name"), {"name": self.name}
                )
        except SQLAlchemyError as error:
            log.warning("%s could not take its leave: %s", self.name, error)


def _compile(session: Session, pinned: Pinned) -> JsonObject:
    began = time.perf_counter()
    compiled = pinned.prepare(_paths(org_tree(session)))
    return {"evaluators": compiled, "milliseconds": round((time.perf_counter() - began) * 1000)}


def _paths(tree: OrgTree | None) -> list[tuple[str, ...]]:
    """The path of every organisation, from the root."""
    found = []
    for org in tree or {}:
        path = [org]
        above = (tree or {}).get(org)
        while above is not None:
            path.append(above)
            above = (tree or {}).get(above)
        found.append(tuple(reversed(path)))
    return found
