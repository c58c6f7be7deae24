"""What came of the actions of a batch, written as each ends; and whether the next may begin.

One statement ends an action and looks whether the next of the batch was held meanwhile. It commits
by itself, on one connection for the batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from engine.runtime import db
from engine.runtime.holds import HELD
from engine.runtime.jsontypes import JsonObject

_END = sa.text(
    # A completion lost with the machine only runs an idempotent handler again, so it does not wait
    # for the disk. A lost claim would hand out one epoch twice: claims do wait.
    f"""
WITH ended AS (
  UPDATE action SET state = :state, due_at = coalesce(:due, due_at), crashes = :crashes,
         last_error = :error, lease_until = NULL,
         finished_at = CASE WHEN :state IN ('done', 'dead') THEN clock_timestamp() END
  FROM (SELECT set_config('synchronous_commit', 'off', true) WHERE :state = 'done'
        UNION ALL SELECT '' WHERE :state <> 'done') AS way
  WHERE id = :id AND epoch = :epoch AND state = 'leased' RETURNING id),
given_back AS (
  UPDATE action a SET state = 'ready', lease_until = NULL, attempts = attempts - 1
  WHERE a.id = :next_id AND a.epoch = :next_epoch AND a.state = 'leased' AND {HELD}
  RETURNING a.id)
SELECT EXISTS (SELECT 1 FROM ended) AS written, EXISTS (SELECT 1 FROM given_back) AS given_back
"""  # noqa: S608 - a constant of ours
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """An action in a worker's hand."""

    id: int
    org_id: str | None
    kind: str
    key: str
    payload: JsonObject
    epoch: int
    attempts: int
    crashes: int


@dataclass(frozen=True, slots=True)
class Ending:
    """What an action ends as: `state` ready (again, `due` on the business clock), done or dead."""

    state: str
    crashes: int
    due: datetime | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """Whether the ending was `written` (False: the action belongs to another worker now), and
    whether the next action was held and is `given_back` unbegun."""

    written: bool
    given_back: bool


class Endings:
    """Writes the endings of one batch."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def write(self, action: Claimed, ending: Ending, following: Claimed | None) -> Written:
        """End `action`; `following` is given back when it is held by now."""
        row = self._execute(_values(action, ending, following))
        return Written(row.written, row.given_back)

    def look(self, following: Claimed | None) -> bool:
        """Whether `following` was held by now and is given back; nothing ends."""
        if following is None:
            return False
        return bool(self._execute(_values(None, Ending("", 0), following)).given_back)

    def _execute(self, values: Mapping[str, object]) -> sa.Row[tuple[object, ...]]:
        try:
            return self._connection.execute(_END, values).one()
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            # The server was started again since the batch began. An ending that had been written
            # after all is not written twice: its action is in nobody's hand any more.
            return db.connected_again(self._connection).execute(_END, values).one()


@contextmanager
def endings(engine: sa.Engine) -> Iterator[Endings]:
    """What writes the endings of one batch."""
    with db.statement(engine) as connection:
        yield Endings(connection)


def write_in(session: Session, action: Claimed, ending: Ending) -> bool:
    """End `action` in the transaction of `session`; False when it belongs to another by now."""
    return bool(session.execute(_END, _values(action, ending, None)).one().written)


def _values(
    action: Claimed | None, ending: Ending, following: Claimed | None
) -> Mapping[str, object]:
    return {
        "id": action.id if action else None,
        "epoch": action.epoch if action else None,
        "state": ending.state,
        "due": ending.due,
        "crashes": ending.crashes,
        "error": ending.error,
        "next_id": following.id if following else None,
        "next_epoch": following.epoch if following else None,
    }
