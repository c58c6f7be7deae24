"""The few keys that say whose parent a text can be, read before the text itself is."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache

from engine.base.collector import Collector
from engine.base.yaml_marks import Mapping, Scalar, compose, lf

_EXTENDS = re.compile(r"^\s*[\"']?extends[\"']?\s*:", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Heading:
    """A text and what its envelope says about itself; "" where it says nothing."""

    file: str
    text: str
    kind: str
    name: str
    version: int
    extends: str | None
    subject: str
    org: str
    effective_from: dt.date
    effective_to: dt.date | None

    def meets(self, other: Heading) -> bool:
        """Whether there is a day on which both are in force."""
        first = max(self.effective_from, other.effective_from)
        last = min(self.effective_to or dt.date.max, other.effective_to or dt.date.max)
        return first <= last


def may_extend(text: str) -> bool:
    """Whether `text` could be an extension: a quick look that spares reading the others."""
    return _EXTENDS.search(text) is not None


@lru_cache(maxsize=1024)
def heading_of(file: str, text: str) -> Heading | None:
    """The heading of `text`, or None when it is not YAML or has no kind and name."""
    root = compose(lf(text), Collector(file))
    if root is None:
        return None
    kind, name = _scalar(root, "kind"), _scalar(root, "name")
    if not kind or not name:
        return None
    version = _scalar(root, "version")
    return Heading(
        file=file,
        text=text,
        kind=kind,
        name=name,
        version=int(version) if re.fullmatch(r"[0-9]{1,9}", version) else 0,
        extends=_scalar(root, "extends") if "extends" in root.entries else None,
        subject=_scalar(root, "scope", "subject"),
        org=_scalar(root, "scope", "org"),
        effective_from=_day(_scalar(root, "effective", "from")) or dt.date.min,
        effective_to=_day(_scalar(root, "effective", "to")),
    )


def _scalar(root: Mapping, *path: str) -> str:
    node = root.get(path[0])
    for step in path[1:]:
        node = node.get(step) if isinstance(node, Mapping) else None
    return node.value if isinstance(node, Scalar) else ""


def _day(written: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(written) if len(written) == len("2026-12-01") else None
    except ValueError:
        return None  # the loader says what is wrong with it
