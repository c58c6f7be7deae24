"""What a ruleset asks about words that a reader may not see in full: account numbers.

Whoever writes a condition and counts what matches learns whether it holds, document by document.
Two rulesets are compared by these questions: what the second asks and the first does not is new.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass

from engine.rules.masks import other_columns, output_columns
from engine.rules.meaning import meaning
from engine.rules.model import AnyCell, Cell, Output, ParamRef, Ruleset, WhenCell

Secret = Callable[[str], bool]
"""Whether the reader may not see the texts of a word in full."""
OTHERWISE = "otherwise"


@dataclass(frozen=True, slots=True)
class Question:
    """What one cell or output of a row makes of such words; equal for those that mean the same.

    `row` and `words` say where it stands and what it reads: they are no part of the comparison.
    """

    row: str
    words: tuple[str, ...]
    asked: Hashable

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Question) and self.asked == other.asked

    def __hash__(self) -> int:
        return hash(self.asked)


def conditions(ruleset: Ruleset, secret: Secret) -> frozenset[Question]:
    """The conditions of the table that read such words, with every value their parameters have in
    any branch."""
    hidden = _hidden(ruleset, secret)
    return frozenset(
        Question(row.id, words, (column.name, *_with_params(ruleset, cell)))
        for row in ruleset.table.rows
        for column, cell in zip(ruleset.table.inputs, row.cells, strict=True)
        if (words := _read(column.name, cell, hidden))
    )


def outputs(ruleset: Ruleset, secret: Secret) -> frozenset[Question]:
    """The outcomes that such words are written into."""
    hidden = _hidden(ruleset, secret)
    return frozenset(
        Question(row, words, (name, *_with_params(ruleset, output)))
        for row, name, output in _outputs(ruleset)
        if (words := tuple(one for one in output_columns(output) if one in hidden))
    )


def _outputs(ruleset: Ruleset) -> Iterator[tuple[str, str, Output]]:
    for row in ruleset.table.rows:
        for column, output in zip(ruleset.table.outputs, row.outputs, strict=True):
            yield row.id, column.name, output
    for name, output in (ruleset.otherwise or {}).items():
        yield OTHERWISE, name, output


def _hidden(ruleset: Ruleset, secret: Secret) -> frozenset[str]:
    """Such words, and windows that bring one of them along: the last account paid to."""
    windows = {
        name
        for name, one in ruleset.derive.items()
        if one.function != "distinct" and not one.counts and secret(one.of)
    }
    return frozenset({name for name in ruleset.facts if secret(name)} | windows)


def _read(column: str, cell: Cell, hidden: frozenset[str]) -> tuple[str, ...]:
    own = () if isinstance(cell, WhenCell | AnyCell) else (column,)
    return tuple(dict.fromkeys(one for one in (*own, *other_columns(cell)) if one in hidden))


def _with_params(ruleset: Ruleset, node: object) -> tuple[Hashable, ...]:
    values: list[Hashable] = [
        (name, frozenset(_values(ruleset, name))) for name in sorted(set(_params(node)))
    ]
    return (meaning(node), *values)


def _params(node: object) -> Iterator[str]:
    if isinstance(node, ParamRef):
        yield node.name
    elif isinstance(node, tuple):
        for one in node:
            yield from _params(one)
    elif is_dataclass(node) and not isinstance(node, type):
        for field in fields(node):
            yield from _params(getattr(node, field.name))


def _values(ruleset: Ruleset, name: str) -> Iterator[Hashable]:
    own: Mapping[str, object] = ruleset.params
    if name in own:
        yield "", meaning(own[name])
    for org, values in ruleset.overrides.items():
        if name in values:
            yield org, meaning(values[name])
