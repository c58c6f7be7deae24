"""What changed between two versions of a ruleset, by row id: the meaning, not the layout.

Examples are tests of a ruleset and no part of what it decides: they are not compared.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from engine.base.collector import Collector
from engine.base.text import Text
from engine.base.yaml_marks import Mapping as YamlMapping
from engine.base.yaml_marks import Node, Scalar, compose
from engine.base.yaml_marks import Sequence as YamlSequence
from engine.rules.lexer import cut
from engine.rules.meaning import meaning
from engine.rules.model import AnyCell, NullOutput, Row, Ruleset
from engine.rules.order import Order
from engine.rules.table import BASIS, ID
from engine.rules.word_changes import word_changes

Change = tuple[str | None, str | None]
"""Old and new text; None where there was or is nothing."""

_TABLES = frozenset({"rules", "examples"})
_ABSENT = "-"


@dataclass(frozen=True, slots=True)
class Moved:
    """A row that changed its place: 1-based positions in the old and in the new table."""

    row: str
    old: int
    new: int
    matters: bool
    """Whether the new order can change a decision."""
    reason: Text
    """Why it matters, or why it cannot."""


@dataclass(frozen=True, slots=True)
class Diff:
    """All differences of two rulesets."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: Mapping[str, Mapping[str, Change]]
    """Row -> column -> old and new cell, as written."""
    moved: tuple[Moved, ...]
    envelope: Mapping[str, Change]
    """Dotted path ("params.large") -> old and new value, as written."""
    columns: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    """Columns that came, and columns that went."""
    vocabulary: Mapping[str, Change] = field(default_factory=dict)
    """"word.property" -> what it was and is, where both were read with different words."""

    @property
    def empty(self) -> bool:
        """Whether both mean the same."""
        rows = (self.added, self.removed, self.changed, self.moved)
        return not any((*rows, self.envelope, *self.columns, self.vocabulary))

    def to_json(self) -> dict[str, object]:
        """The form `sluice diff --format json` writes; `columns` and `vocabulary` stand in it
        only where they differ."""
        more: dict[str, object] = {}
        if any(self.columns):
            more["columns"] = {"added": list(self.columns[0]), "removed": list(self.columns[1])}
        if self.vocabulary:
            more["vocabulary"] = {name: list(change) for name, change in self.vocabulary.items()}
        return {
            "added": list(self.added),
            "removed": list(self.removed),
            "changed": {
                row: {column: list(change) for column, change in columns.items()}
                for row, columns in self.changed.items()
            },
            "moved": [
                {"row": one.row, "from": one.old, "to": one.new, "matters": one.matters}
                for one in self.moved
            ],
            "envelope": {path: list(change) for path, change in self.envelope.items()},
            **more,
        }


def diff_rulesets(old: Ruleset, new: Ruleset) -> Diff:
    """Compare two rulesets that loaded without errors."""
    before, after = _rows(old), _rows(new)
    changed = {
        row: columns
        for row in after
        if row in before and (columns := dict(_cells(old, before[row], new, after[row])))
    }
    return Diff(
        added=tuple(row for row in after if row not in before),
        removed=tuple(row for row in before if row not in after),
        changed=changed,
        moved=tuple(_moved(old, new)),
        envelope=dict(_envelope(old, new)),
        columns=_columns(old, new),
        vocabulary=dict(word_changes(old, new)),
    )


def _columns(old: Ruleset, new: Ruleset) -> tuple[tuple[str, ...], tuple[str, ...]]:
    before, after = (
        [column.name for column in (*one.table.inputs, *one.table.outputs)] for one in (old, new)
    )
    return (
        tuple(name for name in after if name not in before),
        tuple(name for name in before if name not in after),
    )


def _rows(ruleset: Ruleset) -> dict[str, Row]:
    return {row.id: row for row in ruleset.table.rows}


# --- cells


def _cells(old: Ruleset, before: Row, new: Ruleset, after: Row) -> Iterator[tuple[str, Change]]:
    olds, news = _by_column(old, before), _by_column(new, after)
    old_texts, new_texts = cell_texts(old, before), cell_texts(new, after)
    for name in [*news, *(name for name in olds if name not in news)]:
        if olds.get(name, _nothing(new, name)) != news.get(name, _nothing(old, name)):
            yield name, (old_texts.get(name, _ABSENT), new_texts.get(name, _ABSENT))


