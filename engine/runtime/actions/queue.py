"""The action queue: what a decision leads to, done at least once and by one worker at a time.

An action is written in the transaction of the decision. Its handler is idempotent by the
action's key. A worker holds an action by lease (database time) and fencing epoch: when the
lease ran out and another worker took over, `guard` stops the first one before it writes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.text import SluiceError, Text
from engine.runtime.clock import Clock
from engine.runtime.jsontypes import JsonObject, canonical_json

log = logging.getLogger(__name__)

T = TypeVar("T")

LEASE = timedelta(seconds=60)
"""How long a handler may take before another worker may take over."""

MONEY, TELLING, LOOKING = "money", "telling", "looking"
"""Lanes: kinds that move documents and money; those that tell others and wait for their servers;
those that fetch and compute much. In a running product each lane has workers of its own, so that a
mail server that is silent never holds a payment up."""

MAX_CRASHES = 8
"""A handler that raises, or dies with its worker, this often makes its action dead."""


class ActionError(SluiceError):
    """The queue is used wrongly or does not come to rest."""


class LeaseLost(ActionError):
    """The action belongs to another worker now; nothing of this run may be written."""


@dataclass(frozen=True, slots=True)
class Done:
    """The action is carried out."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Not yet: run it again `after` this long on the business clock."""

    after: timedelta
    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """It cannot be carried out: the action becomes dead and somebody must look."""

    reason: str


Outcome = Done | Retry | Failed


class Services:
    """What handlers need from outside, kept by type; filled where the program is assembled."""

    def __init__(self) -> None:
        self._kept: dict[type, object] = {}

    def add(self, kind: type[T], service: T) -> None:
        """Keep `service` as the one of type `kind`."""
        self._kept[kind] = service

    def get(self, kind: type[T]) -> T:
        """The service of type `kind`; ActionError SERVICE_MISSING when nobody added it."""
        found = self._kept.get(kind)
        if not isinstance(found, kind):
            raise ActionError(
                "SERVICE_MISSING",
                Text(
                    f"no {kind.__name__} was given to the worker; add it where it is assembled",
                    f"未向工作进程提供 {kind.__name__};请在装配处添加",
                ),
            )
        return found


@dataclass(frozen=True, slots=True)
class ActionContext:
    """What a handler is given besides its payload."""

    engine: sa.Engine
    clock: Clock
    services: Services
    id: int
    kind: str
    key: str
    epoch: int
    attempts: int
    """Claims so far, this one included."""

    def guard(self, session: Session) -> None:
        """Call first in every transaction that writes: locks the action until commit.

        Raises LeaseLost when another worker has it, or the lease was taken back.
        """
        held = session.execute(
            sa.text(
                "SELECT 1 FROM action WHERE id = :id AND epoch = :epoch AND state = 'leased' "
                "FOR UPDATE"
            ),
            {"id": self.id, "epoch": self.epoch},
        )
        if held.first() is None:
            raise LeaseLost(
                "LEASE_LOST",
                Text(
                    f"action {self.key} was taken over by another worker; nothing is written here",
                    f"操作 {self.key} 已由其他工作进程接管;此处不写入任何内容",
                ),
            )


Handler = Callable[[ActionContext, JsonObject], Outcome]


@dataclass(frozen=True, slots=True)
class DeadAction:
    """An action given up, as told to those who raise alerts."""

    id: int
    org_id: str | None
    kind: str
    key: str
    payload: JsonObject
    reason: str
    attempts: int
    """Claims so far."""


DeadListener = Callable[[Session, DeadAction, datetime], object]


@dataclass(frozen=True, slots=True)
class _Registered:
    handler: Handler
    lease: timedelta
    lane: str


@dataclass(slots=True)
class Registry:
    """Handlers by kind, and who is told when an action is given up."""

    _handlers: dict[str, _Registered] = field(default_factory=dict)
    _listeners: list[DeadListener] = field(default_factory=list)

    def register(
        self, kind: str, handler: Handler, *, lease: timedelta = LEASE, lane: str = MONEY
    ) -> None:
        """Handle actions of `kind`; ActionError KIND_TWICE when it has a handler already."""
        if kind in self._handlers:
            raise ActionError(
                "KIND_TWICE",
                Text(
                    f"actions of kind {kind} have a handler already; register it once",
                    f"操作类型 {kind} 已有处理程序;请只注册一次",
                ),
            )
        self._handlers[kind] = _Registered(handler, lease, lane)

    def on_dead(self, listener: DeadListener) -> None:
        """Call `listener` in the transaction that gives an action up."""
        self._listeners.append(listener)

    def kinds(self, lane: str | None = None) -> list[str]:
        """The kinds that have a handler, of one lane when asked."""
        return sorted(
            kind for kind, one in self._handlers.items() if lane is None or one.lane == lane
        )

    def lanes(self) -> list[str]:
        """The lanes that have kinds."""
        return sorted({one.lane for one in self._handlers.values()})

    def handler(self, kind: str) -> Handler:
        """The handler of `kind`."""
        return self._handlers[kind].handler

    def lease(self, kind: str) -> timedelta:
        """How long the handler of `kind` may take."""
        return self._handlers[kind].lease

    def tell_dead(self, session: Session, dead: DeadAction, now: datetime) -> None:
        """Tell all listeners; one that raises is logged, the action is given up all the same."""
        for listener in self._listeners:
            try:
                with session.begin_nested():
                    listener(session, dead, now)
            except Exception:
                log.exception("telling of the dead action %s failed", dead.key)


def enqueue(
    session: Session,
    kind: str,
    key: str,
    payload: JsonObject,
    due: datetime | None = None,
    *,
    org_id: str | None = None,
) -> bool:
    """Ask for an action, `due` on the business clock (None: at once).

    True when it is new, False when an action of this key was asked for before.
    """
    made = session.execute(
        sa.text(
            "INSERT INTO action (org_id, kind, key, payload, due_at) "
            "VALUES (:org, :kind, :key, CAST(:payload AS jsonb), :due) "
            "ON CONFLICT (key) DO NOTHING RETURNING id"
        ),
        {
            "org": org_id,
            "kind": kind,
            "key": key,
            "payload": canonical_json(payload),
            "due": due,
        },
    )
    return made.first() is not None


def revive(session: Session, key: str) -> bool:
    """Make a dead action ready again, at once; False when `key` is not dead.

    The decision of a person: record who and why with `audit.record` beside it.
    """
    revived = session.execute(
        sa.text(
            "UPDATE action SET state = 'ready', due_at = NULL, crashes = 0, finished_at = NULL "
            "WHERE key = :key AND state = 'dead' RETURNING id"
        ),
        {"key": key},
    )
    return revived.first() is not None
