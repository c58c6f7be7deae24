"""The state of the whole product, as it is told on pages, by the command line and to programs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from engine.base.text import Text
from engine.runtime.models import WorkHold

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
class Red:
    """Something that needs a person: a stable code, what is wrong, and what to do."""

    code: str
    said: Text
    act: Text


@dataclass(frozen=True, slots=True)
class Status:
    """Everything; `red` says in sentences what needs a person."""

    revision: int | None
    processes: tuple[Process, ...]
    monitor: MonitorState
    queue_ready: int
    """Actions that are due by the business clock, or have no time."""
    queue_later: int
    queue_held: int
    """Actions that no worker begins until somebody releases them; in neither number above."""
    held: tuple[WorkHold, ...]
    """The holds on kinds and schedules, oldest first; those on one action are only counted."""
    dead_actions: int
    outbox_pending: int
    outbox_dead: int
    notifications: Mapping[str, int]
    """By state; states that none is in are missing."""
    notifications_given_up: int
    """Of these, GIVEN_UP about alerts that are not resolved."""
    open_disagreements: int
    open_crashes: int
    open_undecided: int
    """Alerts EVENT_UNDECIDED not resolved."""
    red: tuple[Red, ...]
