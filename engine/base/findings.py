"""What the loader found: places, stable codes, sentences with the remedy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.base.text import Text


class Severity(StrEnum):
    """`error` keeps a file from ever becoming active; `warning` does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a file: 1-based line and column (code points), width in code points."""

    line: int
    column: int
    width: int = 1


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: code like R102, place, sentence, remedy.

    `message` is the whole sentence including the remedy; `hint` is the remedy alone, for
    programs, and is not printed again behind the message.
    """

    code: str
    severity: Severity
    file: str
    span: Span
    message: Text
    hint: Text | None = None