def _by_column(ruleset: Ruleset, row: Row) -> dict[str, object]:
    """Column -> what the cell means."""
    table = ruleset.table
    found = {c.name: meaning(x) for c, x in zip(table.inputs, row.cells, strict=True)}
    found |= {c.name: meaning(x) for c, x in zip(table.outputs, row.outputs, strict=True)}
    if row.basis is not None:
        found[BASIS] = row.basis
    return found


def _nothing(ruleset: Ruleset, name: str) -> object:
    """What a column that a version does not have means in it: anything in, nothing out."""
    if name == BASIS:
        return None
    is_input = any(column.name == name for column in ruleset.table.inputs)
    return meaning(AnyCell()) if is_input else meaning(NullOutput())


def cell_texts(ruleset: Ruleset, row: Row) -> dict[str, str]:
    """Column name -> the cell as it stands in the file."""
    lines = ruleset.text.split("\n")
    below = (line for line in lines[ruleset.table.span.line :] if line.strip())
    header = cut(next(line for line in below if line.strip()[0] not in "#＃"), 0)
    cells = cut(lines[row.span.line - 1], 0)
    pairs = zip(header.cells, cells.cells, strict=True)
    return {name.shadow: cell.source for name, cell in pairs if name.shadow != ID}


# --- order


def _moved(old: Ruleset, new: Ruleset) -> Iterator[Moved]:
    """The fewest rows whose moving explains the new order."""
    places = {row.id: place for place, row in enumerate(old.table.rows)}
    common = [
        (place, places[row.id]) for place, row in enumerate(new.table.rows) if row.id in places
    ]
    order = Order(new)
    staying = longest_rise([before for _, before in common])
    for here, before in common:
        if before in staying:
            continue
        passed = [
            there for there, other in common if (there < here) != (other < before) and there != here
        ]
        yield Moved(
            new.table.rows[here].id,
            before + 1,
            here + 1,
            order.matters(here, passed),
            order.reason(here, passed),
        )


def longest_rise(numbers: Sequence[int]) -> set[int]:
    """One longest increasing subsequence (patience sorting)."""
    tops: list[int] = []
    previous: dict[int, int | None] = {}
    for number in numbers:
        at = bisect_left(tops, number)
        previous[number] = tops[at - 1] if at else None
        tops[at : at + 1] = [number]
    rise: set[int] = set()
    last = tops[-1] if tops else None
    while last is not None:
        rise.add(last)
        last = previous[last]
    return rise


# --- envelope


def _envelope(old: Ruleset, new: Ruleset) -> Iterator[tuple[str, Change]]:
    olds, news = envelope_texts(old), envelope_texts(new)
    for path in [*news, *(path for path in olds if path not in news)]:
        before, after = olds.get(path), news.get(path)
        if before != after and not _same_value(old, new, path):
            yield path, (before, after)


def envelope_texts(ruleset: Ruleset) -> dict[str, str]:
    """Dotted path -> value as written, for everything but the tables."""
    root = compose(ruleset.text, Collector(ruleset.file))
    found = dict(_leaves(root, "")) if root is not None else {}
    if ruleset.extension is not None:
        found["extends"] = ruleset.extension.parent.name
    return found


def _leaves(node: Node, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, YamlMapping):
        for key, entry in node.entries.items():
            if path or key not in _TABLES:
                yield from _leaves(entry.value, f"{path}.{key}" if path else key)
    else:
        yield path, _written(node)


def _written(node: Node) -> str:
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, YamlSequence):
        return f"[{', '.join(_written(item) for item in node.items)}]"
    inner = (f"{key}: {_written(entry.value)}" for key, entry in node.entries.items())
    return f"{{{', '.join(inner)}}}"


def _same_value(old: Ruleset, new: Ruleset, path: str) -> bool:
    """Whether a value is the same, only written otherwise."""
    values = [_value(ruleset, path) for ruleset in (old, new)]
    return values[0] is not None and values[0] == values[1]


def _value(ruleset: Ruleset, path: str) -> object:
    section, *keys = path.split(".")
    if section == "params" and len(keys) == 1 and keys[0] in ruleset.params:
        return meaning(ruleset.params[keys[0]])
    if section == "overrides" and len(keys) == 2:
        literal = ruleset.overrides.get(keys[0], {}).get(keys[1])
        return None if literal is None else meaning(literal)
    if section == "otherwise" and len(keys) == 1:
        output = (ruleset.otherwise or {}).get(keys[0])
        return None if output is None else meaning(output)
    if section == "derive" and len(keys) == 2 and keys[0] in ruleset.derive:
        derive = ruleset.derive[keys[0]]
        return derive.within.seconds if keys[1] == "within" else None
    return None
