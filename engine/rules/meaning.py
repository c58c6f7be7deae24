"""What a cell, an output or a formula means, apart from where and how it was written."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import fields, is_dataclass

from engine.rules.model import Duration, OneOf

_WRITING = frozenset({"span", "written"})


def meaning(node: object) -> Hashable:
    """A value that is equal for nodes that mean the same: `50k` and `5万`, `a, b` and `b, a`."""
    if isinstance(node, OneOf):
        return "OneOf", frozenset(meaning(item) for item in node.items)
    if isinstance(node, Duration):
        return "Duration", node.seconds
    if is_dataclass(node) and not isinstance(node, type):
        inner = (meaning(getattr(node, f.name)) for f in fields(node) if f.name not in _WRITING)
        return (type(node).__name__, *inner)
    if isinstance(node, tuple):
        return tuple(meaning(item) for item in node)
    # True equals 1 in Python, but not in a table.
    return type(node).__name__, node if isinstance(node, Hashable) else repr(node)
