"""A running product: web, workers, scheduler, sealer and, in a demo, the rules watcher."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from api.assembly import Assembly
from api.server import WebServer
from engine.base.text import SluiceError
from engine.rulebook import sync_folder
from engine.rulebook.following import Follower
from engine.rulebook.history import Keeper, LoadedHistories, Warmer
from engine.runtime.actions import MONEY
from engine.runtime.audit import AnchorFile, Sealer
from engine.runtime.db import transaction
from engine.treasury.intake.course import notice_revision

log = logging.getLogger(__name__)

SEAL_SECONDS = 2
WATCH_SECONDS = 1
HISTORY_SECONDS = 1


class Running:
    """The threads of one process. `stop` is set by whoever ends it."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._threads: list[threading.Thread] = []

    def start(
        self, assembly: Assembly, server: WebServer, anchors: AnchorFile, workers: int
    ) -> None:
        """Begin to work."""
        histories = assembly.services.histories
        if histories is not None:
            self._keep_history(assembly, histories)
        server.start()
        for number in range(workers):
            name = f"worker-{number + 1}"
            self.keep(name, partial(assembly.worker(name, MONEY).run_forever, self._stop))
        for lane in assembly.registry.lanes():
            if lane != MONEY:
                name = f"worker-{lane}"
                self.keep(name, partial(assembly.worker(name, lane).run_forever, self._stop))
        scheduler = assembly.scheduler()
        self.keep("scheduler", partial(scheduler.run_forever, self._stop))
        follower = Follower(assembly.services.engine, assembly.services.rulebook, "api")
        self.keep("follower", partial(follower.run_forever, self._stop))
        sealer = Sealer(assembly.services.engine, anchors)
        self.keep("sealer", partial(self.every, SEAL_SECONDS, partial(_seal, sealer)))

    def _keep_history(self, assembly: Assembly, histories: LoadedHistories) -> None:
        """Have decision history in memory before the first preview, and as its files change."""
        services = assembly.services
        if services.demo:
            Keeper(histories, demo=True).keep(services.engine, services.clock.business_date())
        warmer = Warmer(services.engine, services.clock, services.rulebook, histories)
        warmer.look()
        self.keep("history", partial(self.every, HISTORY_SECONDS, warmer.look))

    def watch_rules(self, assembly: Assembly, folder: Path, author: str, approver: str) -> None:
        """Make changed files of `folder` live by themselves (demo workspaces only)."""
        watcher = RulesWatcher(assembly, folder, author, approver)
        self.keep("rules", partial(self.every, WATCH_SECONDS, watcher.look))

    def keep(self, name: str, body: Callable[[], None]) -> None:
        """Run `body` in a thread until the process stops; when it fails, everything stops."""

        def run() -> None:
            try:
                body()
            finally:
                if not self._stop.is_set():
                    log.error("%s ended; stopping", name)
                    self._stop.set()

        thread = threading.Thread(target=run, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def every(self, seconds: float, act: Callable[[], None]) -> None:
        """Do `act` again and again until the process stops."""
        while not self._stop.wait(seconds):
            act()

    def join(self) -> None:
        """Wait for the threads to end."""
        for thread in self._threads:
            thread.join(10)


class RulesWatcher:
    """Looks at the rulesets folder; says on the log what became live and what was refused."""

    def __init__(self, assembly: Assembly, folder: Path, author: str, approver: str) -> None:
        self._assembly = assembly
        self._folder = folder
        self._author = author
        self._approver = approver
        self._said: tuple[str, ...] = ()

    def look(self) -> None:
        """One look. A broken folder changes nothing and is told once."""
        services = self._assembly.services
        try:
            with transaction(services.engine) as session:
                synced = sync_folder(
                    session,
                    self._folder,
                    author=self._author,
                    approver=self._approver,
                    reason=f"changed in {self._folder}",
                    now=services.clock.now(),
                )
                if synced.activated:
                    notice_revision(session)
        except (SluiceError, SQLAlchemyError, OSError) as error:
            self._say((f"the rulesets could not be looked at: {error}",))
            return
        for version in synced.activated:
            log.warning(
                "revision %s: %s version %s is live, written by %s, signed by %s (%s)",
                synced.revision,
                version.name,
                version.version,
                self._author,
                self._approver,
                version.hash[:12],
            )
        self._say(
            tuple(
                f"{self._folder / f.file}:{f.span.line}:{f.span.column}: "
                f"{f.severity.value}[{f.code}] {f.message.en}"
                for f in synced.findings
            )
        )

    def _say(self, lines: tuple[str, ...]) -> None:
        if lines != self._said:
            for line in lines:
                log.warning("%s", line)
            self._said = lines


def _seal(sealer: Sealer) -> None:
    try:
        sealer.run_once()
    except SQLAlchemyError as error:
        log.warning("the audit chain could not be sealed, trying again: %s", error)
