"""The command line imports what the asked command needs, and finds every command by its name."""

from __future__ import annotations

import subprocess
import sys

import pytest
import typer.main

from api.cli.main import build

ALL = typer.main.get_group(build()).commands


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_command_is_found_by_its_name(name: str) -> None:
    found = typer.main.get_group(build(name)).commands
    assert name in found
    assert len(found) < len(ALL) / 2


def test_with_a_name_nobody_has_there_are_all() -> None:
    assert set(typer.main.get_group(build("previw")).commands) == set(ALL)


@pytest.mark.parametrize("name", ["preview", "check"])
def test_commands_on_files_do_not_wait_for_the_database(name: str) -> None:
    program = (
        "import sys; from api.cli.main import build; build(sys.argv[1]); "
        "print(*sorted({'sqlalchemy', 'fastapi', 'pandas', 'alembic'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, name], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""
