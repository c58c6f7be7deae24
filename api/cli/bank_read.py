"""`sluice bank read`: what bank files hold; on files alone."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from api.cli.say import Format, Language, explained, say, say_json
from api.cli.until import UntilOption, day_of
from engine.base.text import SluiceError, Text
from engine.formats.layouts import Layout, load
from engine.formats.layouts.folder import LAYOUTS
from engine.formats.looking import looked_into
from engine.formats.readers import MAX_BYTES

Files = Annotated[list[Path], typer.Argument(help="Bank files.")]
LayoutOption = Annotated[
    str | None,
    typer.Option(help="Read with this layout: a file, or the name of one that is shipped."),
]
AccountOption = Annotated[
    str | None, typer.Option(help="The account, where the file does not say it.")
]


def read_files(
    paths: Files,
    layout: LayoutOption = None,
    account: AccountOption = None,
    until: UntilOption = None,
    output: Format = "full",
    lang: Language = "en",
) -> None:
    """What bank files hold: format, statements, lines, whether they add up; or why they are
    refused. Exit 1 when one is refused or not whole."""
    with explained(lang, output):
        with_layout = None if layout is None else _layout(layout)
        rows = [
            row
            for path in paths
            for row in looked_into(path.name, _bytes(path), with_layout, account, day_of(until))
        ]
    if output == "json":
        say_json([dataclasses.asdict(row) for row in rows])
    else:
        for row in rows:
            say(row.line(lang))
    if any(row.refused is not None for row in rows):
        raise typer.Exit(1)


def _layout(name: str) -> Layout:
    path = Path(name) if name.endswith(".yaml") else LAYOUTS / f"{name}.yaml"
    return load(_bytes(path).decode("utf-8", "replace"), str(path))


def _bytes(path: Path) -> bytes:
    """The file, one byte more than is read at once at most: a larger one is refused by its size."""
    try:
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise SluiceError(
            "FILE_UNREADABLE",
            Text(f"{path} cannot be read: {error}", f"无法读取 {path}：{error}"),
        ) from error


def add(group: typer.Typer) -> None:
    """Add `read`."""
    group.command("read")(read_files)
