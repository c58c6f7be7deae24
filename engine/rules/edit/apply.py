"""Edits of a ruleset's text by exact places: what is not named stays as it is, byte for byte."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.base.collector import Collector
from engine.base.yaml_marks import Mapping, compose
from engine.rules.edit.columns import add_column, remove_column, rename_column
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
    TableEdit,
    TableName,
)
from engine.rules.edit.errors import EditRefused, not_yaml
from engine.rules.edit.examples import EXAMPLES, add_examples
from engine.rules.edit.rows import (
    add_row,
    duplicate_row,
    move_row,
    remove_row,
    rename_row,
    set_cell,
)
from engine.rules.edit.source import Source, Span
from engine.rules.edit.tables import Sheet
from engine.rules.edit.values import add_value, remove_value, set_value


@dataclass(frozen=True, slots=True)
class Edited:
    """The text after the edits, and what changed in the old text: begin, end (excluded) and
    replacement, in code points, by place and without overlap. All places are of the old text.
    """

    text: str
    spans: tuple[Span, ...]


def apply(text: str, edits: Sequence[Edit]) -> Edited:
    """Make the edits one after another; each sees what those before it did.

    The text may have findings, as long as it is YAML and the places can be found; CRLF stays
    CRLF. Raises EditRefused, with `index` of the edit that cannot be made; nothing is half done.
    """
    bench = Bench(text)
    for index, edit in enumerate(edits):
        try:
            bench.make(edit)
        except EditRefused as refused:
            refused.index = index
            raise
    return bench.edited()


class Bench:
    """A text while it is edited: its lines, and what has been read of them.

    Raises EditRefused EDIT_NOT_YAML when the text cannot be read.
    """

    def __init__(self, text: str) -> None:
        self.source = Source(text)
        self._root: Mapping | None = None
        self._sheets: dict[TableName, Sheet] = {}
        self._root = self._read()

    def root(self) -> Mapping:
        """The envelope as the text now stands."""
        if self._root is None:
            self._root = self._read()
        return self._root

    def reread(self) -> None:
        """Forget what was read of the envelope: a table has changed, and lines have moved."""
        self._root = None

    def edited(self) -> Edited:
        """The result, which must be readable too: it may have become too large."""
        self.reread()
        self.root()
        return Edited(self.source.text(), tuple(self.source.spans()))

    def _read(self) -> Mapping:
        out = Collector("")
        root = compose(self.source.plain(), out)
        if root is None:
            raise not_yaml(out.findings)
        return root

    def sheet(self, name: TableName) -> Sheet:
        """One table; it is found once, and then follows its own changes."""
        if name not in self._sheets:
            self._sheets[name] = Sheet(self.source, self.root(), name)
        return self._sheets[name]

    def make(self, edit: Edit) -> None:
        """Make one edit."""
        match edit:
            case SetValue():
                set_value(self.source, self.root(), edit)
            case AddValue():
                add_value(self.source, self.root(), edit)
            case RemoveValue():
                remove_value(self.source, self.root(), edit)
            case RenameRow():
                rename_row(self.sheet, edit, has_examples=EXAMPLES in self.root().entries)
            case RenameColumn():
                rename_column(self.sheet, edit, has_examples=EXAMPLES in self.root().entries)
            case AddExamples():
                add_examples(self.source, self.root(), self.sheet, edit)
            case _:
                _change(self.sheet(edit.table), edit)
        self.reread()


def _change(sheet: Sheet, edit: TableEdit) -> None:
    match edit:
        case SetCell():
            set_cell(sheet, edit)
        case AddRow():
            add_row(sheet, edit)
        case RemoveRow():
            remove_row(sheet, edit)
        case MoveRow():
            move_row(sheet, edit)
        case DuplicateRow():
            duplicate_row(sheet, edit)
        case AddColumn():
            add_column(sheet, edit)
        case RemoveColumn():
            remove_column(sheet, edit)
