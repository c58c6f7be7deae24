"""A real PostgreSQL server of our own: initdb, start, share, stop.

The server listens on a unix socket in a private folder and on nothing else. Processes that
use one server share it by advisory file locks: whoever comes first starts it, whoever leaves
last stops it, and a process that was killed counts as having left.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO

import psycopg
from psycopg import sql

from engine.base.text import Text
from engine.runtime.binaries import Binaries, PostgresError, find_binaries
from engine.runtime.programs import run_as_owner, usable
from engine.runtime.serverhome import ServerHome, home_for, no_permission

PORT = 5432
"""Names the socket file; nothing listens on TCP."""

SUPERUSER = "postgres"
ROLE = "sluicegate"
"""The role the product works as: owner of its databases, no superuser."""

DATABASE = "sluicegate"

_START_SECONDS = 60


class EmbeddedServer:
    """One PostgreSQL server in a home folder; a context manager starts and leaves it.

    `settings` are server settings (name to value); tests turn fsync off with them, the
    product never does.
    """

    def __init__(
        self,
        home: ServerHome,
        *,
        binaries: Binaries | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.home = home
        self._binaries = binaries
        self._settings = dict(settings or {})
        self._users: IO[str] | None = None

    @classmethod
    def for_folder(
        cls,
        place: Path,
        *,
        identity: str | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> EmbeddedServer:
        """The server that belongs to the folder `place` (a workspace of that `identity`)."""
        return cls(home_for(place, identity), settings=settings)

    def __enter__(self) -> EmbeddedServer:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def url(self, database: str = DATABASE, *, role: str = ROLE) -> str:
        """SQLAlchemy URL of `database` as `role` ("sluicegate" or, for care, "postgres")."""
        return f"postgresql+psycopg://{role}@/{database}?host={self.home.socket}&port={PORT}"

    def start(self) -> None:
        """Start the server, or join it when it runs already; makes role and database.

        Raises PostgresError: POSTGRES_MISSING, POSTGRES_VERSION, POSTGRES_NO_PERMISSION,
        POSTGRES_NO_USER, POSTGRES_START.
        """
        if self._users is not None:
            return
        self.home.make()
        with self._alone():
            users = (self.home.root / "users.lock").open("w")
            fcntl.flock(users, fcntl.LOCK_SH)
            try:
                self._ensure_running()
                # Not only after a start: whoever started it may have been killed before this.
                self._make_role()
                self.ensure_database(DATABASE)
            except BaseException:
                users.close()
                raise
            self._users = users

    def stop(self) -> None:
        """Leave the server; the last one to leave stops it (fast shutdown, data kept)."""
        if self._users is None:
            return
        with self._alone():
            try:
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            else:
                self._shut_down()
            finally:
                self._users.close()
                self._users = None

    def crash(self) -> None:
        """Stop the server at once, as a power cut would (pg_ctl's immediate mode), whoever uses
        it: for proofs that nothing committed is lost. `start` of another object recovers it."""
        with self._alone():
            self._shut_down("immediate")

    def destroy(self) -> bool:
        """Stop the server if nobody uses it and delete its data; False when it is in use."""
        self.stop()
        if not self.home.root.exists():
            return True
        with self._alone(), (self.home.root / "users.lock").open("w") as users:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            self._shut_down()
            self.home.remove()
        return True

    def ensure_database(self, name: str) -> None:
        """Create the database `name`, owned by the product's role, unless it exists."""
        with self.admin() as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            if found.fetchone() is None:
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(
                        sql.Identifier(name), sql.Identifier(ROLE)
                    )
                )

    @contextmanager
    def admin(self, database: str = "postgres") -> Iterator[psycopg.Connection]:
        """A superuser's autocommit connection, for care of the server itself."""
        with psycopg.connect(
            host=str(self.home.socket),
            port=PORT,
            user=SUPERUSER,
            dbname=database,
            autocommit=True,
            connect_timeout=10,
        ) as connection:
            yield connection

    # -- inside -------------------------------------------------------------------------

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Starting and stopping happens one process at a time."""
        with (self.home.root / "start.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _ensure_running(self) -> None:
        if self._answers():
            return
        binaries = usable(self.home, self._choose_binaries())
        self._drop_stale_pid_file()
        if not (self.home.data / "PG_VERSION").exists():
            self._initialise(binaries)
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.home.socket),
            "unix_socket_permissions": "0700",
            "port": str(PORT),
            "max_connections": "200",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **self._settings,
        }
        words = " ".join(f"-c {name}='{value}'" for name, value in options.items())
        command = [binaries.program("pg_ctl"), "start", "-w", "-s", "-t", str(_START_SECONDS)]
        command += ["-D", str(self.home.data), "-l", str(self.home.log), "-o", words]
        done = run_as_owner(self.home, command)
        if done.returncode != 0 or not self._answers():
            raise self._not_started(done.stdout)

    def _choose_binaries(self) -> Binaries:
        version_file = self.home.data / "PG_VERSION"
        if not version_file.exists():
            return self._binaries or find_binaries()
        major = int(version_file.read_text().strip())
        if self._binaries is not None and self._binaries.major == major:
            return self._binaries
        try:
            if self._binaries is None:
                return find_binaries(major=major)
        except PostgresError:
            pass  # the sentence below says more: whose data it is and what may be done
        raise PostgresError(
            "POSTGRES_VERSION",
            Text(
                f"the data in {self.home.data} was written by PostgreSQL {major}; install its "
                f"server programs (`apt-get install postgresql-{major}`), move the data with "
                "pg_dump, or choose another workspace",
                f"{self.home.data} 中的数据由 PostgreSQL {major} 写入;请安装该版本"
                f"(`apt-get install postgresql-{major}`)、用 pg_dump 迁移,或更换工作区",
            ),
        )

    def _initialise(self, binaries: Binaries) -> None:
        """initdb into a side folder, then rename: a killed start leaves nothing half made."""
        shutil.rmtree(self.home.data, ignore_errors=True)
        fresh = self.home.root / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        command = [binaries.program("initdb"), "-D", str(fresh), "-U", SUPERUSER]
        command += ["--encoding=UTF8", "--no-locale", "--auth=peer"]
        if self._settings.get("fsync") == "off":
            command.append("--no-sync")
        done = run_as_owner(self.home, command)
        if done.returncode != 0:
            raise self._not_started(done.stdout)
        names = sorted({self.home.owner.name, "root"})
        roles = (SUPERUSER, ROLE)
        (fresh / "pg_ident.conf").write_text(
            "".join(f"workspace {name} {role}\n" for name in names for role in roles)
        )
        (fresh / "pg_hba.conf").write_text("local all all peer map=workspace\n")
        fresh.rename(self.home.data)

    def _make_role(self) -> None:
        with self.admin() as connection:
            found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE])
            if found.fetchone() is None:
                connection.execute(
                    sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER").format(sql.Identifier(ROLE))
                )

    def _answers(self) -> bool:
        try:
            with self.admin() as connection:
                return connection.execute("SELECT 1").fetchone() is not None
        except psycopg.OperationalError:
            return False

    def _drop_stale_pid_file(self) -> None:
        """Remove postmaster.pid when its process is gone or is not a postgres of this data.

        PostgreSQL itself takes any living process with that number for its own, which after
        a restart of the machine or of a container is often a stranger.
        """
        pid_file = self.home.data / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().splitlines()[0])
        except FileNotFoundError:
            return
        except (ValueError, IndexError):
            pid_file.unlink()
            return
        if not _is_postgres(pid, self.home.data):
            pid_file.unlink()

    def _shut_down(self, mode: str = "fast") -> None:
        if not (self.home.data / "postmaster.pid").exists():
            return
        binaries = usable(self.home, self._choose_binaries())
        command = [binaries.program("pg_ctl"), "stop", "-w", "-s", "-m", mode]
        done = run_as_owner(self.home, [*command, "-D", str(self.home.data)])
        if done.returncode != 0 and self._answers():
            raise PostgresError(
                "POSTGRES_STOP",
                Text(
                    f"the database did not stop: {done.stdout.strip()}; see {self.home.log}",
                    f"数据库未能停止:{done.stdout.strip()};详见 {self.home.log}",
                ),
            )

    def _not_started(self, said: str) -> PostgresError:
        tail = said.strip()
        if self.home.log.exists():
            lines = self.home.log.read_text(errors="replace").splitlines()
            tail = "\n".join([tail, *lines[-5:]]).strip()
        if "permission denied" in tail.lower() or "read-only file system" in tail.lower():
            return no_permission(self.home.data, PermissionError(13, tail))
        return PostgresError(
            "POSTGRES_START",
            Text(
                f"the database in {self.home.data} did not start; read {self.home.log}:\n{tail}",
                f"{self.home.data} 中的数据库未能启动;请查看 {self.home.log}:\n{tail}",
            ),
        )


def _is_postgres(pid: int, data: Path) -> bool:
    """Whether the living process `pid` is the server of `data` (unknown counts as yes)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return Path("/proc").exists() is False
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return True
    return os.fsencode(data) in words or b"postgres" in words[0]


def main(arguments: Sequence[str]) -> int:
    """`python -m engine.runtime.postgres --which`: print the server programs' folder.

    Exit code 1 with the reason on stderr when there are none; the set-up asks this way.
    """
    if list(arguments) != ["--which"]:
        print("usage: python -m engine.runtime.postgres --which", file=sys.stderr)
        return 2
    try:
        print(find_binaries().folder)
    except PostgresError as error:
        print(error.text.en, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
