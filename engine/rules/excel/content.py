"""What a workbook shows of a ruleset's text: the same on the way out and on the way back.

Rules       id and cells as written; outputs carry an arrow in their header
Examples    a number that names the example, then its cells
Parameters  value, way of adjusting, and one column per organisation that overrides
Envelope    every other value by its dotted path
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.base.yaml_marks import Mapping, Node, Scalar, Sequence
from engine.rules.edit.apply import Bench
from engine.rules.edit.edits import TableName
from engine.rules.edit.examples import proposed_columns
from engine.rules.envelope import content_hash

MADE_FROM = "made_from"
"""Row of Envelope: the hash of the text the workbook was made from."""
ARROW = "→ "
"""What the headers of outputs begin with."""
TABLES: dict[TableName, str] = {"rules": "Rules", "examples": "Examples"}
PARAMETERS, ENVELOPE, WORDS = "Parameters", "Envelope", "Words"
NUMBER, PARAMETER, VALUE, ADJUSTABLE, KEY = "example", "parameter", "value", "adjustable", "key"
_ELSEWHERE = frozenset({"rules", "examples", "params", "adjustable", "overrides"})


@dataclass(frozen=True, slots=True)
class Grid:
    """A sheet: column names, and rows by their key in order. An absent cell is an empty text."""

    columns: tuple[str, ...]
    rows: dict[str, dict[str, str]]


def grids(bench: Bench) -> dict[str, Grid]:
    """Sheet name -> its content. Raises EditRefused where a row does not fit its header.

    A text without examples has an empty sheet for them, with the columns they commonly have.
    """
    root = bench.root()
    found = {title: table(bench, name) for name, title in TABLES.items() if name in root.entries}
    if TABLES["examples"] not in found and TABLES["rules"] in found:
        inputs, outputs = proposed_columns(bench.sheet("rules"))
        names = (NUMBER, *inputs, *(ARROW + one for one in outputs))
        found[TABLES["examples"]] = Grid(names, {})
    found[PARAMETERS] = _parameters(root)
    found[ENVELOPE] = _envelope(bench, root)
    return found


def table(bench: Bench, name: TableName) -> Grid:
    """The grid of one table."""
    sheet = bench.sheet(name)
    arrow = sheet.arrow
    names = [ARROW + one if k >= arrow else one for k, one in enumerate(sheet.columns)]
    key = names[0]
    if name == "examples":
        names, key = [NUMBER, *names], NUMBER
    rows: dict[str, dict[str, str]] = {}
    for number, row in enumerate(sheet.rows, 1):
        sheet.row(sheet.id_of(row) if name == "rules" else str(number))
        for side in (0, len(sheet.columns) - 1):
            sheet.place(row, side)
        texts = [cell.source for cell in sheet.cut(row).cells]
        texts = [str(number), *texts] if name == "examples" else texts
        cells = dict(zip(names, texts, strict=True))
        rows[cells[key]] = cells
    return Grid(tuple(names), rows)


def _parameters(root: Mapping) -> Grid:
    params, ways = _scalars(root.get("params")), _scalars(root.get("adjustable"))
    overrides = root.get("overrides")
    branches = (
        {org: _scalars(entry.value) for org, entry in overrides.entries.items()}
        if isinstance(overrides, Mapping)
        else {}
    )
    names = dict.fromkeys([*params, *ways, *(name for own in branches.values() for name in own)])
    rows = {
        name: {PARAMETER: name, VALUE: params.get(name, ""), ADJUSTABLE: ways.get(name, "")}
        | {org: own.get(name, "") for org, own in branches.items()}
        for name in names
    }
    return Grid((PARAMETER, VALUE, ADJUSTABLE, *branches), rows)


def parameter_paths(root: Mapping) -> set[str]:
    """The paths of all parameters, ways and overrides there are, also of empty ones."""
    found = {
        f"{key}.{name}" for key in ("params", "adjustable") for name in _scalars(root.get(key))
    }
    overrides = root.get("overrides")
    if isinstance(overrides, Mapping):
        for org, entry in overrides.entries.items():
            found |= {f"overrides.{org}.{name}" for name in _scalars(entry.value)}
    return found


def _scalars(node: Node | None) -> dict[str, str]:
    if not isinstance(node, Mapping):
        return {}
    values = {key: entry.value for key, entry in node.entries.items()}
    return {key: value.value for key, value in values.items() if isinstance(value, Scalar)}


def _envelope(bench: Bench, root: Mapping) -> Grid:
    values = {MADE_FROM: content_hash(bench.source.text())}
    for key, entry in root.entries.items():
        if key not in _ELSEWHERE:
            values |= dict(_leaves(entry.value, key))
    rows = {path: {KEY: path, VALUE: text} for path, text in values.items()}
    return Grid((KEY, VALUE), rows)


def _leaves(node: Node, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, Scalar):
        if "\n" not in node.value:  # a text of several lines stays as it is
            yield path, node.value
    elif isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            yield from _leaves(item, f"{path}.{index}")
    else:
        for key, entry in node.entries.items():
            yield from _leaves(entry.value, f"{path}.{key}")
