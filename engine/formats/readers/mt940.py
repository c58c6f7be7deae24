"""MT940 and MT942 (SWIFT)."""

from __future__ import annotations

from engine.formats.readers import FileRead, Reader, text_head
from engine.formats.swift.mt940 import read_mt940


def _read(content: bytes) -> FileRead:
    found = read_mt940(content)
    return FileRead("mt940", found.statements, found.findings)


def _recognises(head: bytes) -> bool:
    text = "\n" + text_head(head).replace("\r", "")
    return not text.startswith("\n<") and any(
        tag in text for tag in ("\n:20:", ":\n:20:", "{4:", "\n:25:", "\n:61:", "\n:60F:")
    )


READER = Reader("mt940", _recognises, _read)
