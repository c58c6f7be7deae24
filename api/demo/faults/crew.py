"""The worker processes of a faulty day: started, killed, paused, replaced."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing.context import ForkServerProcess

import sqlalchemy as sa

from api.demo.faults.worker import Place
from engine.runtime.db import transaction

Work = Callable[[Place], None]
"""What a worker process does; it must be importable, as it is called in another process."""

_PRELOADED = ["api.demo.faults.worker", "api.demo.faults.clock"]
REST_SECONDS = 15.0

_RUN_OUT = sa.text(
    "UPDATE action SET lease_until = clock_timestamp() - interval '1 second' "
    "WHERE worker = :worker AND state = 'leased' RETURNING id"
)


_AT_WORK = sa.text(
    "SELECT EXISTS (SELECT 1 FROM action WHERE worker = :worker AND state = 'leased')"
)


@dataclass(slots=True)
class _Worker:
    process: ForkServerProcess
    name: str
    paused: bool = False


class Crew:
    """So many workers, each a process of its own; a name is never used twice.

    A killed worker's leases are made to run out at once, since nobody wants to wait for them.
    """

    def __init__(self, place: Place, work: Work, engine: sa.Engine, count: int) -> None:
        self._place = place
        self._work = work
        self._engine = engine
        self._starter = multiprocessing.get_context("forkserver")
        # Imports take seconds; the fork server pays them once for all workers.
        self._starter.set_forkserver_preload(_PRELOADED)
        self._started = 0
        self._workers: dict[int, _Worker] = {}
        self.kills = 0
        self.pauses = 0
        self.interrupted = 0
        """Actions that were in the hands of a worker when it was killed or outrun."""
        self.fell = 0
        """Workers that ended by themselves."""
        for slot in range(count):
            self._start(slot)

    def at_work(self, slot: int) -> bool:
        """Whether the worker in `slot` has an action in hand."""
        worker = self._workers.get(slot)
        if worker is None:
            return False
        with transaction(self._engine) as session:
            return bool(session.execute(_AT_WORK, {"worker": worker.name}).scalar_one())

    def kill(self, slot: int, *, replaced: bool = True) -> None:
        """SIGKILL the worker in `slot` and put a new one there."""
        worker = self._workers.get(slot)
        if worker is None:
            return
        self._end(worker)
        self.kills += 1
        del self._workers[slot]
        if replaced:
            self._start(slot)

    def pause(self, slot: int, *, outrun: bool) -> None:
        """SIGSTOP the worker in `slot`; with `outrun` its leases run out meanwhile."""
        worker = self._workers.get(slot)
        if worker is None or not worker.process.is_alive():
            return
        # One that stands still already goes on for a moment: every pause ordered is a pause.
        self.resume(slot)
        os.kill(worker.process.pid or 0, signal.SIGSTOP)
        worker.paused = True
        self.pauses += 1
        if outrun:
            self.interrupted += self._run_out(worker.name)

    def resume(self, slot: int) -> None:
        """SIGCONT the worker in `slot`."""
        worker = self._workers.get(slot)
        if worker is not None and worker.paused:
            os.kill(worker.process.pid or 0, signal.SIGCONT)
            worker.paused = False

    def look(self) -> None:
        """Replace workers that ended by themselves, and count them."""
        for slot, worker in list(self._workers.items()):
            if not worker.process.is_alive():
                self.fell += 1
                self._run_out(worker.name)
                self._start(slot)

    def rest(self) -> None:
        """End all workers as a stop of the product does, and begin with fresh ones.

        Afterwards nobody is left who could act late.
        """
        slots = list(self._workers)
        self.stop()
        for slot in slots:
            self._start(slot)

    def stop(self) -> None:
        """End all workers."""
        for slot in list(self._workers):
            self.resume(slot)
            worker = self._workers.pop(slot)
            worker.process.terminate()
            worker.process.join(REST_SECONDS)
            self._end(worker)

    # -- inside -------------------------------------------------------------------------

    def _start(self, slot: int) -> None:
        self._started += 1
        name = f"worker-{slot + 1}.{self._started}"
        place = replace(self._place, name=name)
        process = self._starter.Process(target=self._work, args=(place,), name=name)
        process.start()
        self._workers[slot] = _Worker(process, name)

    def _end(self, worker: _Worker) -> None:
        worker.process.kill()
        worker.process.join()
        self.interrupted += self._run_out(worker.name)

    def _run_out(self, name: str) -> int:
        with transaction(self._engine) as session:
            return len(session.execute(_RUN_OUT, {"worker": name}).all())
