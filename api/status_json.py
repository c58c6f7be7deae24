"""The JSON form of the status, the same on the command line and over REST."""

from __future__ import annotations

import datetime as dt

from pydantic import BaseModel

from engine.base.text import Text
from engine.treasury.status_shapes import Status


class Said(BaseModel):
    """A sentence in both languages."""

    en: str
    zh: str

    @classmethod
    def of(cls, text: Text | None) -> Said | None:
        """The sentence, or null."""
        return None if text is None else cls(en=text.en, zh=text.zh)


class ProcessOut(BaseModel):
    """A process of the product, and the revision it decides by (0 before the first)."""

    name: str
    kind: str
    pid: int
    host: str
    revision: int
    seen_seconds: int
    alive: bool


class MonitorOut(BaseModel):
    """The monitor. `decisions` were decided again, `by_rete` of them by durable-rules;
    `undecided` events could be judged by no ruleset."""

    alive: bool
    second_opinion: bool
    why_off: Said | None
    trouble: Said | None
    good_at: dt.datetime | None
    events: int
    decisions: int
    by_rete: int
    disagreements: int
    undecided: int
    waiting: int
    last_at: dt.datetime | None
    refused: list[str]


class HeldOut(BaseModel):
    """Something no worker begins: a `kind` of action or a `schedule`."""

    scope: str
    name: str
    since: dt.datetime


class RedOut(BaseModel):
    """Something that needs a person: a code that never changes, what it is and what to do."""

    code: str
    en: str
    zh: str
    act_en: str
    act_zh: str


class StatusOut(BaseModel):
    """The whole product; `red` is empty when nothing needs a person."""

    revision: int | None
    processes: list[ProcessOut]
    monitor: MonitorOut
    queue: dict[str, int]
    """ready, later, held, dead"""
    outbox: dict[str, int]
    """pending, dead"""
    notifications: dict[str, int]
    """Alerts told by e-mail and SMS, by state."""
    held: list[HeldOut]
    red: list[RedOut]


def status_out(found: Status) -> StatusOut:
    """The status for programs."""
    monitor = found.monitor
    return StatusOut(
        revision=found.revision,
        processes=[
            ProcessOut(
                name=one.name,
                kind=one.kind,
                pid=one.pid,
                host=one.host,
                revision=one.revision,
                seen_seconds=one.seen_seconds,
                alive=one.alive,
            )
            for one in found.processes
        ],
        monitor=MonitorOut(
            alive=monitor.alive,
            second_opinion=monitor.second_opinion,
            why_off=Said.of(monitor.why_off),
            trouble=Said.of(monitor.trouble),
            good_at=monitor.good_at,
            events=monitor.events,
            decisions=monitor.decisions,
            by_rete=monitor.by_rete,
            disagreements=monitor.disagreements,
            undecided=monitor.undecided,
            waiting=monitor.waiting,
            last_at=monitor.last_at,
            refused=list(monitor.refused),
        ),
        queue={
            "ready": found.queue_ready,
            "later": found.queue_later,
            "held": found.queue_held,
            "dead": found.dead_actions,
        },
        outbox={"pending": found.outbox_pending, "dead": found.outbox_dead},
        notifications=dict(found.notifications),
        held=[HeldOut(scope=one.scope, name=one.name, since=one.held_at) for one in found.held],
        red=[
            RedOut(
                code=one.code,
                en=one.said.en,
                zh=one.said.zh,
                act_en=one.act.en,
                act_zh=one.act.zh,
            )
            for one in found.red
        ],
    )


def status_json(found: Status) -> object:
    """The same as plain JSON."""
    return status_out(found).model_dump(mode="json")
