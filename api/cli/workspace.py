"""How commands reach the workspace: one option, one place that opens database and settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import sqlalchemy as sa

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
    # A second of libraries that commands on files do not need.
    from engine.runtime.settings import Settings
    from engine.runtime.workspace import Workspace

    settings = Settings.load(folder)
    workspace = Workspace.open(settings.workspace)
    with workspace.database(settings) as engine:
        yield workspace, settings, engine
