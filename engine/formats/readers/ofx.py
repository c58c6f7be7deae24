"""OFX 1.x and 2.x."""

from __future__ import annotations

from engine.formats.ofx.reader import read_ofx
from engine.formats.readers import FileRead, Reader, text_head


def _read(content: bytes) -> FileRead:
    found = read_ofx(content)
    return FileRead("ofx", found.statements, found.findings)


def _recognises(head: bytes) -> bool:
    text = text_head(head).upper()
    return text.startswith("OFXHEADER") or "<OFX>" in text or "<?OFX" in text


READER = Reader("ofx", _recognises, _read)
