"""Files of rulesets: how a stored text calls its file, and writing one as a whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from engine.rules import find_kind


def replace_file(path: Path, text: str) -> None:
    """Write `text` as it is (line ends too) in place of the file at `path`."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        fresh.write_text(text, encoding="utf-8", newline="")
        fresh.chmod(path.stat().st_mode)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def named(path: Path) -> str:
    """The name a stored text keeps of its file: "approval/payment-approval.yaml" where the folder
    is called as a kind, else "payment-approval.yaml"."""
    folder = path.absolute().parent.name
    return f"{folder}/{path.name}" if find_kind(folder) is not None else path.name
