"""The workspace: one folder with everything of an installation that is not in the database.

workspace.json   identity and whether it is a demo
settings.yaml    settings (optional)
secrets.json     generated secrets, mode 0600
audit.anchor     heads of the audit chain
run.lock         held by the running `sluice run`
postgres/        data of the embedded database (under /var/lib/sluicegate for root)
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from engine.base.text import SluiceError, Text
from engine.runtime import db, migrate
from engine.runtime.audit import AnchorFile
from engine.runtime.postgres import EmbeddedServer
from engine.runtime.settings import Secrets, Settings

FORMAT = 1
"""Version of the folder's layout."""

_MARK = "workspace.json"


class WorkspaceError(SluiceError):
    """A workspace that cannot be made, opened or used now."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """An opened workspace. In a demo workspace changed rulesets become active by themselves."""

    folder: Path
    identity: str
    demo: bool

    @classmethod
    def create(cls, folder: Path, *, demo: bool = False) -> Workspace:
        """Make a new workspace; WORKSPACE_EXISTS, WORKSPACE_NOT_EMPTY, WORKSPACE_NO_PERMISSION."""
        folder = folder.absolute()
        if (folder / _MARK).exists():
            raise WorkspaceError(
                "WORKSPACE_EXISTS",
                Text(
                    f"{folder} is a workspace already; open it or choose another folder",
                    f"{folder} 已是工作区;请直接打开或另选文件夹",
                ),
            )
        if folder.is_dir() and any(folder.iterdir()):
            raise WorkspaceError(
                "WORKSPACE_NOT_EMPTY",
                Text(
                    f"{folder} holds other files; choose an empty or a new folder",
                    f"{folder} 中有其他文件;请选择空文件夹或新文件夹",
                ),
            )
        made = cls(folder, uuid.uuid4().hex, demo)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            content = {"format": FORMAT, "identity": made.identity, "demo": demo}
            made.secrets().get("session")
            # The mark comes last: a folder without it is no workspace.
            (folder / _MARK).write_text(json.dumps(content) + "\n")
        except OSError as error:
            raise _no_permission(folder, error) from error
        return made

    @classmethod
    def open(cls, folder: Path) -> Workspace:
        """Open a workspace; WORKSPACE_MISSING, WORKSPACE_FORMAT."""
        folder = folder.absolute()
        try:
            found = json.loads((folder / _MARK).read_text())
            if found["format"] != FORMAT:
                raise ValueError(f"format {found['format']}")
            return cls(folder, str(found["identity"]), bool(found["demo"]))
        except FileNotFoundError:
            raise WorkspaceError(
                "WORKSPACE_MISSING",
                Text(
                    f"{folder} is no workspace; start `sluice run` once to make it, or set "
                    "SLUICE_WORKSPACE",
                    f"{folder} 不是工作区;请先执行 `sluice run` 创建,或设置 SLUICE_WORKSPACE",
                ),
            ) from None
        except OSError as error:
            raise _no_permission(folder, error) from error
        except (ValueError, KeyError, TypeError) as error:
            raise WorkspaceError(
                "WORKSPACE_FORMAT",
                Text(
                    f"{folder / _MARK} cannot be read ({error}); it was made by another version "
                    "of sluice or damaged: restore it or use the version that made it",
                    f"无法读取 {folder / _MARK}({error});它由其他版本创建或已损坏:"
                    "请恢复该文件或使用原版本",
                ),
            ) from error

    @classmethod
    def open_or_create(cls, folder: Path, *, demo: bool = False) -> Workspace:
        """Open the workspace, or make it when there is none."""
        if (folder / _MARK).exists():
            return cls.open(folder)
        return cls.create(folder, demo=demo)

    @property
    def anchors(self) -> AnchorFile:
        """Where the audit chain's heads are kept, outside the database."""
        return AnchorFile(self.folder / "audit.anchor")

    def secrets(self) -> Secrets:
        """The secrets of this workspace."""
        return Secrets(self.folder)

    def server(self) -> EmbeddedServer:
        """The embedded database of this workspace, not started."""
        return EmbeddedServer.for_folder(self.folder, identity=self.identity)

    @contextmanager
    def database(self, settings: Settings) -> Iterator[sa.Engine]:
        """An engine on the migrated database: DATABASE_URL's, else the embedded one's.

        The embedded server is started when nobody runs it, and stopped when nobody is left.
        Raises WORKSPACE_COPIED when the data belongs to the folder this one was copied from.
        """
        if settings.database_url is not None:
            with _migrated(settings.database_url) as engine:
                yield engine
            return
        server = self.server()
        self._refuse_copy(server.home.root / "workspace")
        with server, _migrated(server.url()) as engine:
            (server.home.root / "workspace").write_text(str(self.folder))
            yield engine

    @contextmanager
    def running(self) -> Iterator[None]:
        """Held by `sluice run`; WORKSPACE_BUSY while another one holds it."""
        with (self.folder / "run.lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                raise _busy(self.folder, lock.read().strip()) from None
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield

    def _refuse_copy(self, owner_file: Path) -> None:
        """A moved workspace takes its data along; a copied one must not share it unseen."""
        if not owner_file.exists():
            return
        owner = Path(owner_file.read_text())
        # A copy brings the note of its original along where the data lies inside the folder.
        if owner == self.folder or owner_file.is_relative_to(self.folder):
            return
        if (owner / _MARK).exists() and Workspace.open(owner).identity == self.identity:
            raise WorkspaceError(
                "WORKSPACE_COPIED",
                Text(
                    f"{self.folder} is a copy of {owner}, whose database it would share; use the "
                    "original, or delete one of the two",
                    f"{self.folder} 是 {owner} 的副本,两者会共用数据库;请使用原工作区,或删除其一",
                ),
            )

    def destroy(self) -> None:
        """Delete a demo workspace with its data; WORKSPACE_NOT_DEMO, WORKSPACE_BUSY."""
        if not self.demo:
            raise WorkspaceError(
                "WORKSPACE_NOT_DEMO",
                Text(
                    f"{self.folder} is no demo; only demo workspaces are deleted by sluice",
                    f"{self.folder} 不是演示工作区;系统只会删除演示工作区",
                ),
            )
        with self.running():
            if not self.server().destroy():
                raise _busy(self.folder, "")
        shutil.rmtree(self.folder)


@contextmanager
def _migrated(url: str) -> Iterator[sa.Engine]:
    engine = db.make_engine(url)
    try:
        migrate.upgrade(engine)
        yield engine
    finally:
        engine.dispose()


def _busy(folder: Path, pid: str) -> WorkspaceError:
    who = f" (process {pid})" if pid else ""
    return WorkspaceError(
        "WORKSPACE_BUSY",
        Text(
            f"another sluice{who} is using {folder}; stop it or set SLUICE_WORKSPACE to "
            "another folder",
            f"另一个 sluice{who} 正在使用 {folder};请先停止它,或用 SLUICE_WORKSPACE 指定其他文件夹",
        ),
    )


def _no_permission(folder: Path, error: OSError) -> WorkspaceError:
    return WorkspaceError(
        "WORKSPACE_NO_PERMISSION",
        Text(
            f"{folder} cannot be used: {error}; make it writable for this user or set "
            "SLUICE_WORKSPACE to another folder",
            f"无法使用 {folder}:{error};请授予写权限,或用 SLUICE_WORKSPACE 指定其他文件夹",
        ),
    )
