"""What a demo workspace remembers from one start to the next."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass

from engine.runtime.clock import SystemClock
from engine.runtime.workspace import Workspace

_STATE = "demo.json"


@dataclass(frozen=True, slots=True)
class DemoState:
    """What a demo workspace remembers: that its first day was played, and its clock."""

    offset: dt.timedelta

    @classmethod
    def read(cls, workspace: Workspace) -> DemoState | None:
        """The state; None when the first day was not played to its end."""
        try:
            found = json.loads((workspace.folder / _STATE).read_text())
        except FileNotFoundError:
            return None
        return cls(dt.timedelta(seconds=int(found["offset_seconds"])))

    def write(self, workspace: Workspace) -> None:
        """Keep the state."""
        unfinished = workspace.folder / f"{_STATE}.new"
        unfinished.write_text(json.dumps({"offset_seconds": int(self.offset.total_seconds())}))
        unfinished.replace(workspace.folder / _STATE)


def clock_for(workspace: Workspace) -> SystemClock:
    """The clock a command uses: a demo's stands where `sluice run` put it."""
    state = DemoState.read(workspace) if workspace.demo else None
    return SystemClock() if state is None else SystemClock(state.offset)
