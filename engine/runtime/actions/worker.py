"""Workers: claim due actions, run their handlers, write down what came of it."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from engine.base.text import Text
from engine.runtime import db, holds
from engine.runtime.actions.endings import Claimed, Ending, Endings, endings, write_in
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
from engine.runtime.jsontypes import canonical_json, check_object

log = logging.getLogger(__name__)

POLL_SECONDS = 0.2
"""How long an idle worker waits before it looks again."""

FIRST_BACK_OFF = timedelta(seconds=5)
LONGEST_BACK_OFF = timedelta(hours=1)
"""Bounds of the doubling wait after a handler raised."""

_TAKE_BACK = sa.text(
    # A worker that vanished counts as a crash of the action it had in hand, the first of those it
    # still held: an action that kills its worker ends as dead, the others were never begun. The
    # first time another takes it over at once. From the second time on it waits as after an
    # exception: at the head of the queue it would be in hand whenever a worker dies, whatever of.
    """
UPDATE action a SET
  state = CASE WHEN a.crashes + taken.begun >= :most THEN 'dead' ELSE 'ready' END,
  crashes = a.crashes + taken.begun, lease_until = NULL,
  due_at = CASE WHEN taken.begun = 1 AND a.crashes > 0 THEN CAST(:now AS timestamptz)
    + least(CAST(:first AS interval) * power(2, a.crashes - 1), CAST(:longest AS interval))
    ELSE a.due_at END,
  last_error = 'the worker ' || coalesce(a.worker, '?') || ' vanished'
FROM (SELECT t.id, CASE WHEN EXISTS (
        SELECT 1 FROM action b WHERE b.state = 'leased' AND b.worker = t.worker
        AND (coalesce(b.due_at, '-infinity'), b.id) < (coalesce(t.due_at, '-infinity'), t.id)
      ) THEN 0 ELSE 1 END AS begun
      FROM action t WHERE t.state = 'leased' AND t.lease_until < statement_timestamp()
        AND t.kind = ANY(:kinds) FOR UPDATE OF t SKIP LOCKED) taken
WHERE a.id = taken.id
RETURNING a.id, a.org_id, a.kind, a.key, a.payload, a.state, a.last_error, a.attempts
"""
)

_IN_ORDER = sa.text(
    # Walk the due ones in the order of their index: with few known about the table the planner
    # would read and sort all of them for the first twenty, at each claim.
    "SELECT set_config('enable_sort', 'off', true), set_config('enable_bitmapscan', 'off', true)"
)

_CLAIM = sa.text(
    f"""
UPDATE action a SET state = 'leased', epoch = epoch + 1, attempts = attempts + 1, worker = :worker,
       lease_until = clock_timestamp() + CAST(CAST(:leases AS jsonb) ->> a.kind AS interval)
FROM (SELECT a.id FROM action a
      WHERE state = 'ready' AND coalesce(due_at, '-infinity') <= :now AND kind = ANY(:kinds)
        AND NOT {HELD}
      ORDER BY coalesce(due_at, '-infinity'), id LIMIT :most FOR UPDATE SKIP LOCKED) picked
WHERE a.id = picked.id
RETURNING a.id, a.org_id, a.kind, a.key, a.payload, a.epoch, a.attempts, a.crashes, a.due_at
"""  # noqa: S608 - a constant of ours
)

_RENEW = sa.text(
    "UPDATE action SET lease_until = clock_timestamp() + CAST(:lease AS interval) "
    "WHERE id = :id AND epoch = :epoch AND state = 'leased' RETURNING id"
)


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
        if claimed:
            with endings(self._engine) as book:
                self._run_batch(claimed, book)
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

    def _claim(self, limit: int) -> list[Claimed]:
        kinds = self._registry.kinds(self._lane)
        leases = {k: f"{self._registry.lease(k).total_seconds()} seconds" for k in kinds}
        now = self._clock.now()
        with db.transaction(self._engine) as session:
            holds.claims_see_holds(session)
            session.execute(_IN_ORDER)
            self._take_back(session, kinds, now)
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
            Claimed(
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

    def _take_back(self, session: Session, kinds: Sequence[str], now: datetime) -> None:
        """What vanished workers held is ready again, or dead."""
        values = {
            "most": MAX_CRASHES,
            "kinds": kinds,
            "now": now,
            "first": FIRST_BACK_OFF,
            "longest": LONGEST_BACK_OFF,
        }
        for row in session.execute(_TAKE_BACK, values).all():
            if row.state == "dead":
                payload = check_object(row.payload)
                reason = f"{row.last_error} {MAX_CRASHES} times"
                who = (row.id, row.org_id, row.kind, row.key, payload)
                self._registry.tell_dead(session, DeadAction(*who, reason, row.attempts), now)

    def _run_batch(self, claimed: Sequence[Claimed], book: Endings) -> None:
        since = time.monotonic()
        given_back = False
        for action, following in itertools.zip_longest(claimed, claimed[1:]):
            # Those at the end of a batch waited; half a lease is too little to begin with.
            lease = self._registry.lease(action.kind)
            late = time.monotonic() - since > lease.total_seconds() / 2
            if given_back or (late and not self._renew(action)):
                given_back = book.look(following)
            else:
                given_back = self._run(action, following, book)

    def _renew(self, action: Claimed) -> bool:
        lease = f"{self._registry.lease(action.kind).total_seconds()} seconds"
        with db.transaction(self._engine) as session:
            values = {"lease": lease, "id": action.id, "epoch": action.epoch}
            return session.execute(_RENEW, values).first() is not None

    def _run(self, action: Claimed, following: Claimed | None, book: Endings) -> bool:
        """Run `action`; whether `following` was held meanwhile and went back unbegun."""
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
            return book.look(following)
        except Exception as error:
            log.warning("worker %s: %s raised", self._name, action.key, exc_info=True)
            ending = self._crashed(action, f"{type(error).__name__}: {error}"[:2000])
        else:
            ending = self._ended(action, outcome)
        return self._finish(action, ending, following, book)

    def _crashed(self, action: Claimed, error: str) -> Ending:
        crashes = action.crashes + 1
        if crashes >= MAX_CRASHES:
            return Ending("dead", crashes, error=error)
        wait = min(FIRST_BACK_OFF * 2 ** (crashes - 1), LONGEST_BACK_OFF)
        return Ending("ready", crashes, self._clock.now() + wait, error)

    def _ended(self, action: Claimed, outcome: Outcome) -> Ending:
        match outcome:
            case Done():
                return Ending("done", action.crashes)
            case Retry(after, reason):
                return Ending("ready", 0, self._clock.now() + after, reason)
            case Failed(reason):
                return Ending("dead", action.crashes, error=reason)

    def _finish(
        self, action: Claimed, ending: Ending, following: Claimed | None, book: Endings
    ) -> bool:
        if ending.state == "dead":
            with db.transaction(self._engine) as session:
                written = write_in(session, action, ending)
                if written:
                    self._tell(session, action, ending.error or "")
            given_back = book.look(following)
        else:
            done = book.write(action, ending, following)
            written, given_back = done.written, done.given_back
        if not written:
            log.warning("worker %s: %s was taken over", self._name, action.key)
        return given_back

    def _tell(self, session: Session, action: Claimed, reason: str) -> None:
        who = (action.id, action.org_id, action.kind, action.key, action.payload)
        dead = DeadAction(*who, reason, action.attempts)
        self._registry.tell_dead(session, dead, self._clock.now())
