"""Layouts as files: where shipped ones are, and the samples kept beside a layout."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from engine.formats.layouts.examples import Opener
from engine.formats.templates import SHIPPED

LAYOUTS = SHIPPED / "layouts"
"""Layouts that come with the product."""

MAX_SAMPLE = 16 * 1024 * 1024
"""Bytes of a sample."""


def find_layouts(paths: Iterable[Path]) -> list[Path]:
    """Layout files named, and those in folders named, in order; OSError for what is not there."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(path.glob("*.yaml"))
        elif path.is_file():
            found.append(path)
        else:
            raise FileNotFoundError(2, "no such file or folder", str(path))
    return found


def samples_beside(layout: Path) -> Opener:
    """Opens samples by their path from the layout's folder, and none outside of it."""
    folder = layout.resolve().parent

    def opened(name: str) -> bytes:
        path = (folder / name).resolve()
        if not path.is_relative_to(folder) or not path.is_file():
            raise FileNotFoundError(2, "no such sample beside the layout", name)
        if path.stat().st_size > MAX_SAMPLE:
            raise OSError(27, "the sample is too large", name)
        return path.read_bytes()

    return opened
