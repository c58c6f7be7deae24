"""Workers: claim due actions, run their handlers, write down what came of it."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from engine.base.text import Text
from engine.runtime import db, holds
from engine.runtime.actions.queue import (
    MAX_CRASHES,
    ActionContext,
    ActionError,
    DeadAction,
    Done,
    Failed,
    LeaseLost,
    Outcome,
    Registry,
    Retry,
    Services,
)
from engine.runtime.clock import Clock
from engine.runtime.holds import HELD
from engine.runtime.jsontypes import JsonObject, canonical_json, check_object

log = logging.getLogger(__name__)

POLL_SECONDS = 0.2
"""How long an idle worker waits before it looks again."""

FIRST_BACK_OFF = timedelta(seconds=5)
LONGEST_BACK_OFF = timedelta(hours=1)
"""Bounds of the doubling wait after a handler raised."""

_TAKE_BACK = sa.text(
    # A worker that vanished counts as a crash of the action it had in hand, the first of those it
    # still held: an action that kills its worker ends as dead, the others were never begun.
    """
UPDATE action a SET
  state = CASE WHEN a.crashes + taken.begun >= :most THEN 'dead' ELSE 'ready' END,
  crashes = a.crashes + taken.begun, lease_until = NULL,
  last_error = 'the worker ' || coalesce(a.worker, '?') || ' vanished'
FROM (SELECT t.id, CASE WHEN EXISTS (
        SELECT 1 FROM action b WHERE b.state = 'leased' AND b.worker = t.worker
        AND (coalesce(b.due_at, '-infinity'), b.id) < (coalesce(t.due_at, '-infinity'), t.id)
      ) THEN 0 ELSE 1 END AS begun
      FROM action t WHERE t.state = 'leased' AND t.lease_until < clock_timestamp()
        AND t.kind = ANY(:kinds) FOR UPDATE OF t SKIP LOCKED) taken
WHERE a.id = taken.id
RETURNING a.id, a.org_id, a.kind, a.key, a.payload, a.state, a.last_error
"""
)

_CLAIM = sa.text(
    f"""
UPDATE action a SET state = 'leased', epoch = epoch + 1, attempts = attempts + 1, worker = :worker,
       lease_until = clock_timestamp() + CAST(CAST(:leases AS jsonb) ->> a.kind AS interval)
FROM (SELECT a.id FROM action a
      WHERE state = 'ready' AND (due_at IS NULL OR due_at <= :now) AND kind = ANY(:kinds)
        AND NOT {HELD}
      ORDER BY due_at NULLS FIRST, id LIMIT :most FOR UPDATE SKIP LOCKED) picked
WHERE a.id = picked.id
RETURNING a.id, a.org_id, a.kind, a.key, a.payload, a.epoch, a.attempts, a.crashes, a.due_at
"""  # noqa: S608 - a constant of ours
)

_GIVE_BACK = sa.text(
    f"""
UPDATE action a SET state = 'ready', lease_until = NULL, attempts = attempts - 1
WHERE id = :id AND epoch = :epoch AND state = 'leased' AND {HELD} RETURNING id
"""  # noqa: S608 - a constant of ours
)

_RENEW = sa.text(
    "UPDATE action SET lease_until = clock_timestamp() + CAST(:lease AS interval) "
    "WHERE id = :id AND epoch = :epoch AND state = 'leased' RETURNING id"
)

_FINISH = sa.text(
    # A completion lost with the machine only runs an idempotent handler again, so it does not wait
    # for the disk. A lost claim would hand out one epoch twice: claims do wait.
    """
UPDATE action SET state = :state, due_at = coalesce(:due, due_at), crashes = :crashes,
       last_error = :error, lease_until = NULL,
       finished_at = CASE WHEN :state IN ('done', 'dead') THEN clock_timestamp() END
FROM (SELECT set_config('synchronous_commit', 'off', true) WHERE :state = 'done'
      UNION ALL SELECT '' WHERE :state <> 'done') AS way
