"""Reading the keys of a layout: what is unknown, missing or of the wrong form is a finding."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterator
from typing import TypeVar

from engine.base.collector import Collector
from engine.base.findings import Span
from engine.base.text import Text
from engine.base.yaml_marks import Mapping, Node, Scalar, Sequence

T = TypeVar("T")


class Keys:
    """One mapping of the file; `done` names the keys nobody asked for."""

    def __init__(self, node: Mapping, path: str, out: Collector) -> None:
        self.node = node
        self._path = path
        self._out = out
        self._known: set[str] = set()

    def node_of(self, key: str, *, required: bool = False) -> Node | None:
        """The value of `key`, whatever it is; B002 when it has to be there."""
        self._known.add(key)
        found = self.node.get(key)
        if found is None and required:
            self._out.add(
                "B002",
                self.node.span,
                Text(f"{self._path}{key} is missing", f"缺少 {self._path}{key}"),
                Text(f"add `{key}:`", f"请补充 `{key}:`"),
            )
        return found

    def scalar(self, key: str, *, required: bool = False) -> Scalar | None:
        """A text as written."""
        found = self.node_of(key, required=required)
        if found is None or isinstance(found, Scalar):
            return found
        self.wrong(found.span, f"{self._path}{key}", "a text", "文本")
        return None

    def text(self, key: str, default: str = "", *, required: bool = False) -> str:
        """A text, or `default`."""
        found = self.scalar(key, required=required)
        return default if found is None else found.value

    def choice(self, key: str, choices: Collection[str], default: str | None = None) -> str | None:
        """One of `choices`; required without a default."""
        found = self.scalar(key, required=default is None)
        if found is None:
            return default
        if found.value not in choices:
            said = ", ".join(choices)
            self.wrong(found.span, f"{self._path}{key}", f"one of {said}", f"以下之一：{said}")
            return default
        return found.value

    def flag(self, key: str) -> bool:
        """true or false; false when it is not there."""
        return self.choice(key, ("true", "false"), "false") == "true"

    def typed(self, key: str, read: Callable[[str], T], en: str, zh: str) -> T | None:
        """A text read by `read`, whose ValueError makes a finding."""
        found = self.scalar(key)
        if found is None:
            return None
        try:
            return read(found.value)
        except ValueError as error:
            said = f" ({error})" if str(error) else ""
            self.wrong(found.span, f"{self._path}{key}", en + said, zh)
            return None

    def mapping(self, key: str, *, required: bool = False) -> Keys | None:
        """A mapping below this one."""
        found = self.node_of(key, required=required)
        if found is None:
            return None
        if isinstance(found, Mapping):
            return Keys(found, f"{self._path}{key}.", self._out)
        self.wrong(found.span, f"{self._path}{key}", "a mapping", "键值映射")
        return None

    def texts(self, key: str) -> list[Scalar]:
        """A list of texts."""
        found = self.node_of(key)
        if found is None:
            return []
        items = found.items if isinstance(found, Sequence) else (found,)
        good = [one for one in items if isinstance(one, Scalar)]
        if len(good) != len(items) or not isinstance(found, Sequence):
            self.wrong(found.span, f"{self._path}{key}", "a list of texts", "文本列表")
        return good

    def entries(self) -> Iterator[tuple[Scalar, Node]]:
        """All keys with their values, for mappings whose keys are free."""
        for name, entry in self.node.entries.items():
            self._known.add(name)
            yield entry.key, entry.value

    def wrong(self, span: Span, what: str, en: str, zh: str) -> None:
        """Finding B003: `what` must be something else."""
        self._out.add("B003", span, Text(f"{what} must be {en}", f"{what} 必须是{zh}"))

    def done(self) -> None:
        """Finding B001 for every key nobody asked for."""
        for name, entry in self.node.entries.items():
            if name in self._known:
                continue
            near = difflib.get_close_matches(name, self._known, 1)
            remedy = near[0] if near else ", ".join(sorted(self._known))
            self._out.add(
                "B001",
                entry.key.span,
                Text(f"{self._path}{name} is no key here", f"此处没有键 {self._path}{name}"),
                Text(f"use {remedy}", f"可用：{remedy}"),
            )
