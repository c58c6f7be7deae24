"""Exact edits of a ruleset's text: one cell changed is one line of a diff."""

from engine.rules.edit.apply import Edited, apply
from engine.rules.edit.edits import (
    AddColumn,
    AddExamples,
    AddRow,
    AddValue,
    DuplicateRow,
    Edit,
    MoveRow,
    RemoveColumn,
    RemoveRow,
    RemoveValue,
    RenameColumn,
    RenameRow,
    SetCell,
    SetValue,
)
from engine.rules.edit.errors import EditRefused

__all__ = [
    "AddColumn",
    "AddExamples",
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
    "RenameColumn",
    "RenameRow",
    "SetCell",
    "SetValue",
    "apply",
]
