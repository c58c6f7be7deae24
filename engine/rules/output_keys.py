"""Keys of the envelope that speak of the table's outputs: `otherwise` and `priority`."""

from __future__ import annotations

from engine.base.collector import Collector, Problem
from engine.base.findings import Span
from engine.base.text import Text
from engine.base.yaml_marks import Mapping, Scalar, Sequence
from engine.rules.model import Column, Literal, NullOutput, Output, Table, Value
from engine.rules.outputs import read_constant, read_output
from engine.rules.scope import Scope
from engine.rules.suggest import remedy as suggest

Ranks = dict[str, tuple[str, ...]]
"""Output -> its values as written, best first."""


class OutputKeys:
    """Reads both keys. `strict` asks that every output they name is one of the table's."""

    def __init__(
        self, root: Mapping, table: Table, scope: Scope, out: Collector, *, strict: bool
    ) -> None:
        self._root = root
        self._table = table
        self._scope = scope
        self._out = out
        self._strict = strict

    def _column(self, name: str, span: Span) -> Column | None:
        for column in self._table.outputs:
            if column.name == name:
                return column
        if self._strict:
            self._out.add(
                "R104",
                span,
                Text(f"the table has no output {name!r}", f"表格没有输出列 {name!r}"),
                suggest(name, [column.name for column in self._table.outputs]),
            )
        return None

    def otherwise(self) -> dict[str, Output] | None:
        """Return the outputs where no row matches; None where the key is not there."""
        node = self._root.get("otherwise")
        if not isinstance(node, Mapping):
            return None
        found: dict[str, Output] = {column.name: NullOutput() for column in self._table.outputs}
        for name, entry in node.entries.items():
            column = self._column(name, entry.key.span)
            if column is None or not isinstance(entry.value, Scalar):
                continue
            span = entry.value.inner()
            try:
                found[name] = read_output(entry.value.value.strip(), span, column, self._scope)
            except Problem as problem:
                self._out.problem(problem, span)
        return found

    def priority(self) -> Ranks | None:
        """Return each output's values as written, best first; None where the key is not there."""
        node = self._root.get("priority")
        if not isinstance(node, Mapping):
            return None
        found: Ranks = {}
        for name, entry in node.entries.items():
            column = self._column(name, entry.key.span)
            if column is None or not isinstance(entry.value, Sequence):
                continue
            values: set[Value] = set()
            for item in entry.value.items:
                if not isinstance(item, Scalar):
                    continue
                try:
                    value = read_constant(
                        item.value.strip(), column.type, column.values, name, self._scope.currency
                    )
                except Problem as problem:
                    self._out.problem(problem.at(0, 0), item.inner())
                    continue
                values.add(value)
            found[name] = tuple(i.value.strip() for i in entry.value.items if isinstance(i, Scalar))
            self._ranked(self._table.outputs.index(column), values, entry.key.span)
        return found

    def _ranked(self, index: int, values: set[Value], span: Span) -> None:
        name = self._table.outputs[index].name
        for row in self._table.rows:
            if index >= len(row.outputs):
                continue
            output = row.outputs[index]
            if isinstance(output, Literal) and output.value not in values:
                self._out.add(
                    "R137",
                    output.span,
                    Text(
                        f"{output.written!r} has no rank in `priority: {name}`",
                        f"{output.written!r} 未列入 `priority: {name}`",
                    ),
                    Text(
                        f"add it to the list on line {span.line}", f"请加入第 {span.line} 行的列表"
                    ),
                )
