"""NACHA files of ACH entries."""

from __future__ import annotations

from engine.formats.nacha.reader import WIDTH, read_nacha
from engine.formats.readers import FileRead, Reader, text_head


def _read(content: bytes) -> FileRead:
    found = read_nacha(content)
    return FileRead("nacha", found.statements, found.findings)


def _recognises(head: bytes) -> bool:
    first = text_head(head).split("\n")[0].rstrip("\r")
    headed = first.startswith("101") and "094101" in first[:42]
    return headed or (len(first) == WIDTH and first.startswith(("5200", "5220", "5225")))


READER = Reader("nacha", _recognises, _read)
