"""The state of the whole product on one screen: what runs, by which rules, and what is wrong."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.text import Text
from engine.rulebook import current_revision
from engine.runtime.holds import HELD, open_holds
from engine.treasury.monitor import reading
from engine.treasury.monitor.disagreeing import DISAGREES
from engine.treasury.monitor.opinions import CRASHED
from engine.treasury.monitor.watching import UNDECIDED
from engine.treasury.status_red import red
from engine.treasury.status_shapes import (
    FORGOTTEN,
    GONE_SECONDS,
    MOST_WAITING,
    STALE_SECONDS,
    MonitorState,
    Process,
    Status,
)


def status(session: Session, now: dt.datetime) -> Status:
    """Look at everything; `now` is the business instant."""
    processes = _processes(session)
    monitor = _monitor(session, processes)
    counts = session.execute(_COUNTS, {"now": now, "red": [DISAGREES, CRASHED, UNDECIDED]}).one()
    found = Status(
        revision=current_revision(session),
        processes=processes,
        monitor=monitor,
        queue_ready=counts.ready,
        queue_later=counts.later,
        queue_held=counts.held,
        held=tuple(open_holds(session, "kind", "schedule")),
        dead_actions=counts.dead,
        outbox_pending=counts.pending,
        outbox_dead=counts.outbox_dead,
        notifications={str(row.state): int(row.many) for row in session.execute(_TOLD)},
        notifications_given_up=counts.given_up,
        open_disagreements=counts.disagreements,
        open_crashes=counts.crashes,
        open_undecided=counts.undecided,
        red=(),
    )
    return replace(found, red=tuple(red(found)))


_COUNTS = sa.text(
    f"""
WITH waiting AS (SELECT coalesce(a.due_at <= :now, true) AS due, {HELD} AS held
  FROM action a WHERE a.state = 'ready')
SELECT
  (SELECT count(*) FROM waiting WHERE due AND NOT held) AS ready,
  (SELECT count(*) FROM waiting WHERE NOT due AND NOT held) AS later,
  (SELECT count(*) FROM waiting WHERE held) AS held,
  (SELECT count(*) FROM action WHERE state = 'dead') AS dead,
  (SELECT count(*) FROM outbox_message WHERE state = 'pending') AS pending,
  (SELECT count(*) FROM outbox_message WHERE state = 'dead') AS outbox_dead,
  (SELECT count(*) FROM notification n JOIN alert t ON t.id = n.alert_id
   WHERE n.state = 'GIVEN_UP' AND t.state <> 'resolved') AS given_up,
  count(*) FILTER (WHERE code = 'ENGINE_DISAGREES') AS disagreements,
  count(*) FILTER (WHERE code = 'MONITOR_CRASHED') AS crashes,
  count(*) FILTER (WHERE code = 'EVENT_UNDECIDED') AS undecided
FROM alert WHERE state <> 'resolved' AND code = ANY(:red)"""  # noqa: S608 - a constant
)


_TOLD = sa.text("SELECT state, count(*) AS many FROM notification GROUP BY state")


def _processes(session: Session) -> tuple[Process, ...]:
    rows = session.execute(
        sa.text("""
            SELECT name, kind, pid, host, revision,
              extract(epoch FROM clock_timestamp() - seen_at)::int AS seconds
            FROM replica WHERE seen_at > clock_timestamp() - CAST(:forgotten AS interval)
            ORDER BY kind, name"""),
        {"forgotten": FORGOTTEN},
    )
    return tuple(
        Process(
            row.name,
            row.kind,
            row.pid,
            row.host,
            row.revision,
            max(row.seconds, 0),
            row.seconds < GONE_SECONDS,
        )
        for row in rows
    )


def monitor_state(session: Session) -> MonitorState:
    """How the monitor is."""
    return _monitor(session, _processes(session))


def _monitor(session: Session, processes: tuple[Process, ...]) -> MonitorState:
    cursors = {row.name: row for row in session.execute(sa.text("SELECT * FROM monitor_cursor"))}
    events, decisions = cursors["events"], cursors["decisions"]
    beat = session.execute(_BEAT, {"stale": STALE_SECONDS}).one_or_none()
    detail: dict[str, dict[str, str] | None] = beat.detail if beat is not None else {}
    alive = any(one.alive for one in processes if one.kind == "monitor")
    why_off, trouble = _text(detail.get("why_off")), _text(detail.get("trouble"))
    refused = session.execute(
        sa.text("""
            SELECT DISTINCT v.name || ' ' || v.version || ': ' || coalesce(s.why, s.state)
            FROM second_opinion s JOIN ruleset_version v ON v.hash = s.ruleset_hash
            WHERE s.state IN ('refused', 'crashed') ORDER BY 1""")
    )
    return MonitorState(
        alive=alive,
        second_opinion=alive and why_off is None,
        why_off=why_off if alive else Text("the monitor is not running", "监控进程未运行"),
        trouble=trouble,
        good_at=None if beat is None else beat.good_at,
        stale=beat is not None and bool(beat.stale),
        events=events.handled,
        decisions=decisions.handled,
        by_rete=decisions.by_rete,
        disagreements=events.disagreed + decisions.disagreed,
        undecided=events.undecided,
        waiting=reading.waiting(session, MOST_WAITING),
        last_at=events.last_at,
        refused=tuple(refused.scalars()),
    )


_BEAT = sa.text("""
SELECT detail, good_at, good_at < clock_timestamp() - make_interval(secs => :stale) AS stale
FROM (SELECT detail, CAST(detail ->> 'good_at' AS timestamptz) AS good_at
  FROM replica WHERE kind = 'monitor' ORDER BY seen_at DESC LIMIT 1) newest""")


def _text(found: dict[str, str] | None) -> Text | None:
    return None if found is None else Text(found["en"], found["zh"])
