"""A child process that is started again when it ends, after a wait that grows.

One that cannot be started, or that stands still, has ended too.
"""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

from api.processes import Child, ProcessError

log = logging.getLogger(__name__)

FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds until it is started again: doubled at every end, from the first to the longest."""

LOOK_SECONDS = 0.5

STUCK_SECONDS = 600.0
"""A child that gives no sign for so long stands still: longer than any honest step takes."""

SIGN = "monitor.turn"
"""File in the workspace that the monitor touches whenever a step is over, well or not."""


class Supervisor:
    """Keeps one child process running until `stop` is set.

    With `sign`, a file the child touches at every turn, it is ended when it has not done so for
    `stuck` seconds.
    """

    def __init__(
        self,
        name: str,
        start: Callable[[], Child],
        stop: threading.Event,
        sign: Path | None = None,
        stuck: float = STUCK_SECONDS,
    ) -> None:
        self._name = name
        self._start = start
        self._stop = stop
        self._sign = sign
        self._stuck = stuck

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
        try:
            child = self._start()
        except (OSError, subprocess.SubprocessError) as error:
            log.error("%s could not be started: %s", self._name, error)
            return
        try:
            child.wait_ready()
            self._watch(child)
        except ProcessError as error:
            log.error("%s", error.text.en)
        finally:
            child.stop()

    def _watch(self, child: Child) -> None:
        """Until the child has ended, stands still, or is no longer wanted."""
        seen, since = self._signed(), time.monotonic()
        while child.running() and not self._stop.wait(LOOK_SECONDS):
            now = self._signed()
            if now != seen:
                seen, since = now, time.monotonic()
            elif self._sign is not None and time.monotonic() - since > self._stuck:
                log.error("%s has stood still for %.0f s and is ended", self._name, self._stuck)
                return

    def _signed(self) -> int | None:
        """When the child last gave its sign; compared only, as clocks may be set."""
        try:
            return None if self._sign is None else self._sign.stat().st_mtime_ns
        except OSError:
            return None


def start_monitor(workspace: Path) -> Child:
    """The monitor process of a workspace; its log is monitor.log there."""
    return Child(
        "monitor",
        "api.monitoring",
        ["--workspace", str(workspace)],
        log=workspace / "monitor.log",
    )
