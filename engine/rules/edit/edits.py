"""The edits there are, as values. `do` names an edit where it travels as JSON.

A row of `rules` is named by its id, a row of `examples` by its number from 1. `@12` names the
row on line 12 of the text as it stands before the edit: the way to a row whose id is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

TableName = Literal["rules", "examples"]
Side = Literal["input", "output"]
Value = str | tuple[str, ...]
"""A scalar as written, or a list of them."""

_STRICT: dict[str, str] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edit:
    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCell(_Edit):
    """Write `text` into one cell. The cell `id` of a rule is its id."""

    do: Literal["set_cell"] = "set_cell"
    row: str
    column: str
    text: str
    table: TableName = "rules"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddRow(_Edit):
    """Add a row before or after another, else at the end; columns not named get `-`.

    `id` is the new rule's id; rows of `examples` have none.
    """

    do: Literal["add_row"] = "add_row"
    id: str | None = None
    cells: Mapping[str, str] = field(default_factory=dict)
    before: str | None = None
    after: str | None = None
    table: TableName = "rules"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveRow(_Edit):
    """Remove a row; comments around it stay."""

    do: Literal["remove_row"] = "remove_row"
    row: str
    table: TableName = "rules"


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveRow(_Edit):
    """Move a row's line before or after another row, else to the end; comments stay."""

    do: Literal["move_row"] = "move_row"
    row: str
    before: str | None = None
    after: str | None = None
    table: TableName = "rules"


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateRow(_Edit):
    """Write a row once more below itself; `id` is the copy's id."""

    do: Literal["duplicate_row"] = "duplicate_row"
    row: str
    id: str | None = None
    table: TableName = "rules"


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameRow(_Edit):
    """Give a rule another id; with `examples` also where examples name it."""

    do: Literal["rename_row"] = "rename_row"
    row: str
    id: str
    examples: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AddColumn(_Edit):
    """Add a column with the cell `default` in every row.

    It stands before or after another column of its side, else at the side's end, where outputs
    go before a closing `basis`.
    """

    do: Literal["add_column"] = "add_column"
    name: str
    side: Side
    default: str = "-"
    before: str | None = None
    after: str | None = None
    table: TableName = "rules"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveColumn(_Edit):
    """Remove a column from the header and every row."""

    do: Literal["remove_column"] = "remove_column"
    name: str
    table: TableName = "rules"


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameColumn(_Edit):
    """Give a column another name in the header; with `examples` also where examples have it."""

    do: Literal["rename_column"] = "rename_column"
    name: str
    to: str
    table: TableName = "rules"
    examples: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AddExamples(_Edit):
    """Add the table `examples` below the rules, with a header and no rows.

    Without names it has the columns of the rules: the inputs of the table, `id` and its outputs.
    """

    do: Literal["add_examples"] = "add_examples"
    inputs: tuple[str, ...] | None = None
    outputs: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetValue(_Edit):
    """Write another value at a dotted path of the envelope: "params.large", "overrides.SH.large".

    A list takes a list, or a text at one of its places, "block_on.0".
    """

    do: Literal["set_value"] = "set_value"
    path: str
    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class AddValue(_Edit):
    """Add a key at a dotted path of the envelope, with the mappings above it that are missing."""

    do: Literal["add_value"] = "add_value"
    path: str
    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveValue(_Edit):
    """Remove the key at a dotted path, and the mappings above it that it leaves empty."""

    do: Literal["remove_value"] = "remove_value"
    path: str


RowEdit = AddRow | RemoveRow | MoveRow | DuplicateRow | RenameRow
TableEdit = SetCell | RowEdit | AddColumn | RemoveColumn
ValueEdit = SetValue | AddValue | RemoveValue
Edit = TableEdit | RenameColumn | AddExamples | ValueEdit
