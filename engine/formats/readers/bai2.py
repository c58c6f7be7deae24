"""BAI2 cash management files."""

from __future__ import annotations

from engine.formats.bai2.reader import read_bai2
from engine.formats.readers import FileRead, Reader, text_head


def _read(content: bytes) -> FileRead:
    found = read_bai2(content)
    return FileRead("bai2", found.statements, found.findings)


READER = Reader("bai2", lambda head: text_head(head).startswith("01,"), _read)
