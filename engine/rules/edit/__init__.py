"""Exact edits of a ruleset's text: one cell changed is one line of a diff."""

from engine.rules.edit.apply import Edited, apply
from engine.rules.edit.edits import (
    AddColumn,
    AddRow,
    AddValue,
    DuplicateRow,
    Edit,
    MoveRow,
    RemoveColumn,
    RemoveRow,
    RemoveValue,
    RenameRow,
    SetCell,
    SetValue,
)
from engine.rules.edit.errors import EditRefused

__all__ = [
    "AddColumn",
    "AddRow",
    "AddValue",
    "DuplicateRow",
    "Edit",
    "EditRefused",
    "Edited",
    "MoveRow",
    "RemoveColumn",
    "RemoveRow",
    "RemoveValue",
    "RenameRow",
    "SetCell",
    "SetValue",
    "apply",
]
