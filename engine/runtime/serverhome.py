"""The folders of an embedded PostgreSQL server and the operating-system user it runs as."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from engine.base.text import Text
from engine.runtime.binaries import PostgresError

ROOT_HOME = Path("/var/lib/sluicegate")
"""Where data lies when root starts the server: PostgreSQL refuses to run as root, and the
unprivileged user that runs it may not be able to reach the workspace."""

LONGEST_SOCKET_FOLDER = 90
"""Unix socket paths end at 107 bytes on Linux, 103 on macOS; `/.s.PGSQL.5432` takes 14."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The user the server runs as; `switch` is False when that is ourselves."""

    name: str
    uid: int
    gid: int
    switch: bool


def server_owner() -> Owner:
    """Ourselves, or, for root, `postgres` where it exists, else `nobody`."""
    if os.geteuid() != 0:
        me = pwd.getpwuid(os.geteuid())
        return Owner(me.pw_name, me.pw_uid, me.pw_gid, switch=False)
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return Owner(name, found.pw_uid, found.pw_gid, switch=True)
    raise PostgresError(
        "POSTGRES_NO_USER",
        Text(
            "root may not run PostgreSQL and neither `postgres` nor `nobody` exists; "
            "start sluice as an ordinary user or set DATABASE_URL",
            "root 不能运行 PostgreSQL,且系统中没有 postgres 或 nobody 用户;"
            "请以普通用户启动,或设置 DATABASE_URL",
        ),
    )


@dataclass(frozen=True, slots=True)
class ServerHome:
    """Folders of one server: `root` (locks, log), `data` (PGDATA) and `socket` (0700)."""

    root: Path
    socket: Path
    owner: Owner

    @property
    def data(self) -> Path:
        """PGDATA."""
        return self.root / "data"

    @property
    def log(self) -> Path:
        """The server's log file."""
        return self.root / "server.log"

    def make(self) -> None:
        """Create the folders; POSTGRES_NO_PERMISSION when they cannot be written."""
        try:
            if self.owner.switch:
                # Passable, not readable: the server's user only walks through.
                self.root.parent.mkdir(parents=True, exist_ok=True)
                self.root.parent.chmod(0o711)
            self._private(self.root)
            self._private(self.socket)
            if not os.access(self.root, os.W_OK | os.X_OK):
                raise PermissionError(13, "not writable", str(self.root))
        except OSError as error:
            raise no_permission(self.root, error) from error

    def remove(self) -> None:
        """Delete data and folders; only after the server has stopped."""
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.rmtree(self.socket, ignore_errors=True)

    def _private(self, folder: Path) -> None:
        """Make `folder` 0700 and the owner's; refuse one that somebody else prepared."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), self.owner.uid):
            raise PermissionError(13, "belongs to another user or is a link", str(folder))
        if self.owner.switch and found.st_uid != self.owner.uid:
            os.chown(folder, self.owner.uid, self.owner.gid)
        if stat.S_IMODE(found.st_mode) != 0o700:
            folder.chmod(0o700)


def home_for(place: Path, identity: str | None = None) -> ServerHome:
    """The home of the server that belongs to the folder `place` (a workspace).

    Data lies in `place`/postgres; when root starts the server, under
    /var/lib/sluicegate/<hash of `identity`, or of the path>. A workspace gives its identity, so
    that its data is found after the folder was moved and not taken over by a new workspace in
    the same place. The socket's folder is short and private.
    """
    owner = server_owner()
    name = hashlib.sha256((identity or str(place.resolve())).encode()).hexdigest()[:16]
    if owner.switch:
        root = ROOT_HOME / name
        return ServerHome(root, root / "socket", owner)
    root = place.resolve() / "postgres"
    socket = root / "socket"
    if len(os.fsencode(socket)) > LONGEST_SOCKET_FOLDER:
        runtime = os.environ.get("XDG_RUNTIME_DIR", "")
        parent = Path(runtime) if runtime and os.access(runtime, os.W_OK) else None
        if parent is None or len(os.fsencode(parent)) > LONGEST_SOCKET_FOLDER - 32:
            parent = Path(tempfile.gettempdir())
        socket = parent / f"sluicegate-{owner.uid}-{name[:12]}"
    return ServerHome(root, socket, owner)


def no_permission(place: Path, error: OSError) -> PostgresError:
    """The refusal when `place` cannot be written."""
    return PostgresError(
        "POSTGRES_NO_PERMISSION",
        Text(
            f"cannot keep the database in {place}: {error}. Make the folder writable for this "
            "user, choose another workspace, or set DATABASE_URL",
            f"无法在 {place} 存放数据库:{error}。请授予写权限、更换工作区,或设置 DATABASE_URL",
        ),
    )
