"""What a reader noticed: findings instead of crashes."""

from __future__ import annotations

from dataclasses import dataclass

from engine.base.text import SluiceError, Text


class FormatError(SluiceError):
    """A message that must not be written, or bytes that must not be read."""


@dataclass(frozen=True, slots=True)
class ReadFinding:
    """Something in a bank's message that is not as it should be.

    `fatal` findings mean that the part they name was not taken; others were worked around.
    `line` is the 1-based line of the bytes, None where there is none to name.
    """

    code: str
    text: Text
    line: int | None = None
    fatal: bool = False
    statement: int | None = None
    """Which statement of its file it is about, from 0; None for the file as a whole."""
