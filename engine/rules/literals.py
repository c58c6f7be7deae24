"""Values written as cells of an example, so that reading them gives the same value again."""

from __future__ import annotations

from collections.abc import Sequence

from engine.base.collector import Problem
from engine.rules.kind import FactValue
from engine.rules.lexer import cut, shadow_of, split_quoted
from engine.rules.model import Column, Type, Value
from engine.rules.outputs import read_constant
from engine.rules.samples import wanted_values
from engine.rules.values import value_text

_SEPARATORS = {Type.CHAIN: " > ", Type.LIST: ", "}
_NOTHING = frozenset({"", "-", "null"})
_IN_QUOTES = str.maketrans({"\\": "\\\\", '"': '\\"'})


def given_text(value: FactValue, column: Column, currency: str) -> str | None:
    """A fact as an example gives it; None for a text that no cell can hold. Null is `-`."""
    if value is None:
        return "-"
    for written in _forms(value, column, currency):
        if _stands(written) and _given(written, column, currency) == value:
            return written
    return None


def wanted_text(values: Sequence[Value | None], column: Column, currency: str) -> str | None:
    """An output as an example expects it, a value for each row that hits; None as above."""
    pieces: list[str] = []
    for value in values:
        forms = ["-"] if value is None else _forms(value, column, currency)
        fitting = (
            one for one in forms if _stands(one) and _wanted(one, column, currency) == (value,)
        )
        piece = next(fitting, None)
        if piece is None:
            return None
        pieces.append(piece)
    return "; ".join(pieces) or "-"


def _forms(value: Value, column: Column, currency: str) -> list[str]:
    """How a value may be written: plainly, and in quotes where it is a text or a code."""
    if isinstance(value, tuple):
        separator = _SEPARATORS[column.type]
        return [separator.join(value), separator.join(map(_quoted, value))]
    plain = value_text(value, column.type, currency)
    return [plain, _quoted(plain)] if isinstance(value, str) else [plain]


def _quoted(text: str) -> str:
    return f'"{text.translate(_IN_QUOTES)}"'


def _stands(written: str) -> bool:
    """Whether a table is cut so that this is one cell, and the cell gives something."""
    line = cut(written, 1)
    whole = len(line.cells) == 1 and line.cells[0].source == written
    return whole and not line.unclosed and len(split_quoted(written, ";")) == 1


def _given(written: str, column: Column, currency: str) -> Value | None:
    if shadow_of(written) in _NOTHING:
        return None
    try:
        return read_constant(written, column.type, column.values, column.name, currency)
    except Problem:
        return None


def _wanted(written: str, column: Column, currency: str) -> tuple[Value | None, ...]:
    try:
        return wanted_values(written, column, currency)
    except Problem:
        return ()
