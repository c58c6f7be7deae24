"""Settings: from the environment first, then from the workspace's settings.yaml.

Secrets never stand in settings.yaml: they come from the environment (SLUICE_SECRET_<NAME>) or
from secrets.json in the workspace, which only its owner may read.
"""

from __future__ import annotations

import difflib
import json
import os
import secrets
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import yaml

from engine.base.text import SluiceError, Text

SECRETS_FILE = "secrets.json"
SETTINGS_FILE = "settings.yaml"

_PREFIX = "SLUICE_"
_SECRET_PREFIX = "SLUICE_SECRET_"  # noqa: S105 - the name of a variable, not a secret
_ENDPOINT_PREFIX = "SLUICE_ENDPOINT_"


class SettingsError(SluiceError):
    """A setting that cannot be read."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What an installation may choose; everything else is a ruleset or master data."""

    workspace: Path
    database_url: str | None = field(default=None, repr=False)
    """A PostgreSQL server to use instead of the embedded one (DATABASE_URL); may hold a
    password, so it is read from the environment only."""
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 2
    """Threads that carry out actions."""
    language: str = "zh"
    """Language of pages before somebody signed in: zh or en."""
    endpoints: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Base URL by bank or source system; SLUICE_ENDPOINT_BANK_A sets `bank_a`."""

    @classmethod
    def load(
        cls, workspace: Path | None = None, environ: Mapping[str, str] | None = None
    ) -> Settings:
        """Read the settings of `workspace` (default: SLUICE_WORKSPACE, else ./workspace).

        Raises SettingsError: SETTINGS_FILE, SETTING_UNKNOWN, SETTING_VALUE.
        """
        env = os.environ if environ is None else environ
        place = workspace or Path(env.get("SLUICE_WORKSPACE", "workspace"))
        given = _from_file(place / SETTINGS_FILE)
        endpoints = {**_endpoints(given.pop("endpoints", {})), **_endpoints_of(env)}
        for name in _READ:
            if (text := env.get(_PREFIX + name.upper())) is not None:
                given[name] = text
        base = cls(
            place.absolute(),
            database_url=env.get("DATABASE_URL") or None,
            endpoints=MappingProxyType(endpoints),
        )
        for name, value in given.items():
            # Frozen for everybody else; here it is still being made.
            object.__setattr__(base, name, _read(name, value))
        return base


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError
    return value


def _whole(lowest: int, highest: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise ValueError
        if not lowest <= int(value) <= highest:
            raise ValueError
        return int(value)

    return read


def _language(value: object) -> str:
    if value not in ("zh", "en"):
        raise ValueError
    return str(value)


_READ: Mapping[str, Callable[[object], str | int]] = {
    "host": _text,
    "port": _whole(1, 65535),
    "workers": _whole(1, 64),
    "language": _language,
}
"""Settings of the file and of SLUICE_<NAME>, and how each is read."""


def _read(name: str, value: object) -> str | int:
    if name not in _READ:
        near = difflib.get_close_matches(name, [*_READ, "endpoints"], 1)
        hint, hint_zh = (
            (f"; did you mean {near[0]}?", f";是否为 {near[0]}?") if near else (".", "。")
        )
        raise SettingsError(
            "SETTING_UNKNOWN",
            Text(
                f"there is no setting {name}{hint} Known: {', '.join([*_READ, 'endpoints'])}",
                f"没有设置项 {name}{hint_zh}可用:{', '.join([*_READ, 'endpoints'])}",
            ),
        )
    try:
        return _READ[name](value)
    except ValueError:
        raise SettingsError(
            "SETTING_VALUE",
            Text(
                f"{value!r} is no value for {name}; see docs/operations.md for its range",
                f"{value!r} 不能作为 {name} 的值;取值范围见 docs/operations.md",
            ),
        ) from None


def _from_file(path: Path) -> dict[str, object]:
    if not path.exists():
        return {}
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise _file_error(path, str(error)) from error
    if found is None:
        return {}
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
        raise _file_error(path, "not a list of `name: value`")
    return dict(found)


def _file_error(path: Path, why: str) -> SettingsError:
    return SettingsError(
        "SETTINGS_FILE",
        Text(
            f"{path} cannot be read: {why}; write `name: value` lines",
            f"无法读取 {path}:{why};请写成 `名称: 值`",
        ),
    )


def _endpoints(value: object) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(part, str) for part in value.values()):
        raise SettingsError(
            "SETTING_VALUE",
            Text(
                "endpoints is a list of `bank: URL`",
                "endpoints 应为 `银行: URL` 列表",
            ),
        )
    return {str(name): url for name, url in value.items()}


def _endpoints_of(env: Mapping[str, str]) -> dict[str, str]:
    return {
        name.removeprefix(_ENDPOINT_PREFIX).lower(): url
        for name, url in env.items()
        if name.startswith(_ENDPOINT_PREFIX)
    }


class Secrets:
    """Secrets of a workspace: SLUICE_SECRET_<NAME>, else secrets.json (mode 0600)."""

    def __init__(self, folder: Path, environ: Mapping[str, str] | None = None) -> None:
        self._path = folder / SECRETS_FILE
        self._environ = os.environ if environ is None else environ

    def get(self, name: str) -> str:
        """The secret `name`, made at random and kept when there is none yet.

        Raises SettingsError SECRETS_OPEN when others may read the file.
        """
        given = self._environ.get(_SECRET_PREFIX + name.upper())
        if given:
            return given
        known = self._known()
        if name not in known:
            known[name] = secrets.token_urlsafe(32)
            self._write(known)
        return known[name]

    def _known(self) -> dict[str, str]:
        try:
            mode = self._path.stat().st_mode
        except FileNotFoundError:
            return {}
        if stat.S_IMODE(mode) & 0o077:
            raise SettingsError(
                "SECRETS_OPEN",
                Text(
                    f"others may read {self._path}; run `chmod 600 {self._path}` and replace "
                    "the secrets in it if somebody did",
                    f"其他用户可读取 {self._path};请执行 `chmod 600 {self._path}`,"
                    "若可能已泄露请更换其中的密钥",
                ),
            )
        found = json.loads(self._path.read_text())
        return {str(name): str(value) for name, value in found.items()}

    def _write(self, known: Mapping[str, str]) -> None:
        unfinished = self._path.with_name(f"{SECRETS_FILE}.{os.getpid()}")
        unfinished.unlink(missing_ok=True)
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            json.dump(dict(known), file)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self._path)
