"""What a ruleset's text says of itself as written, read even where the loader refuses it.

Forms and headings show this: nothing is typed and nothing is checked but that the text is YAML.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.base.collector import Collector
from engine.base.findings import Finding
from engine.base.yaml_marks import Mapping, Scalar, compose, lf


@dataclass(frozen=True, slots=True)
class WrittenParam:
    """A parameter as written; `adjustable` is down, up, any or None, `overrides` by branch."""

    name: str
    value: str
    adjustable: str | None
    overrides: dict[str, str]


@dataclass(frozen=True, slots=True)
class Outline:
    """The envelope as written; empty texts for what is missing or no text."""

    values: dict[str, str]
    """Dotted path of the envelope -> scalar: "title.en", "scope.org", "effective.from"."""
    params: tuple[WrittenParam, ...]
    derived: tuple[str, ...]
    """Names of derived columns."""

    def get(self, path: str) -> str:
        """The scalar at a dotted path; empty where there is none."""
        return self.values.get(path, "")


def outline(text: str) -> tuple[Outline | None, list[Finding]]:
    """The outline of a ruleset's text; None, with what is wrong, where it is no YAML mapping."""
    out = Collector("")
    root = compose(lf(text), out)
    if root is None:
        return None, out.findings
    values = dict(_scalars(root, ""))
    adjustable, overrides = _mapping(root, "adjustable"), _mapping(root, "overrides")
    moved = {org: _texts(found) for org, found in _mappings(overrides)}
    ways = _texts(adjustable)
    params = tuple(
        WrittenParam(
            name,
            value,
            ways.get(name),
            {org: those[name] for org, those in moved.items() if name in those},
        )
        for name, value in _texts(_mapping(root, "params")).items()
    )
    derive = _mapping(root, "derive")
    return Outline(values, params, () if derive is None else tuple(derive.entries)), []


_OPEN = frozenset({"params", "adjustable", "overrides", "derive"})
"""Mappings whose keys the author chooses: they are no fields of a form."""


def _scalars(node: Mapping, prefix: str) -> Iterator[tuple[str, str]]:
    for key, entry in node.entries.items():
        if isinstance(entry.value, Scalar) and not entry.value.literal:
            yield prefix + key, entry.value.value.strip()
        elif isinstance(entry.value, Mapping) and not prefix and key not in _OPEN:
            yield from _scalars(entry.value, f"{key}.")


def _mapping(root: Mapping, key: str) -> Mapping | None:
    found = root.get(key)
    return found if isinstance(found, Mapping) else None


def _mappings(node: Mapping | None) -> Iterator[tuple[str, Mapping]]:
    for key, entry in () if node is None else node.entries.items():
        if isinstance(entry.value, Mapping):
            yield key, entry.value


def _texts(node: Mapping | None) -> dict[str, str]:
    return {
        key: entry.value.value.strip()
        for key, entry in ({} if node is None else node.entries).items()
        if isinstance(entry.value, Scalar)
    }