WHERE id = :id AND epoch = :epoch AND state = 'leased' RETURNING id
"""
)


@dataclass(frozen=True, slots=True)
class _Claimed:
    id: int
    org_id: str | None
    kind: str
    key: str
    payload: JsonObject
    epoch: int
    attempts: int
    crashes: int


class Worker:
    """Runs the actions of one registry. Any number of workers may share a database."""

    def __init__(
        self,
        engine: sa.Engine,
        clock: Clock,
        registry: Registry,
        name: str,
        services: Services | None = None,
        lane: str | None = None,
    ) -> None:
        """`lane`: take actions of this lane only; None takes all."""
        self._engine = engine
        self._clock = clock
        self._registry = registry
        self._name = name
        self._services = services or Services()
        self._lane = lane

    def run_once(self, limit: int = 20) -> int:
        """Claim at most `limit` due actions and run them; how many were claimed."""
        claimed = self._claim(limit)
        since = time.monotonic()
        for place, action in enumerate(claimed):
            if place and self._held_meanwhile(action):
                continue
            # Those at the end of a batch waited; half a lease is too little to begin with.
            lease = self._registry.lease(action.kind)
            if time.monotonic() - since > lease.total_seconds() / 2 and not self._renew(action):
                continue
            self._run(action)
        return len(claimed)

    def run_until_idle(self, *, most: int = 1_000_000) -> int:
        """Run until nothing is due, held actions not counted; how many runs that took.

        For tests and the demo day, whose clock stands still meanwhile. Raises ActionError
        ACTIONS_NEVER_IDLE after `most` runs (a handler that retries at once for ever).
        """
        total = 0
        while ran := self.run_once():
            total += ran
            if total >= most:
                raise ActionError(
                    "ACTIONS_NEVER_IDLE",
                    Text(
                        f"still not idle after {total} runs; look for an action that retries "
                        "without waiting",
                        f"运行 {total} 次后仍有待办操作;请检查不间断重试的操作",
                    ),
                )
        return total

    def run_forever(self, stop: threading.Event) -> None:
        """Run until `stop` is set; an unreachable database is waited for."""
        while not stop.is_set():
            try:
                ran = self.run_once()
            except DBAPIError:
                log.exception("worker %s: database error; trying again", self._name)
                ran = 0
                stop.wait(1.0)
            if ran == 0:
                stop.wait(POLL_SECONDS)

    # -- inside -------------------------------------------------------------------------

    def _claim(self, limit: int) -> list[_Claimed]:
        kinds = self._registry.kinds(self._lane)
        leases = {k: f"{self._registry.lease(k).total_seconds()} seconds" for k in kinds}
        now = self._clock.now()
        with db.transaction(self._engine) as session:
            holds.claims_see_holds(session)
            back = session.execute(_TAKE_BACK, {"most": MAX_CRASHES, "kinds": kinds}).all()
            for row in back:
                if row.state == "dead":
                    payload = check_object(row.payload)
                    reason = f"{row.last_error} {MAX_CRASHES} times"
                    dead = DeadAction(row.id, row.org_id, row.kind, row.key, payload, reason)
                    self._registry.tell_dead(session, dead, now)
            rows = session.execute(
                _CLAIM,
                {
                    "worker": self._name,
                    "leases": canonical_json(leases),
                    "now": now,
                    "kinds": kinds,
                    "most": limit,
                },
            ).all()
        far_past = datetime.min.replace(tzinfo=now.tzinfo)
        rows = sorted(rows, key=lambda row: (row.due_at or far_past, row.id))
        return [
            _Claimed(
                row.id,
                row.org_id,
                row.kind,
                row.key,
                check_object(row.payload),
                row.epoch,
                row.attempts,
                row.crashes,
            )
            for row in rows
        ]

    def _held_meanwhile(self, action: _Claimed) -> bool:
        """Whether it was held while it waited in its batch: then it goes back unbegun."""
        with db.statement(self._engine) as connection:
            values = {"id": action.id, "epoch": action.epoch}
            return connection.execute(_GIVE_BACK, values).first() is not None

    def _renew(self, action: _Claimed) -> bool:
        lease = f"{self._registry.lease(action.kind).total_seconds()} seconds"
        with db.transaction(self._engine) as session:
            values = {"lease": lease, "id": action.id, "epoch": action.epoch}
            return session.execute(_RENEW, values).first() is not None

    def _run(self, action: _Claimed) -> None:
        context = ActionContext(
            engine=self._engine,
            clock=self._clock,
            services=self._services,
            id=action.id,
            kind=action.kind,
            key=action.key,
            epoch=action.epoch,
            attempts=action.attempts,
        )
        try:
            outcome = self._registry.handler(action.kind)(context, action.payload)
        except LeaseLost:
            log.warning("worker %s: %s was taken over", self._name, action.key)
        except Exception as error:
            log.warning("worker %s: %s raised", self._name, action.key, exc_info=True)
            self._crashed(action, f"{type(error).__name__}: {error}"[:2000])
        else:
            self._ended(action, outcome)

    def _crashed(self, action: _Claimed, error: str) -> None:
        crashes = action.crashes + 1
        if crashes >= MAX_CRASHES:
            self._finish(action, "dead", None, crashes, error)
            return
        wait = min(FIRST_BACK_OFF * 2 ** (crashes - 1), LONGEST_BACK_OFF)
        self._finish(action, "ready", self._clock.now() + wait, crashes, error)

    def _ended(self, action: _Claimed, outcome: Outcome) -> None:
        match outcome:
            case Done():
                self._finish(action, "done", None, action.crashes, None)
            case Retry(after, reason):
                self._finish(action, "ready", self._clock.now() + after, 0, reason)
            case Failed(reason):
                self._finish(action, "dead", None, action.crashes, reason)

    def _finish(
        self,
        action: _Claimed,
        state: str,
        due: datetime | None,
        crashes: int,
        error: str | None,
    ) -> None:
        values = {"state": state, "due": due, "crashes": crashes, "error": error}
        values |= {"id": action.id, "epoch": action.epoch}
        if state == "dead":
            with db.transaction(self._engine) as session:
                written = session.execute(_FINISH, values).first()
                if written is not None:
                    self._tell(session, action, error or "")
        else:
            with db.statement(self._engine) as connection:
                written = connection.execute(_FINISH, values).first()
        if written is None:
            log.warning("worker %s: %s was taken over", self._name, action.key)

    def _tell(self, session: Session, action: _Claimed, reason: str) -> None:
        dead = DeadAction(action.id, action.org_id, action.kind, action.key, action.payload, reason)
        self._registry.tell_dead(session, dead, self._clock.now())
