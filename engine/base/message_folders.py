"""Where the templates of notifications are: one YAML file each, named by the file."""

from __future__ import annotations

import os
from pathlib import Path

SHIPPED = Path(__file__).resolve().parents[2] / "notification_templates"
"""The templates that come with Sluicegate."""

OWN = "SLUICE_NOTIFICATION_TEMPLATES"
"""Environment variable: a folder of the installation's own templates, which come first."""

STANDARD = "standard"
"""The template for what has none of its own."""


def folders() -> tuple[Path, ...]:
    """The folders to look in, the installation's own first."""
    own = os.environ.get(OWN)
    return (Path(own), SHIPPED) if own else (SHIPPED,)


def names() -> frozenset[str]:
    """The names of all templates there are."""
    return frozenset(path.stem for folder in folders() for path in folder.glob("*.yaml"))
