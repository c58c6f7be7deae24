"""Why an edit cannot be made."""

from __future__ import annotations

from collections.abc import Iterable

from engine.base.findings import Finding, Severity
from engine.base.text import SluiceError, Text
from engine.rules.suggest import remedy as suggest


class EditRefused(SluiceError):
    """An edit that cannot be made; nothing has changed.

    EDIT_NOT_YAML, EDIT_NO_TABLE, EDIT_NO_ROW, EDIT_ROW_TWICE, EDIT_ROW_EXISTS, EDIT_ROW_ID,
    EDIT_ROW_SHAPE, EDIT_PLACE, EDIT_NO_COLUMN, EDIT_COLUMN_EXISTS, EDIT_COLUMN_NEEDED, EDIT_NO_KEY,
    EDIT_KEY_EXISTS, EDIT_KEY_TABLE, EDIT_VALUE, EDIT_TEXT, EDIT_TOO_LONG. `line` and `column`
    (1-based, code points, of the text as it stood when the edit was tried) say where, if a place
    is known; `index` is the place of the edit in its list, from 0.
    """

    def __init__(
        self, code: str, text: Text, line: int | None = None, column: int | None = None
    ) -> None:
        super().__init__(code, text)
        self.line = line
        self.column = column
        self.index = 0


def refused(
    code: str, text: Text, remedy: Text | None = None, line: int | None = None
) -> EditRefused:
    """The refusal whose sentence ends with the remedy."""
    said = text if remedy is None else Text(f"{text.en}; {remedy.en}", f"{text.zh}；{remedy.zh}")
    return EditRefused(code, said, line)


def unknown(code: str, text: Text, name: str, among: Iterable[str]) -> EditRefused:
    """The refusal of a name that does not exist, with what may have been meant."""
    return refused(code, text, suggest(name, among))


def not_yaml(findings: Iterable[Finding]) -> EditRefused:
    """The refusal of a text that is no YAML, from the first error of reading it."""
    first = next(one for one in findings if one.severity is Severity.ERROR)
    line, column = first.span.line, first.span.column
    said = Text(
        f"the text cannot be read at line {line}, column {column}: {first.message.en}",
        f"文本在第 {line} 行第 {column} 列无法读取：{first.message.zh}",
    )
    return EditRefused("EDIT_NOT_YAML", said, line, column)
