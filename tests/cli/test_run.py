"""`sluice run` and where a demo may be played."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.serving import serve
from engine.base.text import SluiceError
from engine.runtime.workspace import Workspace

SERVER = "postgresql://treasury@db.example/treasury"


@pytest.mark.parametrize("exists", [False, True])
def test_a_demo_is_never_played_on_the_server_database_url_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exists: bool
) -> None:
    monkeypatch.setenv("DATABASE_URL", SERVER)
    folder = tmp_path / "workspace"
    if exists:
        Workspace.create(folder, demo=True)
    with pytest.raises(SluiceError) as refused:
        serve(folder, None, None, None)
    assert refused.value.code == "DEMO_ON_SERVER"
    assert folder.exists() is exists
