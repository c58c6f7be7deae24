"""Finds the ruleset kinds: every module of engine.rules.kinds that has a KIND is one."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

from engine.base.text import SluiceError, Text
from engine.rules.kind import Kind
from engine.rules.suggest import remedy


@cache
def all_kinds() -> Mapping[str, Kind]:
    """Return every kind by name. A new kind is a new file in engine/rules/kinds, nothing else."""
    package = importlib.import_module("engine.rules.kinds")
    found: dict[str, Kind] = {}
    for module in pkgutil.iter_modules(package.__path__):
        kind = getattr(importlib.import_module(f"{package.__name__}.{module.name}"), "KIND", None)
        if isinstance(kind, Kind):
            if kind.name in found:
                raise ValueError(f"two modules define the kind {kind.name!r}")
            found[kind.name] = kind
    return dict(sorted(found.items()))


def find_kind(name: str) -> Kind | None:
    """Return the kind `name`, or None."""
    return all_kinds().get(name)


def known_kind(name: str) -> Kind:
    """Return the kind `name`. SluiceError UNKNOWN_KIND with what may have been meant."""
    found = find_kind(name)
    if found is None:
        near = remedy(name, all_kinds()) or Text("", "")
        raise SluiceError(
            "UNKNOWN_KIND",
            Text(f"there is no kind {name!r}; {near.en}", f"没有种类 {name!r}；{near.zh}"),
        )
    return found
