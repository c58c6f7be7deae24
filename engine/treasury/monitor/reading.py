"""Reading events and decisions in the order of their commits, so that none is ever passed over.

Ids are given before a transaction commits: who reads by id alone misses the row of a slow
transaction. Here only rows of transactions below the oldest running one are read; whatever comes
later stands behind them. Any long transaction in the database therefore makes the monitor wait.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.text import SluiceError, Text

EVENTS, DECISIONS = "events", "decisions"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stream was read to."""

    xact: int
    id: int


@dataclass(frozen=True, slots=True)
class Happened:
    """One event."""

    place: Place
    org_id: str
    org_path: tuple[str, ...]
    key: str
    matter: str
    subject: str
    subject_kind: str
    subject_id: str
    document_id: int | None
    facts: Mapping[str, object]
    revision_id: int | None
    business_date: dt.date
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision of the log."""

    place: Place
    org_id: str
    org_path: tuple[str, ...]
    revision_id: int
    ruleset_hash: str
    ruleset: str
    version: int
    matter_kind: str
    matter_id: str
    facts: Mapping[str, object]
    rows: tuple[str, ...]
    outcome: object
    business_date: dt.date
    at: dt.datetime


_PLACES = "SELECT name, xact, id FROM monitor_cursor"
_SETTLED = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
_EVENTS = sa.text(f"""
SELECT xact, id, org_id, org_path, key, matter, subject, subject_kind, subject_id, document_id,
       facts, revision_id, business_date, occurred_at
FROM event WHERE (xact, id) > (:xact, :id) AND xact < {_SETTLED}
ORDER BY xact, id LIMIT :most""")  # noqa: S608 - no value of anybody's
_DECISIONS = sa.text(f"""
SELECT xact, id, org_id, org_path, revision_id, ruleset_hash, ruleset, version, matter_kind,
       matter_id, facts, rows, outcome, business_date, decided_at
FROM decision WHERE (xact, id) > (:xact, :id) AND xact < {_SETTLED}
ORDER BY xact, id LIMIT :most""")  # noqa: S608


def places(session: Session, *, lock: bool = False) -> dict[str, Place]:
    """How far both streams were read. Raises SluiceError MONITOR_CURSOR_AHEAD."""
    rows = session.execute(sa.text(_PLACES + (" ORDER BY name FOR UPDATE" if lock else ""))).all()
    found = {str(row.name): Place(int(row.xact), int(row.id)) for row in rows}
    following = int(
        session.execute(
            sa.text("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        ).scalar_one()
    )
    if any(place.xact >= following for place in found.values()):
        raise SluiceError(
            "MONITOR_CURSOR_AHEAD",
            Text(
                "the monitor has read further than this database server has counted: the data was "
                "moved to another server; move its transaction counter on (docs/operations.md)",
                "监控读取位置超前于本数据库服务器的事务计数:数据曾迁移至另一服务器;"
                "请按 docs/operations.md 推进事务计数",
            ),
        )
    return found


def events_after(session: Session, place: Place, most: int) -> list[Happened]:
    """The next events, `most` at most."""
    return [
        Happened(
            Place(row.xact, row.id),
            row.org_id,
            tuple(row.org_path.split("/")),
            row.key,
            row.matter,
            row.subject,
            row.subject_kind,
            row.subject_id,
            row.document_id,
            row.facts,
            row.revision_id,
            row.business_date,
            row.occurred_at,
        )
        for row in session.execute(_EVENTS, {"xact": place.xact, "id": place.id, "most": most})
    ]


def decisions_after(session: Session, place: Place, most: int) -> list[Decided]:
    """The next decisions, `most` at most."""
    return [
        Decided(
            Place(row.xact, row.id),
            row.org_id,
            tuple(row.org_path.split("/")),
            row.revision_id,
            row.ruleset_hash,
            row.ruleset,
            row.version,
            row.matter_kind,
            row.matter_id,
            row.facts,
            tuple(row.rows),
            row.outcome,
            row.business_date,
            row.decided_at,
        )
        for row in session.execute(_DECISIONS, {"xact": place.xact, "id": place.id, "most": most})
    ]


_WAITING = sa.text("""
SELECT (SELECT count(*) FROM (
    SELECT 1 FROM event e, monitor_cursor c WHERE c.name = 'events'
    AND (e.xact, e.id) > (c.xact, c.id) LIMIT :most) a)
  + (SELECT count(*) FROM (
    SELECT 1 FROM decision d, monitor_cursor c WHERE c.name = 'decisions'
    AND (d.xact, d.id) > (c.xact, c.id) LIMIT :most) b)""")


def waiting(session: Session, most: int) -> int:
    """How many committed rows were not handled yet; of each stream `most` are counted."""
    return int(session.execute(_WAITING, {"most": most}).scalar_one())


@dataclass(frozen=True, slots=True)
class Progress:
    """What a step did to one stream."""

    name: str
    place: Place
    handled: int
    by_rete: int
    disagreed: int
    last_at: dt.datetime


def advance(session: Session, progress: Progress) -> None:
    """Write down how far a stream was read; with the step's alerts, or not at all."""
    session.execute(
        sa.text("""
            UPDATE monitor_cursor SET xact = :xact, id = :id, handled = handled + :handled,
              by_rete = by_rete + :by_rete, disagreed = disagreed + :disagreed, last_at = :last_at
            WHERE name = :name"""),
        {
            "name": progress.name,
            "xact": progress.place.xact,
            "id": progress.place.id,
            "handled": progress.handled,
            "by_rete": progress.by_rete,
            "disagreed": progress.disagreed,
            "last_at": progress.last_at,
        },
    )
