"""The command `sluice`. A module of this package that defines `register(app)` adds its commands."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from importlib.metadata import version
from typing import Annotated

import typer

import api.cli
from engine.base.text import SluiceError


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sluice {version('sluicegate')}")
        raise typer.Exit


def build() -> typer.Typer:
    """The application with the commands of every module of api.cli."""
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

    for found in pkgutil.iter_modules(api.cli.__path__):
        module = importlib.import_module(f"api.cli.{found.name}")
        register = getattr(module, "register", None)
        if register is not None:
            register(app)
    return app


def main() -> None:
    """Entry point: a SluiceError ends with its sentence and exit code 2, never a traceback."""
    try:
        build()()
    except SluiceError as error:
        print(f"error[{error.code}] {error.text.en}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
