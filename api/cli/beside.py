"""Writing a text beside a user's file: never over anything, never through a link."""

from __future__ import annotations

from itertools import count
from pathlib import Path


def written_beside(file: Path, ending: str, text: str) -> Path:
    """Write `text` to a new file: `file` with `.ending`, `.ending2` … whichever is free first."""
    for number in count(1):
        place = file.with_name(f"{file.name}.{ending}{number if number > 1 else ''}")
        try:
            with place.open("x", encoding="utf-8", newline="\n") as out:
                out.write(text)
        except FileExistsError:
            continue
        return place
    raise AssertionError("some name is free")
