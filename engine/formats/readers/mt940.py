"""MT940 and MT942 (SWIFT)."""

from __future__ import annotations

import re

from engine.formats.readers import FileRead, Reader, text_head
from engine.formats.swift.mt940 import read_mt940

_FIELD = re.compile(
    r"(?m)^:(?:20|25P?|28C?|34F|60[FM]?|61|62[FM]?|64|65|86|90[CD]|NS):|\{4:\s*:20:"
)


def _read(content: bytes) -> FileRead:
    found = read_mt940(content)
    return FileRead("mt940", found.statements, found.findings)


def _recognises(head: bytes) -> bool:
    text = text_head(head)
    return not text.startswith("<") and _FIELD.search(text) is not None


READER = Reader("mt940", _recognises, _read)
