"""The action queue as an operator sees it: what waits, runs, is held or was given up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from engine.runtime.holds import HELD, open_holds
from engine.runtime.models import WorkHold
from engine.treasury.operations.reach import SEEN, Reach, reach

STATES = ("due", "later", "running", "held", "dead", "done")
"""How an action stands: due waits for a worker, later for its time, running is with a worker,
held waits for its release, dead was given up, done is carried out."""

_STATE = f"""CASE WHEN a.state = 'leased' THEN 'running' WHEN a.state <> 'ready' THEN a.state
  WHEN {HELD} THEN 'held' WHEN a.due_at > :now THEN 'later' ELSE 'due' END"""

_COUNTS = sa.text(
    f"""
SELECT kind, standing, count(*) AS many FROM (
  SELECT a.kind, {_STATE} AS standing FROM action a WHERE a.state <> 'done' AND {SEEN}) one
GROUP BY 1, 2"""  # noqa: S608 - constants
)

_ROWS = f"""
SELECT * FROM (SELECT a.id, a.key, a.kind, a.org_id, {_STATE} AS standing, {HELD} AS held,
  a.due_at, a.attempts, a.crashes, a.last_error, a.worker, a.lease_until, a.created_at
  FROM action a WHERE {{narrowed}} AND {SEEN}) one"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What of the queue is wanted; `state` None is everything that is not done."""

    state: str | None = None
    kind: str | None = None
    text: str | None = None
    """A part of the key or of the last reason."""


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One action. `due_at` is a business instant, `lease_until` the database's."""

    id: int
    key: str
    kind: str
    org_id: str | None
    standing: str
    """One of STATES."""
    held: bool
    """It is held; a running one from the end of this run."""
    due_at: dt.datetime | None
    attempts: int
    crashes: int
    last_error: str | None
    worker: str | None
    lease_until: dt.datetime | None
    created_at: dt.datetime


@dataclass(frozen=True, slots=True)
class QueuePage:
    """One page of actions and how many there are in all."""

    rows: tuple[QueueRow, ...]
    count: int


@dataclass(frozen=True, slots=True)
class KindRow:
    """A kind of action: how many stand how, and the hold on it."""

    kind: str
    counts: dict[str, int]
    hold: WorkHold | None

    @property
    def open(self) -> int:
        """All that are not done."""
        return sum(self.counts.values())


def kinds(
    session: Session, user_id: str | None, known: Iterable[str], now: dt.datetime
) -> tuple[KindRow, ...]:
    """Every kind the product knows (`known`) or has in its queue, by name."""
    counts: dict[str, dict[str, int]] = {kind: {} for kind in known}
    seen = reach(session, user_id)
    for row in session.execute(_COUNTS, {"now": now, **seen.values}):
        counts.setdefault(row.kind, {})[row.standing] = row.many
    holds = {one.name: one for one in open_holds(session, "kind")}
    for name in holds:
        counts.setdefault(name, {})
    return tuple(
        KindRow(
            kind,
            {one: counts[kind][one] for one in STATES if one in counts[kind]},
            holds.get(kind),
        )
        for kind in sorted(counts)
    )


def find(
    session: Session,
    user_id: str | None,
    wanted: QueueFilter,
    now: dt.datetime,
    *,
    limit: int = 50,
    offset: int = 0,
) -> QueuePage:
    """Actions within the user's reach: open ones by their time, done ones newest first."""
    query, values = _query(wanted, reach(session, user_id), now)
    order = "id DESC" if wanted.state == "done" else "due_at NULLS FIRST, id"
    count = session.execute(sa.text(f"SELECT count(*) FROM ({query}) q"), values)  # noqa: S608
    rows = session.execute(
        sa.text(f"{query} ORDER BY {order} LIMIT :limit OFFSET :offset"),
        {**values, "limit": limit, "offset": offset},
    )
    return QueuePage(tuple(QueueRow(*row) for row in rows), count.scalar_one())


def _query(wanted: QueueFilter, seen: Reach, now: dt.datetime) -> tuple[str, dict[str, object]]:
    """The query and its values; what people wrote is only ever a value."""
    narrowed = ["a.state = 'done'" if wanted.state == "done" else "a.state <> 'done'"]
    values: dict[str, object] = {"now": now, **seen.values}
    if wanted.kind is not None:
        narrowed.append("a.kind = :kind")
        values["kind"] = wanted.kind
    if wanted.text is not None:
        narrowed.append("(strpos(a.key, :text) > 0 OR strpos(lower(a.last_error), :lower) > 0)")
        values |= {"text": wanted.text, "lower": wanted.text.lower()}
    query = _ROWS.format(narrowed=" AND ".join(narrowed))
    if wanted.state is not None:
        query += " WHERE standing = :state"
        values["state"] = wanted.state
    return query, values
