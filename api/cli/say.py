"""How the command line speaks: data to stdout, complaints to stderr, errors as sentences."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

import typer

from engine.base.text import Lang, SluiceError

Format = Annotated[
    Literal["full", "json"], typer.Option("--format", help="Text for people, or JSON.")
]
Language = Annotated[Lang, typer.Option("--lang", help="Language of sentences.")]


def say(line: str) -> None:
    """One line of data to stdout."""
    typer.echo(line)


def say_json(value: object) -> None:
    """One JSON value to stdout, in one line, characters as they are."""
    typer.echo(json.dumps(value, ensure_ascii=False))


def complain(line: str) -> None:
    """One line to stderr."""
    typer.echo(line, err=True)


def wants_colour() -> bool:
    """Colours on a terminal only, and never with NO_COLOR set."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


@contextmanager
def explained(lang: Lang, output: str = "full") -> Iterator[None]:
    """Bad usage or configuration ends with a sentence on stderr and exit code 2.

    `output` json: what is wrong is data, {"code", "message_en", "message_zh"}.
    """
    try:
        yield
    except SluiceError as error:
        if output == "json":
            text = error.text
            say_json({"code": error.code, "message_en": text.en, "message_zh": text.zh})
            raise typer.Exit(2) from None
        label = "错误" if lang == "zh" else "error"
        complain(f"{label}[{error.code}] {error.text.say(lang)}")
        raise typer.Exit(2) from None
    except OSError as error:
        label = "错误" if lang == "zh" else "error"
        complain(f"{label}[FILE] {error.filename}: {error.strerror}")
        raise typer.Exit(2) from None
