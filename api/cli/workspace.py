"""How commands reach the workspace: one option, one place that opens database and settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer

from engine.runtime.settings import Settings
from engine.runtime.workspace import Workspace

WorkspaceOption = Annotated[
    Path | None,
    typer.Option("--workspace", help="Folder of the workspace (default: $SLUICE_WORKSPACE)."),
]


@contextmanager
def opened(folder: Path | None) -> Iterator[tuple[Workspace, Settings, sa.Engine]]:
    """The workspace in `folder` with its settings and migrated database.

    WorkspaceError WORKSPACE_MISSING when there is none.
    """
    settings = Settings.load(folder)
    workspace = Workspace.open(settings.workspace)
    with workspace.database(settings) as engine:
        yield workspace, settings, engine
