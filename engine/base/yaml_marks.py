"""YAML with every scalar as the text that was written, plus its place; safe against any input.

Nothing is resolved: `no`, `0102`, `12:30` stay text and are typed by the schema. Anchors, aliases,
tags, several documents and deep nesting are refused, so a file cannot grow beyond its own size.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import yaml

from engine.base.collector import Collector
from engine.base.findings import Span
from engine.base.text import Text

MAX_BYTES = 2 * 1024 * 1024
MAX_DEPTH = 12
MAX_NODES = 50_000

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
UNREADABLE = re.compile(
    "[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
"""A character that no file of ours may hold."""

Place = tuple[int, int]
"""1-based line and column."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text as written. `literal` marks a `|` block, whose content lines begin below `span`.

    `end` is the place after its last character.
    """

    value: str
    span: Span
    end: Place
    literal: bool = False
    quoted: bool = False

    def inner(self) -> Span:
        """Return the span of the text itself: without the opening quote of a quoted scalar."""
        if not self.quoted:
            return self.span
        width = max(1, self.span.width - 2)
        return Span(self.span.line, self.span.column + 1, width)


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list; `flow` is one in brackets. `end` is the place after the bracket or the last item."""

    items: tuple[Node, ...]
    span: Span
    end: Place
    flow: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a mapping and its value."""

    key: Scalar
    value: Node


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping without duplicate keys; `flow` is one in braces.

    `end` is the place after the brace or the last value.
    """

    entries: dict[str, Entry]
    span: Span
    end: Place
    flow: bool

    def get(self, key: str) -> Node | None:
        """Return the value of `key`."""
        entry = self.entries.get(key)
        return None if entry is None else entry.value


Node = Scalar | Sequence | Mapping


class _Mark(Protocol):
    """A place as either parser gives it: 0-based line and column."""

    @property
    def line(self) -> int: ...
    @property
    def column(self) -> int: ...


class _Refused(Exception):
    """The file cannot be read further; the finding is written."""


def lf(text: str) -> str:
    """Return `text` with LF line ends and without a byte order mark."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def plain(node: Node) -> object:
    """Return `node` as dicts, lists and texts, for jsonschema."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {key: plain(entry.value) for key, entry in node.entries.items()}


def compose(text: str, out: Collector) -> Mapping | None:
    """Read `text` (LF line ends) as one mapping, or None after writing a finding why not."""
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        out.add(
            "R001",
            Span(1, 1),
            Text(f"the file has {size:,} bytes", f"文件有 {size:,} 字节"),
            Text(f"split it; {MAX_BYTES:,} are allowed", f"请拆分；最多 {MAX_BYTES:,} 字节"),
        )
        return None
    bad = UNREADABLE.search(text)
    if bad is not None:
        line = text.count("\n", 0, bad.start()) + 1
        column = bad.start() - (text.rfind("\n", 0, bad.start()) + 1) + 1
        out.add(
            "R001",
            Span(line, column),
            Text(
                f"character U+{ord(bad[0]):04X} is not allowed here",
                f"文件中不允许字符 U+{ord(bad[0]):04X}",
            ),
            Text("delete it; save the file as UTF-8", "请删除；文件须以 UTF-8 保存"),
        )
        return None
    return _Composer(text, out).document()


