"""Settings and secrets: where they come from, and what is refused."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from engine.runtime.settings import Secrets, Settings, SettingsError


def test_without_anything_there_are_defaults(tmp_path: Path) -> None:
    found = Settings.load(tmp_path, {})
    assert (found.host, found.port, found.language) == ("127.0.0.1", 8000, "zh")
    assert found.database_url is None
    assert found.workspace == tmp_path


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "settings.yaml").write_text(
        "port: 8001\nhost: 0.0.0.0\nendpoints: {bank_a: http://file, bank_b: http://b}\n"
    )
    env = {"SLUICE_PORT": "8002", "SLUICE_ENDPOINT_BANK_A": "http://env"}
    found = Settings.load(tmp_path, env)
    assert (found.port, found.host) == (8002, "0.0.0.0")
    assert found.endpoints == {"bank_a": "http://env", "bank_b": "http://b"}


def test_the_workspace_is_named_by_the_environment(tmp_path: Path) -> None:
    assert Settings.load(environ={"SLUICE_WORKSPACE": str(tmp_path)}).workspace == tmp_path


def test_the_database_address_does_not_show_its_password(tmp_path: Path) -> None:
    found = Settings.load(tmp_path, {"DATABASE_URL": "postgresql://u:hidden@h/d"})
    assert found.database_url == "postgresql://u:hidden@h/d"
    assert "hidden" not in repr(found)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("prot: 8001", "SETTING_UNKNOWN"),
        ("database_url: postgresql://u:p@h/d", "SETTING_UNKNOWN"),
        ("port: many", "SETTING_VALUE"),
        ("port: 0", "SETTING_VALUE"),
        ("port: 65536", "SETTING_VALUE"),
        ("port: true", "SETTING_VALUE"),
        ("workers: 1.5", "SETTING_VALUE"),
        ("language: fr", "SETTING_VALUE"),
        ("host: ''", "SETTING_VALUE"),
        ("endpoints: here", "SETTING_VALUE"),
        ("endpoints: {bank_a: 8}", "SETTING_VALUE"),
        ("- port", "SETTINGS_FILE"),
        ("port: [", "SETTINGS_FILE"),
        ("!!python/object:os.system {}", "SETTINGS_FILE"),
    ],
)
def test_a_setting_that_cannot_be_taken_is_refused(tmp_path: Path, text: str, code: str) -> None:
    (tmp_path / "settings.yaml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        Settings.load(tmp_path, {})
    assert caught.value.code == code


def test_a_mistyped_setting_is_told_its_right_name(tmp_path: Path) -> None:
    (tmp_path / "settings.yaml").write_text("prot: 1")
    with pytest.raises(SettingsError, match="did you mean port"):
        Settings.load(tmp_path, {})


def test_a_secret_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    first = Secrets(tmp_path, {}).get("session")
    assert len(first) >= 43
    assert Secrets(tmp_path, {}).get("session") == first
    assert Secrets(tmp_path, {}).get("other") != first
    assert Secrets(tmp_path, {}).get("session") == first
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


def test_a_secret_of_the_environment_wins(tmp_path: Path) -> None:
    assert Secrets(tmp_path, {"SLUICE_SECRET_SESSION": "given"}).get("session") == "given"
    assert not (tmp_path / "secrets.json").exists()


def test_secrets_that_others_may_read_are_refused(tmp_path: Path) -> None:
    Secrets(tmp_path, {}).get("session")
    (tmp_path / "secrets.json").chmod(0o640)
    with pytest.raises(SettingsError) as caught:
        Secrets(tmp_path, {}).get("session")
    assert caught.value.code == "SECRETS_OPEN"
