"""Child processes of `sluice run` and `sluice demo`: started, awaited, watched, stopped."""

from __future__ import annotations

import contextlib
import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.base.text import SluiceError, Text

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def end_with_parent(by: signal.Signals = signal.SIGTERM) -> None:
    """On Linux: a killed parent takes its children along, so that no port stays taken.

    Called in the child. A child that may be stopped is ended by SIGKILL: it never sees another.
    """
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, by)


class ProcessError(SluiceError):
    """A child process did not come up or went away."""


class Child:
    """One child process that prints `ready ...` on stdout once it serves.

    Its stderr goes to `log`; it is ended with SIGTERM, and killed when it does not listen.
    """

    def __init__(
        self,
        name: str,
        module: str,
        arguments: Sequence[str],
        *,
        log: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                stdout=subprocess.PIPE,
                stderr=errors,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **(environment or {})},
                preexec_fn=end_with_parent,  # noqa: PLW1509 - one prctl call, nothing that locks
            )

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def wait_ready(self, seconds: float = 30) -> str:
        """What the child printed after `ready` (a port). ProcessError NOT_READY otherwise."""
        assert self._process.stdout is not None
        deadline = time.monotonic() + seconds
        line = b""
        with selectors.DefaultSelector() as waiting:
            waiting.register(self._process.stdout, selectors.EVENT_READ)
            while not line.endswith(b"\n"):
                left = deadline - time.monotonic()
                if left <= 0 or not waiting.select(left):
                    break
                piece = os.read(self._process.stdout.fileno(), 1024)
                if not piece:
                    break
                line += piece
        words = line.decode("utf-8", "replace").split()
        if not words or words[0] != "ready":
            self.stop()
            raise ProcessError(
                "NOT_READY",
                Text(
                    f"{self.name} did not start; see {self.log}",
                    f"{self.name} 未能启动;请看 {self.log}",
                ),
            )
        return words[1] if len(words) > 1 else ""

    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process.poll() is None

    def stop(self, seconds: float = 10) -> None:
        """End the process: SIGTERM, then SIGKILL after `seconds`."""
        if self.running():
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._process.stdout is not None:
            with contextlib.suppress(OSError):
                self._process.stdout.close()
