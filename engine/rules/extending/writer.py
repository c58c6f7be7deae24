"""Writes a composed text line by line, remembering where each piece was written."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from engine.base.findings import Span
from engine.base.yaml_marks import Mapping, Scalar
from engine.rules.model import Origin

_PLAIN = re.compile(r"[+-]?\w(?:[\w.%/+ -]*[\w.%])?")
_WORD = re.compile(r"[\w.-]+")


@dataclass(frozen=True, slots=True)
class Source:
    """One of the two texts, cut by the keys of its envelope. `own` is the extension's."""

    own: bool
    root: Mapping
    lines: list[str]
    starts: tuple[int, ...]
    """The lines on which keys begin, then the line behind the last."""

    @classmethod
    def of(cls, text: str, root: Mapping, *, own: bool) -> Source:
        """Cut `text`, before any of its keys is taken away."""
        lines = text.split("\n")
        starts = sorted(entry.key.span.line for entry in root.entries.values())
        rest = range(starts[-1] + 1, len(lines) + 1)
        end = next((number for number in rest if lines[number - 1].startswith("...")), rest.stop)
        return cls(own, root, lines, (*starts, end))

    def range(self, name: str) -> tuple[int, int]:
        """First and last line of a key (1-based, inclusive), comments below it included."""
        first = self.root.entries[name].key.span.line
        return first, next(line for line in self.starts if line > first) - 1


@dataclass(slots=True)
class Writer:
    """The composed text as far as it is written."""

    texts: list[str] = field(default_factory=list)
    origins: list[Origin] = field(default_factory=list)

    def copy(self, source: Source, first: int, last: int) -> None:
        """Copy lines `first` to `last`; a root that is indented is moved to the margin."""
        indent = source.root.span.column - 1
        for number in range(first, last + 1):
            line = source.lines[number - 1]
            cut = min(indent, len(line) - len(line.lstrip(" ")))
            self.texts.append(line[cut:])
            width = max(1, len(line) - cut)
            self.origins.append(Origin(source.own, number, ((1, cut + 1, width),)))

    def key(self, source: Source, name: str) -> None:
        """Copy one key of the envelope without the comments and blank lines below it."""
        first, last = source.range(name)
        while last > first and (
            not source.lines[last - 1].strip() or source.lines[last - 1].lstrip().startswith("#")
        ):
            last -= 1
        self.copy(source, first, last)

    def made(self, source: Source, line: int, *parts: str | tuple[str, Span]) -> None:
        """Write a line from texts and from texts that were written at a span of line `line`."""
        text = ""
        pieces = []
        for part in parts:
            if isinstance(part, str):
                text += part
                continue
            pieces.append((len(text) + 1, part[1].column, max(1, len(part[0]))))
            text += part[0]
        self.texts.append(text)
        self.origins.append(Origin(source.own, line, tuple(pieces)))

    def text(self) -> str:
        """All lines."""
        return "\n".join(self.texts) + "\n"


def merged(writer: Writer, key: str, sources: tuple[Source, Source]) -> None:
    """Write the mapping `key` of both texts as one, in block style: the parent's entries first.

    Values are scalars, or mappings of scalars that are merged in turn (overrides).
    """
    nodes = [(source, node) for source in sources if (node := _mapping(source, key)) is not None]
    if not any(node.entries for _, node in nodes):
        return
    top, _ = nodes[0]
    writer.made(
        top, top.root.entries[key].key.span.line, (key, top.root.entries[key].key.span), ":"
    )
    _entries(writer, nodes, "  ")


def _mapping(source: Source, key: str) -> Mapping | None:
    node = source.root.get(key)
    return node if isinstance(node, Mapping) else None


def _entries(writer: Writer, nodes: list[tuple[Source, Mapping]], indent: str) -> None:
    names = dict.fromkeys(name for _, node in nodes for name in node.entries)
    for name in names:
        found = [(s, node.entries[name]) for s, node in nodes if name in node.entries]
        source, entry = found[0]
        label = (_word(name), entry.key.span)
        below = [(s, e.value) for s, e in found if isinstance(e.value, Mapping)]
        if below:
            writer.made(source, entry.key.span.line, indent, label, ":")
            _entries(writer, [(s, v) for s, v in below if v.entries], indent + "  ")
        elif isinstance(entry.value, Scalar):
            value = (_value(entry.value.value), entry.value.inner())
            # Key and value stand on one line but for values that nobody writes: folded texts.
            writer.made(source, entry.value.span.line, indent, label, ": ", value)


def _word(name: str) -> str:
    return name if _WORD.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def _value(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else json.dumps(value, ensure_ascii=False)
