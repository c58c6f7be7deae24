"""What one branch has otherwise: settings of the file and of fields, by their names.

`BJ: {file: {name: …, max_rows: …}, fields: {tag: "X", remittance: {width: 40, check: …}}}`. The
layout is read again with these in place of its own, so that a branch is checked as strictly as the
whole; what is found stands at the words of the branch.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.base.collector import Collector
from engine.base.findings import Span
from engine.base.text import Text
from engine.base.yaml_marks import Entry, Scalar
from engine.base.yaml_marks import Mapping as YamlMapping
from engine.formats.layouts.keys import Keys
from engine.formats.layouts.tables import COLUMNS, Cell

_FIXED = frozenset({"form"})
"""Settings of the file that make it another layout."""
_CELLS = tuple(one for one in COLUMNS if one != "field")


@dataclass(frozen=True, slots=True)
class Branch:
    """Cells of record tables by field and column, and entries of `file:`, that replace others."""

    file: Mapping[str, Entry] = field(default_factory=dict)
    cells: Mapping[str, Mapping[str, Cell]] = field(default_factory=dict)

    def file_of(self, node: YamlMapping) -> YamlMapping:
        """The settings of the file as the branch has them."""
        if not self.file:
            return node
        return dataclasses.replace(node, entries={**node.entries, **self.file})

    def rows_of(self, rows: list[dict[str, Cell]]) -> list[dict[str, Cell]]:
        """A record table as the branch has it."""
        return [{**row, **self.cells.get(row["field"].text, {})} for row in rows]


NOTHING = Branch()


def branches(overrides: Keys, fields: frozenset[str], out: Collector) -> dict[str, Branch]:
    """What `overrides:` says by branch; B025 for what no branch can change. `fields` are the names
    of the layout's own."""
    made: dict[str, Branch] = {}
    for org, node in overrides.entries():
        if not isinstance(node, YamlMapping):
            overrides.wrong(org.span, f"overrides.{org.value}", "a mapping", "键值映射")
            continue
        path = f"overrides.{org.value}."
        keys = Keys(node, path, out)
        file = keys.mapping("file")
        cells = keys.mapping("fields")
        keys.done()
        made[org.value] = Branch(
            file={} if file is None else _settings(file, out),
            cells={} if cells is None else _cells(cells, fields, path, out),
        )
    return made


def _settings(file: Keys, out: Collector) -> dict[str, Entry]:
    for key, _ in file.entries():
        if key.value in _FIXED:
            _refuse(
                out,
                key.span,
                f"a branch cannot change file.{key.value}; write a layout of its own for it",
                f"分支不能更改 file.{key.value}；请另写布局",
            )
    return dict(file.node.entries)


def _cells(
    fields: Keys, known: frozenset[str], path: str, out: Collector
) -> dict[str, dict[str, Cell]]:
    made: dict[str, dict[str, Cell]] = {}
    for key, node in fields.entries():
        if key.value not in known:
            _refuse(
                out,
                key.span,
                f"no record has a field {key.value}; name one that is there",
                f"没有字段 {key.value}；请写已有的字段",
            )
        elif isinstance(node, Scalar):
            made[key.value] = {"value": Cell(f'"{node.value}"', node.span)}
        elif isinstance(node, YamlMapping):
            one = Keys(node, f"{path}fields.{key.value}.", out)
            said = {name: one.scalar(name) for name in _CELLS}
            one.done()
            made[key.value] = {
                name: Cell(cell.value, cell.span) for name, cell in said.items() if cell is not None
            }
        else:
            fields.wrong(node.span, f"{path}fields.{key.value}", "a mapping", "键值映射")
    return made


def _refuse(out: Collector, span: Span, en: str, zh: str) -> None:
    out.add("B025", span, Text(en, zh))
