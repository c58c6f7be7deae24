"""camt.052, camt.053 and camt.054 (ISO 20022)."""

from __future__ import annotations

from engine.formats.iso20022.camt import read_camt
from engine.formats.readers import FileRead, Reader, text_head
from engine.formats.reading import FormatError

_ROOTS = ("BkToCstmrStmt", "BkToCstmrAcctRpt", "BkToCstmrDbtCdtNtfctn", ":camt.05")


def _read(content: bytes) -> FileRead:
    found = read_camt(content)
    if not found.statements:
        for one in found.findings:
            if one.fatal:
                raise FormatError(one.code, one.text)
    return FileRead("camt", found.statements, found.findings)


def _recognises(head: bytes) -> bool:
    text = text_head(head)
    return text.startswith("<") and any(one in text for one in _ROOTS)


READER = Reader("camt", _recognises, _read)
