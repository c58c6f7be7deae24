"""A child process that is started again when it ends, after a wait that grows."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from api.processes import Child, ProcessError

log = logging.getLogger(__name__)

FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds until it is started again: doubled at every end, from the first to the longest."""

LOOK_SECONDS = 0.5


class Supervisor:
    """Keeps one child process running until `stop` is set."""

    def __init__(self, name: str, start: Callable[[], Child], stop: threading.Event) -> None:
        self._name = name
        self._start = start
        self._stop = stop

    def run(self) -> None:
        """Start, watch, start again."""
        wait = FIRST_WAIT
        while not self._stop.is_set():
            began = time.monotonic()
            self._live()
            if self._stop.is_set():
                return
            if time.monotonic() - began > LONGEST_WAIT:
                wait = FIRST_WAIT
            log.error("%s ended; it is started again in %.0f s", self._name, wait)
            self._stop.wait(wait)
            wait = min(2 * wait, LONGEST_WAIT)

    def _live(self) -> None:
        """One life of the child, from start to end."""
        child = self._start()
        try:
            child.wait_ready()
            while child.running() and not self._stop.wait(LOOK_SECONDS):
                pass
        except ProcessError as error:
            log.error("%s", error.text.en)
        finally:
            child.stop()


def start_monitor(workspace: Path) -> Child:
    """The monitor process of a workspace; its log is monitor.log there."""
    return Child(
        "monitor",
        "api.monitoring",
        ["--workspace", str(workspace)],
        log=workspace / "monitor.log",
    )
