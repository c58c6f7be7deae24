"""What happened on a demo day."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class DayLog:
    """What happened, in the order it did."""

    lines: list[str] = field(default_factory=list)
    rows_in: int = 0
    refused_rows: int = 0
    left_waiting: int = 0
    all_told: bool = False
    """Whether the source acknowledged every message."""

    def add(self, line: str) -> None:
        """Note one line."""
        self.lines.append(line)
