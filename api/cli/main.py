"""The command `sluice`. A module of this package that defines `register(app)` adds its commands.

Only the module of the command that was asked for is imported: who checks a file does not wait for
the database's libraries. Which one that is stands in its text, as app.command("check").
"""

from __future__ import annotations

import gc
import importlib
import pkgutil
import re
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

import api.cli
from engine.base.text import SluiceError


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sluice {version('sluicegate')}")
        raise typer.Exit


_ADDS = re.compile(r'\bapp\.(?:command\(|add_typer\([^)]*\bname=)"([^"]+)"')


def build(wanted: str | None = None) -> typer.Typer:
    """The application with the commands of every module of api.cli.

    `wanted`: only what its command needs, if there is one of this name.
    """
    app = typer.Typer(
        name="sluice",
        help="Treasury software whose behaviour lives in versioned YAML rulesets.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )

    @app.callback()
    def options(
        _version: Annotated[
            bool,
            typer.Option(
                "--version", help="Print the version.", is_eager=True, callback=_print_version
            ),
        ] = False,
    ) -> None: ...

    names = [one.name for one in pkgutil.iter_modules(api.cli.__path__)]
    for name in [name for name in names if wanted in _commands_of(name)] or names:
        module = importlib.import_module(f"api.cli.{name}")
        register = getattr(module, "register", None)
        if register is not None:
            register(app)
    return app


def _commands_of(module: str) -> list[str]:
    """The commands a module adds, by its text: it is not imported for that."""
    return _ADDS.findall(Path(__file__).with_name(f"{module}.py").read_text("utf-8"))


def _asked(arguments: Sequence[str]) -> str | None:
    """The command's name; None when options come first, such as --help."""
    return arguments[0] if arguments and not arguments[0].startswith("-") else None


NEW_OBJECTS = 50_000
"""After so many the garbage collector looks. Its default of 700 makes it look hundreds of times at
what is imported and stays: a quarter of the time until a command begins."""


def main() -> None:
    """Entry point: a SluiceError ends with its sentence and exit code 2, never a traceback."""
    gc.set_threshold(NEW_OBJECTS)
    try:
        build(_asked(sys.argv[1:]))()
    except SluiceError as error:
        print(f"error[{error.code}] {error.text.en}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