class _Composer:
    def __init__(self, text: str, out: Collector) -> None:
        self.lines = text.split("\n")
        self.out = out
        self.nodes = 0
        self.events: Iterator[yaml.Event] = iter(yaml.parse(text, Loader=_LOADER))

    def document(self) -> Mapping | None:
        try:
            return self._document()
        except _Refused:
            return None
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = self._place(mark)
            said = " ".join(str(p) for p in (error.problem, error.context) if p)
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            place, said = Span(1, 1), str(error).splitlines()[0]
        self.out.add(
            "R002",
            place,
            Text(f"this is not YAML: {said}", f"不是有效的 YAML：{said}"),
            Text(
                "check indentation, quotes and brackets here and on the line above",
                "请检查此处及上一行的缩进、引号和括号",
            ),
        )
        return None

    def _document(self) -> Mapping | None:
        event = self._next()
        while isinstance(event, yaml.StreamStartEvent | yaml.DocumentStartEvent):
            event = self._next()
        if isinstance(event, yaml.StreamEndEvent):
            self._refuse(
                "R005",
                Span(1, 1),
                Text("the file is empty", "文件为空"),
                Text("begin with `kind:`", "请以 `kind:` 开头"),
            )
        root = self._node(event, 0)
        self._next()
        after = self._next()
        if isinstance(after, yaml.DocumentStartEvent):
            self._refuse(
                "R005",
                self._place(after.start_mark),
                Text("the file has a second document", "文件含有第二个文档"),
                Text("one file holds one document", "一个文件只能有一个文档"),
            )
        if not isinstance(root, Mapping):
            self._refuse(
                "R005",
                root.span,
                Text("the file is not a mapping of keys", "文件不是键值映射"),
                Text("begin with `kind:`", "请以 `kind:` 开头"),
            )
        return root if isinstance(root, Mapping) else None

    def _next(self) -> yaml.Event:
        return next(self.events)

    def _refuse(self, code: str, span: Span, text: Text, remedy: Text) -> None:
        self.out.add(code, span, text, remedy)
        raise _Refused

    def _place(self, mark: _Mark | None, end: _Mark | None = None) -> Span:
        if mark is None:
            return Span(1, 1)
        line = min(mark.line, len(self.lines) - 1)
        source = self.lines[line]
        column = min(mark.column, len(source))
        last = len(source) if end is None or end.line != mark.line else end.column
        return Span(line + 1, column + 1, max(1, last - column) if end is not None else 1)

    def _node(self, event: yaml.Event, depth: int) -> Node:
        self.nodes += 1
        place = self._place(event.start_mark, event.end_mark)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            self._refuse(
                "R004",
                place,
                Text("anchors and aliases are not allowed", "不允许使用锚点和别名"),
                Text("write the value out", "请直接写出该值"),
            )
        if getattr(event, "tag", None):
            self._refuse(
                "R004",
                place,
                Text("tags are not allowed", "不允许使用标签"),
                Text(
                    "delete the tag; values are typed by the schema", "请删除标签；类型由模式决定"
                ),
            )
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            self._refuse(
                "R001",
                place,
                Text("the file is nested too deep or has too many keys", "文件嵌套过深或键过多"),
                Text(f"{MAX_DEPTH} levels are allowed", f"最多 {MAX_DEPTH} 层"),
            )
        if isinstance(event, yaml.ScalarEvent):
            quoted = event.style in ("'", '"')
            return Scalar(event.value, place, _end(event), event.style == "|", quoted)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(place, depth, flow=bool(event.flow_style))
        return self._mapping(place, depth, flow=bool(getattr(event, "flow_style", False)))

    def _sequence(self, place: Span, depth: int, *, flow: bool) -> Sequence:
        items: list[Node] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        end = _end(event) if flow or not items else items[-1].end
        return Sequence(tuple(items), place, end, flow)

    def _mapping(self, place: Span, depth: int, *, flow: bool) -> Mapping:
        entries: dict[str, Entry] = {}
        end = (place.line, place.column)
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            value = self._node(self._next(), depth + 1)
            end = value.end
            if not isinstance(key, Scalar):
                self._refuse(
                    "R005",
                    key.span,
                    Text("a key must be a word", "键必须是一个词"),
                    Text("write `key: value`", "请写成 `键: 值`"),
                )
            elif key.value in entries:
                first = entries[key.value].key.span.line
                self.out.add(
                    "R003",
                    key.span,
                    Text(
                        f"key {key.value!r} is already on line {first}",
                        f"键 {key.value!r} 已在第 {first} 行出现",
                    ),
                    Text("keep one of them", "请只保留一个"),
                )
            else:
                entries[key.value] = Entry(key, value)
        return Mapping(entries, place, _end(event) if flow else end, flow)


def _end(event: yaml.Event) -> Place:
    mark: _Mark | None = event.end_mark
    return (1, 1) if mark is None else (mark.line + 1, mark.column + 1)
