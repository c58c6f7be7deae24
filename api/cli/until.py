"""The option --until: the last day of a bank's file, for days that stand in it without a year."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer

UntilOption = Annotated[
    dt.datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"], help="The last day of the file, where its days have no year."
    ),
]


def day_of(until: dt.datetime | None) -> dt.date | None:
    """The day that was given."""
    return None if until is None else until.date()
