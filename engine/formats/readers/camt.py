"""camt.052, camt.053 and camt.054 (ISO 20022)."""

from __future__ import annotations

from engine.formats.iso20022.camt import read_camt
from engine.formats.readers import HEAD, FileRead, Reader, text_head
from engine.formats.reading import FormatError

_KINDS = {
    "BkToCstmrAcctRpt": "camt.052",
    "BkToCstmrStmt": "camt.053",
    "BkToCstmrDbtCdtNtfctn": "camt.054",
    "camt.052": "camt.052",
    "camt.053": "camt.053",
    "camt.054": "camt.054",
}
"""Root elements and names of namespaces."""


def _read(content: bytes) -> FileRead:
    found = read_camt(content)
    if not found.statements:
        for one in found.findings:
            if one.fatal and one.statement is None:
                raise FormatError(one.code, one.text)
    kind = _kind(content[:HEAD])
    return FileRead(kind, found.statements, found.findings, chained=kind == "camt.053")


def _kind(head: bytes) -> str:
    text = text_head(head)
    return next((kind for name, kind in _KINDS.items() if name in text), "")


def _recognises(head: bytes) -> bool:
    return text_head(head).startswith("<") and _kind(head) != ""


READER = Reader("camt", _recognises, _read)
