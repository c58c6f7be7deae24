"""Ways to write a change of the envelope, the nearest to what stands there first.

Whoever tries them reads the result back; a way need not fit every text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from engine.base.yaml_marks import Mapping, Node, Place, Scalar
from engine.base.yaml_marks import Sequence as YamlSequence
from engine.rules.edit.edits import Value
from engine.rules.edit.source import Source

Writer = Callable[[Source], None]
Collection = Mapping | YamlSequence

_PLAIN = re.compile(r"[\w.$§/(（][^\s,\[\]{}#:\"']*(?: [^\s,\[\]{}#:\"']+)*")
"""Texts that need no quotes anywhere."""


def replaced(node: Scalar | YamlSequence, value: Value) -> Iterator[Writer]:
    """Other texts in the place of a value."""
    quoted = isinstance(node, Scalar) and node.quoted
    bare = isinstance(node, Scalar) and not node.value and not quoted
    for form in _forms(value, quoted=quoted):
        yield partial(_value, begin(node), node.end, f" {form}" if bare else form)


def entry_added(parent: Collection, path: Sequence[str], value: Value) -> Iterator[Writer]:
    """A new entry at the end of a mapping, or a new item at the end of a list."""
    items = places(parent)
    listed = isinstance(parent, YamlSequence)
    inside = (parent.end[0], parent.end[1] - 1)
    indent = " " * (begin(parent)[1] - 1) + ("- " if listed else "")
    for form in _forms(value):
        text = form if listed else _entry(path, form)
        if not parent.flow:
            yield partial(_below, items[-1], indent + text)
        elif items:
            yield partial(_text, items[-1][1], items[-1][1], f", {text}")
        else:
            yield partial(_text, inside, inside, text)


def first_entry(empty: Scalar, path: Sequence[str], value: Value) -> Iterator[Writer]:
    """The first entry under a key that has nothing behind its colon."""
    at = begin(empty)
    for form in _forms(value):
        yield partial(_text, at, at, f" {{{_entry(path, form)}}}")


def key_added(
    root: Mapping, path: Sequence[str], value: Value, order: Sequence[str]
) -> Iterator[Writer]:
    """A new key of the whole text, below the last key that `order` puts before it."""
    before = set(order[: order.index(path[0])])
    above = [item_of(root, key) for key in root.entries if key in before]
    for form in _forms(value):
        text = _entry(path, form)
        if above:
            yield partial(_below, max(above, key=lambda item: item[1]), text)
        else:
            yield partial(_line, root.span.line - 1, text)


def entry_removed(parent: Collection, index: int) -> Iterator[Writer]:
    """An entry or item taken away: its lines where it has them for itself, else its text."""
    items = places(parent)
    start, end = items[index]
    yield partial(_no_lines, start, end)
    if parent.flow and len(items) == 1:
        opening = (parent.span.line, parent.span.column + 1)
        yield partial(_text, opening, (parent.end[0], parent.end[1] - 1), "")
    elif parent.flow and index + 1 < len(items):
        yield partial(_text, start, items[index + 1][0], "")
    elif parent.flow:
        yield partial(_text, items[index - 1][1], end, "")


def begin(node: Node) -> Place:
    """The place of the first character."""
    return node.span.line, node.span.column


def places(parent: Collection) -> list[tuple[Place, Place]]:
    """Begin and end of each entry (with its key) or item."""
    if isinstance(parent, Mapping):
        return [item_of(parent, key) for key in parent.entries]
    return [(begin(item), item.end) for item in parent.items]


def item_of(parent: Mapping, key: str) -> tuple[Place, Place]:
    """Begin of a key and end of its value."""
    entry = parent.entries[key]
    return begin(entry.key), max(entry.key.end, entry.value.end)


def _forms(value: Value, *, quoted: bool = False) -> Iterator[str]:
    if isinstance(value, tuple):
        yield f"[{', '.join(in_flow(item) for item in value)}]"
        return
    if value and not quoted:
        yield value
    yield _quoted(value)


def _entry(path: Sequence[str], form: str) -> str:
    """`key: value`, where a longer path makes mappings in braces."""
    if len(path) > 1:
        form = f"{{{_entry(path[1:], form)}}}"
    return f"{in_flow(path[0])}: {form}"


def in_flow(text: str) -> str:
    """The text as it can stand between braces or brackets: quoted where it has to be."""
    return text if _PLAIN.fullmatch(text) else _quoted(text)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    return f'"{escaped}"'


def _trimmed(source: Source, start: Place, end: Place) -> Place:
    """`end` without the line ends and blanks before it (blocks of text end in the next line)."""
    line, column = min(end[0], len(source.lines)), end[1]
    while (line, column) > start:
        text = source.lines[line - 1].text[: column - 1].rstrip()
        if text:
            return max(start, (line, len(text) + 1))
        line, column = line - 1, len(source.lines[line - 2].text) + 1
    return start


def _text(start: Place, end: Place, text: str, source: Source) -> None:
    source.replace(start, end, text)


def _value(start: Place, end: Place, text: str, source: Source) -> None:
    source.replace(start, _trimmed(source, start, end), text)


def _line(at: int, text: str, source: Source) -> None:
    source.insert(at, text)


def _below(item: tuple[Place, Place], text: str, source: Source) -> None:
    source.insert(_trimmed(source, *item)[0], text)


def _no_lines(start: Place, end: Place, source: Source) -> None:
    last = _trimmed(source, start, end)
    lines = source.lines[start[0] - 1 : last[0]]
    before, after = lines[0].text[: start[1] - 1], lines[-1].text[last[1] - 1 :].lstrip(" \t,")
    if before.strip(" \t-") or (after and not after.startswith("#")):
        return  # something else stands on these lines: nothing is changed, and read back so
    for line in lines:
        source.remove(line)
