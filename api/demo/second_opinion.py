"""The day's events judged and its decisions decided again, by the monitor's own process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass

from api.processes import ProcessError
from engine.base.text import Text
from engine.runtime.clock import Clock
from engine.runtime.workspace import Workspace
from engine.treasury.monitor.opinions import MOST_CRASHES


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """What the monitor did: alerts on events, decisions decided again, by durable-rules or not."""

    alerts: int
    decisions: int
    by_rete: int
    disagreements: int


def look_again(workspace: Workspace, clock: Clock) -> SecondOpinion:
    """Let the monitor read everything of the day. It is started again when the second engine
    ends it. Raises ProcessError MONITOR_FAILED."""
    arguments = ["--workspace", str(workspace.folder), "--until-idle"]
    arguments += ["--at", clock.now().isoformat()]
    # A demo is played in its own database, whatever server the environment names.
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    log = workspace.folder / "monitor.log"
    with log.open("ab") as errors:
        for _ in range(MOST_CRASHES + 1):
            done = subprocess.run(
                [sys.executable, "-m", "api.monitoring", *arguments],
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment,
                check=False,
            )
            if done.returncode == 0:
                return _read(done.stdout.splitlines()[-1])
    raise ProcessError(
        "MONITOR_FAILED",
        Text(f"the monitor did not come to its end; see {log}", f"监控进程未能完成;请看 {log}"),
    )


def _read(line: bytes) -> SecondOpinion:
    found = json.loads(line)
    return SecondOpinion(
        alerts=found["alerts"],
        decisions=found["decisions"],
        by_rete=found["by_rete"],
        disagreements=found["disagreements"],
    )
