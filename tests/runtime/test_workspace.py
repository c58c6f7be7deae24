"""Workspaces: made, opened, held by one, with a database of their own."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.runtime import migrate
from engine.runtime.settings import Settings
from engine.runtime.workspace import Workspace, WorkspaceError


def _refused(work: object, *arguments: object, **named: object) -> str:
    assert callable(work)
    with pytest.raises(WorkspaceError) as caught:
        work(*arguments, **named)
    return caught.value.code


def test_a_made_workspace_can_be_opened(tmp_path: Path) -> None:
    made = Workspace.create(tmp_path / "w", demo=True)
    assert Workspace.open(tmp_path / "w") == made
    assert Workspace.open_or_create(tmp_path / "w") == made
    assert (tmp_path / "w" / "secrets.json").exists()


def test_a_workspace_is_not_made_over_anything(tmp_path: Path) -> None:
    Workspace.create(tmp_path / "w")
    assert _refused(Workspace.create, tmp_path / "w") == "WORKSPACE_EXISTS"
    (tmp_path / "mine").write_text("x")
    assert _refused(Workspace.create, tmp_path) == "WORKSPACE_NOT_EMPTY"


def test_a_folder_that_is_no_workspace_is_not_opened(tmp_path: Path) -> None:
    assert _refused(Workspace.open, tmp_path) == "WORKSPACE_MISSING"


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", json.dumps({"format": 99, "identity": "x", "demo": False})]
)
def test_a_workspace_of_another_make_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "workspace.json").write_text(content)
    assert _refused(Workspace.open, tmp_path) == "WORKSPACE_FORMAT"


def test_a_workspace_is_run_by_one_at_a_time(tmp_path: Path) -> None:
    made = Workspace.create(tmp_path / "w")
    with made.running():
        with pytest.raises(WorkspaceError) as caught, made.running():
            pass
        assert caught.value.code == "WORKSPACE_BUSY"
    with made.running():
        pass


def test_only_a_demo_is_destroyed(tmp_path: Path) -> None:
    made = Workspace.create(tmp_path / "w")
    assert _refused(made.destroy) == "WORKSPACE_NOT_DEMO"


def test_a_workspace_brings_its_own_migrated_database_and_takes_it_away(tmp_path: Path) -> None:
    made = Workspace.create(tmp_path / "w", demo=True)
    with made.database(Settings.load(made.folder, {})) as engine:
        assert migrate.current(engine) == migrate.head()
        assert _refused(_destroy_in_use, made) == "WORKSPACE_BUSY"
    home = made.server().home
    assert home.data.exists()
    made.destroy()
    assert not home.root.exists()
    assert not made.folder.exists()


def _destroy_in_use(made: Workspace) -> None:
    made.destroy()


def test_a_moved_workspace_keeps_its_data_and_a_copied_one_never_shares_it(tmp_path: Path) -> None:
    made = Workspace.create(tmp_path / "w", demo=True)
    settings = Settings.load(made.folder, {})
    with made.database(settings) as engine, engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE kept (id int)"))
    made.folder.rename(tmp_path / "moved")
    moved = Workspace.open(tmp_path / "moved")
    with moved.database(settings) as engine:
        assert sa.inspect(engine).has_table("kept")
    (tmp_path / "copy").mkdir()
    shutil.copy(moved.folder / "workspace.json", tmp_path / "copy")
    copy = Workspace.open(tmp_path / "copy")
    if moved.server().home == copy.server().home:
        with pytest.raises(WorkspaceError) as caught, copy.database(settings):
            pass
        assert caught.value.code == "WORKSPACE_COPIED"
    else:
        with copy.database(settings) as engine:
            assert not sa.inspect(engine).has_table("kept")
        copy.destroy()
    moved.destroy()


def test_a_given_server_is_used_instead(tmp_path: Path, database_url: str) -> None:
    made = Workspace.create(tmp_path / "w")
    settings = Settings.load(made.folder, {"DATABASE_URL": database_url})
    with made.database(settings) as engine:
        assert migrate.current(engine) == migrate.head()
    assert not made.server().home.data.exists()
