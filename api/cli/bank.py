"""`sluice bank`: what a bank is set to, and the layouts of its files.

A module `bank_<part>.py` beside this one adds its commands in `add(group)`.
"""

from __future__ import annotations

import importlib
import pkgutil

import typer

import api.cli


def register(app: typer.Typer) -> None:
    """Add `bank` with the commands of every part."""
    group = typer.Typer(
        help="Banks: parameters, layouts of their files, samples.", no_args_is_help=True
    )
    for part in pkgutil.iter_modules(api.cli.__path__):
        if part.name.startswith("bank_"):
            importlib.import_module(f"api.cli.{part.name}").add(group)
    app.add_typer(group, name="bank")
