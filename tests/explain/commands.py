"""`sluice` commands over a copy of the played day."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest
import sqlalchemy as sa
import typer
from typer.testing import CliRunner, Result

from tests.pages.world import World


def run(world: World, monkeypatch: pytest.MonkeyPatch, module: object, *arguments: str) -> Result:
    """Run a command of `module` on the day's database instead of a workspace's."""

    @contextmanager
    def opened(_folder: Path | None) -> Iterator[tuple[None, None, sa.Engine]]:
        yield None, None, world.engine

    monkeypatch.setattr(module, "opened", opened)
    app = typer.Typer()
    module.register(app)  # type: ignore[attr-defined]

    @app.callback()
    def several() -> None: ...

    return CliRunner().invoke(app, arguments)


def data(result: Result) -> dict[str, object]:
    """The JSON a command wrote."""
    assert result.exit_code in (0, 1), result.output
    return cast("dict[str, object]", json.loads(result.stdout))
