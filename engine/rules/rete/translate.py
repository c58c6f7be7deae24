"""A ruleset as lanes of durable rules, or the reason why it cannot be one."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field

from engine.base.text import Text
from engine.rules.meaning import meaning
from engine.rules.model import (
    Call,
    Cell,
    Column,
    ColumnRef,
    Formula,
    Not,
    OneOf,
    Row,
    Ruleset,
    Value,
    WhenCell,
)
from engine.rules.rete.conditions import (
    ALWAYS,
    NEVER,
    Condition,
    Test,
    both,
    branches,
    fields,
    groups,
    tests,
)
from engine.rules.rete.interpreter import Interpreter
from engine.rules.rete.program import OWN, Lane, Marker, ReteProgram
from engine.rules.rete.reading import CellReader, columns_in, needs_marker
from engine.rules.rete.refusals import NotTranslatable

MAX_RULES = 60
"""Rules of a lane, and ways through its rules the engine may have to remember: it can hold 64."""
MAX_TESTS = 400
"""Tests of a lane; a node of the engine has 511 places."""
MAX_GROUPS = 14
"""Brackets of a rule; the engine fails at 16."""
MAX_FIELDS = 200
"""Fields of a message; the engine holds 255."""
CELL_TESTS = 100
"""Tests of one cell; a wider cell becomes a field that is true or false."""
CELL_BRANCHES = 12
"""Ways through one cell; a wider cell becomes a field that is true or false."""

_ENGINE_NAMES = ("id", "sid", "$s", "$pulse", "$time", "$forward", "$m")


def name_hash(name: str) -> int:
    """Return the 32 bits that are all the engine keeps of a field's name (FNV-1a)."""
    found = 0x811C9DC5
    for byte in name.encode():
        found = ((found ^ byte) * 0x01000193) & 0xFFFFFFFF
    return found


def clash(names: Iterable[str]) -> tuple[str, str] | None:
    """Return two names the engine would take for one, or None."""
    seen: dict[int, str] = {}
    for name in (*_ENGINE_NAMES, *names):
        other = seen.setdefault(name_hash(name), name)
        if other != name:
            return other, name
    return None


def translate(ruleset: Ruleset, params: Mapping[str, Value]) -> ReteProgram | NotTranslatable:
    """Translate a ruleset under one set of parameters."""
    return _Translator(ruleset, params).program()


@dataclass
class _Filling:
    """A lane while it is filled."""

    rules: list[tuple[int, Condition]] = field(default_factory=list)
    fields: dict[str, None] = field(default_factory=dict)
    tests: int = 2
    branches: int = 1

    def takes(self, condition: Condition) -> bool:
        together = {*self.fields, *fields(condition)}
        return (
            self.branches + branches(condition) <= MAX_RULES
            and self.tests + tests(condition) <= MAX_TESTS
            and len(together) <= MAX_FIELDS
        )

    def add(self, row: int, condition: Condition) -> None:
        self.rules.append((row, condition))
        self.fields.update(dict.fromkeys(fields(condition)))
        self.tests += tests(condition)
        self.branches += branches(condition)

    def lane(self) -> Lane:
        return Lane(tuple(self.rules), tuple(name for name in self.fields if name != OWN))


class _Translator:
    def __init__(self, ruleset: Ruleset, params: Mapping[str, Value]) -> None:
        self._ruleset = ruleset
        self._params = params
        self._columns: dict[str, str] = {}
        self._markers: dict[str, Marker] = {}
        self._marked: dict[Hashable, str] = {}
        self._reader = CellReader(Interpreter(params), self._field)

    def program(self) -> ReteProgram | NotTranslatable:
        lanes: list[Lane] = []
        filling = _Filling()
        for at, row in enumerate(self._ruleset.table.rows):
            condition = self._row(row)
            if condition == NEVER:
                continue
            if not filling.takes(condition):
                if filling.rules:
                    lanes.append(filling.lane())
                filling = _Filling()
                if not filling.takes(condition):
                    return self._too_wide(row)
            filling.add(at, condition)
        if filling.rules:
            lanes.append(filling.lane())
        both_names = clash((OWN, *self._columns.values(), *self._markers))
        if both_names is not None:
            a, b = both_names
            return NotTranslatable(
                Text(
                    f"the second engine would take the fields {a} and {b} for one",
                    f"第二引擎会混淆字段 {a} 与 {b}",
                )
            )
        return ReteProgram(
            self._ruleset,
            self._params,
            tuple(lanes),
            {name: column for column, name in self._columns.items()},
            self._markers,
            checked_facts(self._ruleset),
        )

    def _too_wide(self, row: Row) -> NotTranslatable:
        return NotTranslatable(
            Text(
                f"row {row.id} tests more columns than the second engine holds; "
                "split the table by subject",
                f"行 {row.id} 使用的列数超出第二引擎的容量；请按主题拆分规则表",
            ),
            row.id,
        )

    def _field(self, column: str) -> str:
        return self._columns.setdefault(column, f"c{len(self._columns)}")

    def _row(self, row: Row) -> Condition:
        cells = list(zip(self._ruleset.table.inputs, row.cells, strict=True))
        parts = [self._cell(column, cell) for column, cell in cells]
        # The widest cells give way until the engine can hold the row.
        while not _fits(condition := both(Test("=", OWN, 1), *parts)):
            wide = max(
                (at for at, part in enumerate(parts) if part != ALWAYS),
                key=lambda at: (groups(parts[at]), tests(parts[at])),
            )
            if groups(parts[wide]) == 0:
                break
            parts[wide] = self._marker(*cells[wide])
        return condition

    def _cell(self, column: Column, cell: Cell) -> Condition:
        if needs_marker(cell):
            return self._marker(column, cell)
        condition = self._reader.read(cell, column)
        if tests(condition) > CELL_TESTS or branches(condition) > CELL_BRANCHES:
            return self._marker(column, cell)
        return condition

    def _marker(self, column: Column, cell: Cell) -> Condition:
        key = (column.name, meaning(cell))
        name = self._marked.setdefault(key, f"t{len(self._marked)}")
        self._markers[name] = Marker(column.name, cell)
        return Test("=", name, True)


def _fits(condition: Condition) -> bool:
    return (
        groups(condition) <= MAX_GROUPS
        and tests(condition) < MAX_TESTS - 2
        and branches(condition) < MAX_RULES
    )


def checked_facts(ruleset: Ruleset) -> tuple[str, ...]:
    """Return the facts the cells read, in the order in which the table names them."""
    names = [column.name for column in ruleset.table.inputs if column.name in ruleset.facts]
    for row in ruleset.table.rows:
        for cell in row.cells:
            names.extend(_named(cell))
    return tuple(dict.fromkeys(names))


def _named(cell: Cell) -> list[str]:
    if isinstance(cell, WhenCell):
        return _in_formula(cell.formula)
    if isinstance(cell, OneOf):
        return [name for item in cell.items for name in _named(item)]
    return _named(cell.item) if isinstance(cell, Not) else columns_in(cell)


def _in_formula(formula: Formula) -> list[str]:
    if isinstance(formula, ColumnRef):
        return [formula.name]
    if isinstance(formula, Call):
        return [name for one in formula.arguments for name in _in_formula(one)]
    return []
