"""What is wrong with a file, cell by cell; a file with a fault is never taken by halves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.base.text import Text
from engine.formats.reading import FormatError

MOST = 100
"""Faults that are named of one file."""


@dataclass(frozen=True, slots=True)
class FileFault:
    """One fault: where, a stable code, and a sentence with the remedy.

    `record` is header, detail, trailer or file; `row` counts details from 1, `line` lines of the
    file from 1; `offset` is the place in bytes of the line (of the file for the record `file`).
    """

    code: str
    record: str
    row: int | None
    line: int | None
    field: str | None
    offset: int | None
    text: Text

    @classmethod
    def of(
        cls,
        code: str,
        en: str,
        zh: str,
        *,
        record: str = "file",
        row: int | None = None,
        line: int | None = None,
        field: str | None = None,
        offset: int | None = None,
    ) -> FileFault:
        """A fault from its code and its sentence in both languages."""
        return cls(code, record, row, line, field, offset, Text(en, zh))

    @property
    def place(self) -> Text:
        """Where, in words."""
        en, zh = [self.record], [_RECORDS.get(self.record, self.record)]
        for name, zh_name, value in (
            ("row", "第 {} 行明细", self.row),
            ("line", "文件第 {} 行", self.line),
            ("field", "字段 {}", self.field),
            ("byte", "第 {} 字节", self.offset),
        ):
            if value is not None:
                en.append(f"{name} {value}")
                zh.append(zh_name.format(value))
        return Text(", ".join(en), "，".join(zh))


_RECORDS = {"header": "首行", "detail": "明细", "trailer": "尾行", "file": "文件"}


class FileRefused(FormatError):
    """A file that was not taken (or a row that cannot be written), with every fault found."""

    def __init__(self, faults: Sequence[FileFault]) -> None:
        first = faults[0]
        more = len(faults) - 1
        en = f" (and {more} more)" if more else ""
        zh = f"（另有 {more} 处）" if more else ""
        super().__init__(
            first.code,
            Text(
                f"{first.place.en}: {first.text.en}{en}",
                f"{first.place.zh}：{first.text.zh}{zh}",
            ),
        )
        self.faults = tuple(faults)
