"""The state of the whole product on one screen: what runs, by which rules, and what is wrong."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.text import Text
from engine.rulebook import current_revision
from engine.runtime.clock import BUSINESS_ZONE
from engine.treasury.monitor import reading
from engine.treasury.monitor.disagreeing import DISAGREES
from engine.treasury.monitor.opinions import CRASHED
from engine.treasury.monitor.watching import UNDECIDED

STALE_SECONDS = 300
"""A monitor whose last good step is older does not come on."""

GONE_SECONDS = 30
"""A process not seen for so long has ended."""

FORGOTTEN = dt.timedelta(days=1)
"""Processes that ended longer ago are not shown."""

MOST_WAITING = 20_000
"""Rows the monitor may be behind; counting stops there."""


@dataclass(frozen=True, slots=True)
class Process:
    """One process of the product. Seconds by the database's clock."""

    name: str
    kind: str
    """api | worker | scheduler | monitor"""
    pid: int
    host: str
    revision: int
    """The revision it decides by; 0 before the first."""
    seen_seconds: int
    alive: bool


@dataclass(frozen=True, slots=True)
class MonitorState:
    """How the monitor and the second opinion are."""

    alive: bool
    second_opinion: bool
    """Every decision is decided again by durable-rules; else by the first evaluator only."""
    why_off: Text | None
    trouble: Text | None
    good_at: dt.datetime | None
    """End of its last good step, by the database's clock; None before the first."""
    stale: bool
    """That is longer ago than STALE_SECONDS."""
    events: int
    decisions: int
    """Decided again so far."""
    by_rete: int
    """Of these, by durable-rules."""
    disagreements: int
    undecided: int
    """Events no ruleset could judge so far."""
    waiting: int
    """Events and decisions not looked at yet; MOST_WAITING means "at least"."""
    last_at: dt.datetime | None
    """When the last event looked at happened."""
    refused: tuple[str, ...]
    """Ruleset versions durable-rules is not given, with the reason."""


@dataclass(frozen=True, slots=True)
class Status:
    """Everything; `red` says in sentences what needs a person."""

    revision: int | None
    processes: tuple[Process, ...]
    monitor: MonitorState
    queue_ready: int
    """Actions that are due by the business clock, or have no time."""
    queue_later: int
    dead_actions: int
    outbox_pending: int
    outbox_dead: int
    open_disagreements: int
    open_crashes: int
    open_undecided: int
    """Alerts EVENT_UNDECIDED not resolved."""
    red: tuple[Text, ...]


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
        dead_actions=counts.dead,
        outbox_pending=counts.pending,
        outbox_dead=counts.outbox_dead,
        open_disagreements=counts.disagreements,
        open_crashes=counts.crashes,
        open_undecided=counts.undecided,
        red=(),
    )
    return _with_red(found)


_COUNTS = sa.text("""
SELECT
  (SELECT count(*) FROM action WHERE state = 'ready' AND (due_at IS NULL OR due_at <= :now))
    AS ready,
  (SELECT count(*) FROM action WHERE state = 'ready' AND due_at > :now) AS later,
  (SELECT count(*) FROM action WHERE state = 'dead') AS dead,
  (SELECT count(*) FROM outbox_message WHERE state = 'pending') AS pending,
  (SELECT count(*) FROM outbox_message WHERE state = 'dead') AS outbox_dead,
  count(*) FILTER (WHERE code = 'ENGINE_DISAGREES') AS disagreements,
  count(*) FILTER (WHERE code = 'MONITOR_CRASHED') AS crashes,
  count(*) FILTER (WHERE code = 'EVENT_UNDECIDED') AS undecided
FROM alert WHERE state <> 'resolved' AND code = ANY(:red)""")


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


def _with_red(found: Status) -> Status:
    monitor = found.monitor
    red: list[Text] = []
    if not monitor.alive:
        red.append(
            Text(
                "the monitor is not running: no alerts on events, no second opinion",
                "监控进程未运行:无事件预警,无第二意见",
            )
        )
    elif monitor.trouble is not None:
        red.append(monitor.trouble)
    if monitor.alive and monitor.stale:
        at = monitor.good_at and monitor.good_at.astimezone(BUSINESS_ZONE)
        when = at.isoformat(" ", "seconds") if at else "-"
        red.append(
            Text(
                f"the monitor's last good step was at {when}",
                f"监控进程最近一次成功处理在 {when}",
            )
        )
    if monitor.waiting >= MOST_WAITING:
        red.append(
            Text(
                f"the monitor is {monitor.waiting:,} rows or more behind",
                f"监控进程落后至少 {monitor.waiting:,} 条",
            )
        )
    for count, en, zh in (
        (found.open_disagreements, "decisions on which the engines disagree", "条决策两引擎不一致"),
        (found.open_crashes, "rulesets ended the second engine", "个规则集使第二引擎退出"),
        (
            found.open_undecided,
            f"alerts on events no ruleset could judge ({monitor.undecided:,} events so far)",
            f"条预警:事件无法由规则集判断(累计 {monitor.undecided:,} 个事件)",
        ),
        (found.dead_actions, "actions were given up (sluice queue dead)", "个任务已放弃"),
        (
            found.outbox_dead,
            "messages to source systems were given up",
            "条发往来源系统的消息已放弃",
        ),
    ):
        if count:
            red.append(Text(f"{count:,} {en}", f"{count:,} {zh}"))
    late = [
        one.name
        for one in found.processes
        if one.alive and found.revision is not None and one.revision < found.revision
    ]
    if late:
        red.append(
            Text(
                f"{', '.join(late)} decides by an older revision than {found.revision}",
                f"{'、'.join(late)} 仍按早于第 {found.revision} 次激活的规则决策",
            )
        )
    return replace(found, red=tuple(red))
