"""Reading events and decisions in the order of their commits, so that none is ever passed over.

Ids are given before a transaction commits: who reads by id alone misses the row of a slow
transaction. Here only rows of transactions below the oldest running one are read; whatever comes
later stands behind them. Any long transaction in the database therefore makes the monitor wait.

What may have been altered (JSON, days, instants) comes as text and is read row by row: a row
that cannot be read is an Unread, and does not stand in the way of those behind it.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.text import SluiceError, Text

T = TypeVar("T")

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
    document_id: int | None
    facts: Mapping[str, object]
    rows: tuple[str, ...]
    outcome: object
    business_date: dt.date
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Unread:
    """A row of either stream that is not what was ever written: what is sure of it, and why."""

    place: Place
    org_id: str
    key: str
    subject_kind: str
    subject_id: str
    document_id: int | None
    ruleset: str
    version: int
    """Of the decision; an event's subject and 0."""
    why: str
    at: None = None


DOCUMENT = "document"

_SHOWN = 60
"""Characters of an altered value in a reason."""

_DIGITS = 18
"""Of a document's number: more do not fit the column."""

_PLACES = "SELECT name, xact, id FROM monitor_cursor"
_SETTLED = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
_EVENTS = sa.text(f"""
SELECT xact, id, org_id, org_path, key, matter, subject, subject_kind, subject_id, document_id,
       facts::text, revision_id, business_date::text, occurred_at::text
FROM event WHERE (xact, id) > (:xact, :id) AND xact < {_SETTLED}
ORDER BY xact, id LIMIT :most""")  # noqa: S608 - no value of anybody's
_DECISIONS = sa.text(f"""
SELECT xact, id, org_id, org_path, revision_id, ruleset_hash, ruleset, version, matter_kind,
       matter_id, facts::text, rows::text, outcome::text, business_date::text, decided_at::text
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


def events_after(session: Session, place: Place, most: int) -> list[Happened | Unread]:
    """The next events, `most` at most."""
    return [
        _or_unread(
            _happened,
            row,
            Unread(
                Place(row.xact, row.id),
                row.org_id,
                row.key,
                row.subject_kind,
                row.subject_id,
                None,
                row.subject,
                0,
                "",
            ),
        )
        for row in session.execute(_EVENTS, {"xact": place.xact, "id": place.id, "most": most})
    ]


def decisions_after(session: Session, place: Place, most: int) -> list[Decided | Unread]:
    """The next decisions, `most` at most."""
    return [
        _or_unread(
            _decided,
            row,
            Unread(
                Place(row.xact, row.id),
                row.org_id,
                f"decision:{row.id}",
                row.matter_kind,
                row.matter_id,
                _document(row.matter_kind, row.matter_id),
                row.ruleset,
                row.version,
                "",
            ),
        )
        for row in session.execute(_DECISIONS, {"xact": place.xact, "id": place.id, "most": most})
    ]


def _or_unread(
    read: Callable[[sa.Row[tuple[object, ...]]], T],
    row: sa.Row[tuple[object, ...]],
    otherwise: Unread,
) -> T | Unread:
    try:
        return read(row)
    except (ValueError, TypeError, RecursionError) as error:
        return replace(otherwise, why=str(error))


def _happened(row: sa.Row[tuple[object, ...]]) -> Happened:
    return Happened(
        Place(row.xact, row.id),
        row.org_id,
        tuple(row.org_path.split("/")),
        row.key,
        row.matter,
        row.subject,
        row.subject_kind,
        row.subject_id,
        row.document_id,
        _facts(row.facts),
        row.revision_id,
        dt.date.fromisoformat(row.business_date),
        dt.datetime.fromisoformat(row.occurred_at),
    )


def _decided(row: sa.Row[tuple[object, ...]]) -> Decided:
    document = _document(row.matter_kind, row.matter_id)
    if document is None and row.matter_kind == DOCUMENT:
        raise ValueError(f"it is about document {row.matter_id[:_SHOWN]}, which can be none")
    return Decided(
        Place(row.xact, row.id),
        row.org_id,
        tuple(row.org_path.split("/")),
        row.revision_id,
        row.ruleset_hash,
        row.ruleset,
        row.version,
        row.matter_kind,
        row.matter_id,
        document,
        _facts(row.facts),
        _rows(row.rows),
        json.loads(row.outcome),
        dt.date.fromisoformat(row.business_date),
        dt.datetime.fromisoformat(row.decided_at),
    )


def _facts(text: str) -> Mapping[str, object]:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError(f"its facts are no facts: {text[:_SHOWN]}")
    return found


def _rows(text: str) -> tuple[str, ...]:
    found = json.loads(text)
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise ValueError(f"its rows are no row ids: {text[:_SHOWN]}")
    return tuple(found)


def _document(kind: str, id: str) -> int | None:
    """The document a decision is about, if it is about one and that can be."""
    possible = id.isascii() and id.isdigit() and len(id) <= _DIGITS
    return int(id) if kind == DOCUMENT and possible else None


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
    undecided: int
    last_at: dt.datetime | None
    """None when the last row does not tell it."""


def advance(session: Session, progress: Progress) -> None:
    """Write down how far a stream was read; with the step's alerts, or not at all."""
    session.execute(
        sa.text("""
            UPDATE monitor_cursor SET xact = :xact, id = :id, handled = handled + :handled,
              by_rete = by_rete + :by_rete, disagreed = disagreed + :disagreed,
              undecided = undecided + :undecided, last_at = coalesce(:last_at, last_at)
            WHERE name = :name"""),
        {
            "name": progress.name,
            "xact": progress.place.xact,
            "id": progress.place.id,
            "handled": progress.handled,
            "by_rete": progress.by_rete,
            "disagreed": progress.disagreed,
            "undecided": progress.undecided,
            "last_at": progress.last_at,
        },
    )
