"""Statement files of known formats: one reader per module of this folder, found by itself."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from engine.base.text import Text
from engine.formats.reading import FormatError, ReadFinding
from engine.formats.statement import Statement

HEAD = 4096
"""First bytes a format is recognised by."""


@dataclass(frozen=True, slots=True)
class FileRead:
    """What is in a file. `findings` that are fatal mean that a statement is not whole."""

    format: str
    statements: tuple[Statement, ...]
    findings: tuple[ReadFinding, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether nothing of the file was left behind."""
        return not any(one.fatal for one in self.findings)


@dataclass(frozen=True, slots=True)
class Reader:
    """One format. `read` raises FormatError when the file cannot be taken at all."""

    name: str
    recognises: Callable[[bytes], bool]
    """By the first HEAD bytes."""
    read: Callable[[bytes], FileRead]


@cache
def readers() -> tuple[Reader, ...]:
    """Every reader of this folder, by name."""
    found = [
        importlib.import_module(f"{__name__}.{one.name}").READER
        for one in pkgutil.iter_modules(__path__)
    ]
    return tuple(sorted(found, key=lambda one: str(one.name)))


def reader_of(content: bytes) -> Reader | None:
    """The reader of a file, None when no known format begins like it: a layout reads it then."""
    head = content[:HEAD]
    return next((one for one in readers() if one.recognises(head)), None)


def read_file(content: bytes) -> FileRead:
    """Read a file of any known format. Raises FormatError UNKNOWN_FORMAT and what readers raise."""
    reader = reader_of(content)
    if reader is None:
        known = ", ".join(one.name for one in readers())
        raise FormatError(
            "UNKNOWN_FORMAT",
            Text(
                f"the file is none of {known}; name the bank layout to read it with",
                f"文件不是 {known} 中的任何格式;请指定银行布局",
            ),
        )
    return reader.read(content)


def text_head(head: bytes) -> str:
    """The beginning of a file as text, marks and blanks in front left out."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "replace").lstrip()
    return head.removeprefix(b"\xef\xbb\xbf").decode("latin-1").lstrip()
