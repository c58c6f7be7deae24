"""Bank file layouts: one definition in YAML that writes and reads (docs/layouts.md)."""

from engine.formats.layouts.faults import FileFault, FileRefused
from engine.formats.layouts.loading import LayoutRefused, check, load
from engine.formats.layouts.model import Layout, Use
from engine.formats.layouts.reading import Chunk, FileReader
from engine.formats.layouts.returns import ReturnFile, ReturnItem, read_return
from engine.formats.layouts.statements import StatementFile, read_statement
from engine.formats.layouts.writing import Written, file_name, parts, write

__all__ = [
    "Chunk",
    "FileFault",
    "FileReader",
    "FileRefused",
    "Layout",
    "LayoutRefused",
    "ReturnFile",
    "ReturnItem",
    "StatementFile",
    "Use",
    "Written",
    "check",
    "file_name",
    "load",
    "parts",
    "read_return",
    "read_statement",
    "write",
]
