"""What is wrong with a table of history: every problem at once, with its reach and its remedy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.base.text import SluiceError, Text


@dataclass(frozen=True, slots=True)
class HistoryProblem:
    """One problem of one column. `text` says how many documents it affects, and what to do."""

    code: str
    column: str
    documents: int
    text: Text


class HistoryRefused(SluiceError):
    """A table cannot be read as facts. `problems` is the full list; the code is the first one's.

    Codes: HISTORY_COLUMN_MISSING, HISTORY_COLUMN_TWICE, HISTORY_FLOAT, HISTORY_TYPE,
    HISTORY_CURRENCY, HISTORY_VALUE.
    """

    def __init__(self, problems: Sequence[HistoryProblem]) -> None:
        super().__init__(
            problems[0].code,
            Text(
                "\n".join(one.text.en for one in problems),
                "\n".join(one.text.zh for one in problems),
            ),
        )
        self.problems = tuple(problems)


class ColumnRefused(Exception):
    """One column cannot be read: `documents` of them, or all when None."""

    def __init__(self, code: str, text: Text, documents: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.text = text
        self.documents = documents


def problem(column: str, refused: ColumnRefused, rows: int) -> HistoryProblem:
    """Return a column's refusal with its name and the share of documents it affects."""
    count = rows if refused.documents is None else refused.documents
    if count == rows:
        en, zh = f"all {rows:,} documents", f"全部 {rows:,} 份单据"
    else:
        share = "<0.1%" if count * 1000 < rows else f"{count / rows:.1%}"
        en = f"{count:,} of {rows:,} documents, {share}"
        zh = f"{rows:,} 份单据中的 {count:,} 份，{share}"
    return HistoryProblem(
        refused.code,
        column,
        count,
        Text(f"{column} ({en}): {refused.text.en}", f"{column}（{zh}）：{refused.text.zh}"),
    )
