"""Finds the parent of each extension among texts, and loads both in the right order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from engine.base.collector import Problem
from engine.base.text import Text
from engine.rules.extending.heading import Heading
from engine.rules.suggest import remedy as suggest

if TYPE_CHECKING:
    from engine.rules.load import Loaded
    from engine.rules.model import Ruleset

Load = Callable[[Heading, "Ruleset | Problem | None"], "Loaded"]
"""Loads one text with its parent: the ruleset, or why there is none; None for no extension."""


def parents_of(heading: Heading, among: Sequence[Heading]) -> list[Heading]:
    """The versions of the ruleset that `heading` extends, in the order of `among`.

    Several when the parent has several versions with days of their own. Raises Problem R601 when
    there is none, R602 when it is of another kind, R603 when the name stands for several scopes.
    """
    wanted = heading.extends or ""
    named = [one for one in among if one.name == wanted]
    if not named:
        near = sorted({one.name for one in among if one.kind == heading.kind} - {heading.name})
        raise Problem(
            "R601",
            Text(
                f"{heading.name} extends {wanted!r}, but there is no ruleset of that name",
                f"{heading.name} 扩展 {wanted!r}，但没有该名称的规则集",
            ),
            suggest(wanted, near)
            or Text(
                "write the name of head office's ruleset, and keep its file in the same folders",
                "请填写上级规则集的名称，并将其文件放在同一目录树中",
            ),
        )
    same = [one for one in named if one.kind == heading.kind]
    if not same:
        raise Problem(
            "R602",
            Text(
                f"{wanted} is of kind {named[0].kind}, not {heading.kind}",
                f"{wanted} 的种类为 {named[0].kind}，不是 {heading.kind}",
            ),
            Text("an extension has its parent's kind and subject", "扩展须与上级种类、对象相同"),
        )
    scopes = sorted({one.org for one in same})
    if len(scopes) > 1:
        raise Problem(
            "R603",
            Text(
                f"{wanted} is the name of rulesets of {', '.join(scopes)}",
                f"{'、'.join(scopes)} 都有名为 {wanted} 的规则集",
            ),
            Text("give each its own name", "请分别命名"),
        )
    met = [one for one in same if one.meets(heading)]
    if not met:
        raise Problem(
            "R601",
            Text(
                f"{wanted} is in force on no day on which {heading.name} is",
                f"{wanted} 与 {heading.name} 没有共同的生效日",
            ),
            Text("correct `effective:` of one of them", "请更正其中之一的 `effective:`"),
        )
    return met


class Family:
    """Texts that may extend one another; each is loaded once.

    `among` is in the order of precedence: the version that rules a day comes before others that
    are in force on it.
    """

    def __init__(self, among: Sequence[Heading], load: Load) -> None:
        self._among = among
        self._load = load
        self._known: dict[Heading, tuple[Loaded, ...]] = {}

    def loaded(self, heading: Heading) -> tuple[Loaded, ...]:
        """The text by itself, or composed with each version of its parent, at least one."""
        if heading not in self._known:
            self._known[heading] = tuple(self._load(heading, p) for p in self._parents(heading))
        return self._known[heading]

    def _parents(self, heading: Heading) -> list[Ruleset | Problem | None]:
        if heading.extends is None:
            return [None]
        try:
            parents = parents_of(heading, self._among)
        except Problem as problem:
            return [problem]
        circle = self._circle((heading,))
        if circle is not None:
            names = " > ".join(one.name for one in circle)
            return [
                Problem(
                    "R604",
                    Text(f"these extend one another: {names}", f"循环扩展：{names}"),
                    Text("one of them must stand by itself", "其中之一须为独立规则集"),
                )
            ]
        return [one.ruleset or _broken(parent) for parent in parents for one in self.loaded(parent)]

    def _circle(self, trail: tuple[Heading, ...]) -> tuple[Heading, ...] | None:
        """The way from the first of `trail` up the parents that comes back to one of them."""
        try:
            parents = parents_of(trail[-1], self._among) if trail[-1].extends is not None else []
        except Problem:
            return None
        for parent in parents:
            if parent in trail:
                return (*trail, parent)
            found = self._circle((*trail, parent))
            if found is not None:
                return found
        return None


def _broken(parent: Heading) -> Problem:
    return Problem(
        "R601",
        Text(
            f"{parent.name} {parent.version} ({parent.file}) has errors itself",
            f"{parent.name} 版本 {parent.version}（{parent.file}）自身有错误",
        ),
        Text("correct that file first", "请先更正该文件"),
    )
