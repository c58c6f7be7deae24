"""Text to a checked, typed Ruleset: all findings of a file in one pass, and never an exception."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from engine.base import yaml_marks
from engine.base.collector import Collector, Problem
from engine.base.findings import Finding, Severity
from engine.base.yaml_marks import Scalar, compose, lf
from engine.rules.envelope import Envelope, content_hash
from engine.rules.extending.composer import compose_extension, not_composed
from engine.rules.extending.places import unread
from engine.rules.kind import Kind
from engine.rules.model import Ruleset, Vocabulary
from engine.rules.params import OrgTree
from engine.rules.registry import all_kinds

BASE_CURRENCY = "CNY"
"""The group's base currency where a ruleset names none."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a text gave: a ruleset when there is no error, and all findings by place."""

    ruleset: Ruleset | None
    findings: list[Finding]


def load_ruleset(
    file: str,
    text: str,
    vocabulary: Vocabulary,
    *,
    kinds: Mapping[str, Kind] | None = None,
    currency: str = BASE_CURRENCY,
    orgs: OrgTree | None = None,
    parent: Ruleset | Problem | None = None,
) -> Loaded:
    """Parse and type one ruleset. Never raises: what is wrong becomes findings with places.

    `file` only names the text in findings. `currency` is the group's base currency, used where
    the envelope names none. With `orgs` (child -> parent) overrides are compared along the tree.
    `parent` is the ruleset that `text` extends, or why there is none (engine.rules.extending).
    """
    out = Collector(file)
    clean = lf(text)
    root = compose(clean, out)
    if root is None:
        return Loaded(None, out.sorted())
    known = all_kinds() if kinds is None else kinds
    if "extends" in root.entries:
        return _load_extension(file, clean, root, vocabulary, known, orgs, parent, out)
    ruleset = Envelope(file, clean, root, vocabulary, known, currency, orgs, out).ruleset()
    return Loaded(None if out.failed else ruleset, out.sorted())


def _load_extension(
    file: str,
    text: str,
    root: yaml_marks.Mapping,
    vocabulary: Vocabulary,
    kinds: Mapping[str, Kind],
    orgs: OrgTree | None,
    parent: Ruleset | Problem | None,
    out: Collector,
) -> Loaded:
    """Compose the extension with its parent and read the whole as any ruleset."""
    at = root.entries["extends"].value.span
    if not isinstance(parent, Ruleset):
        written = root.get("extends")
        name = written.value if isinstance(written, Scalar) else ""
        out.problem(parent or Problem("R601", not_composed(name)), at)
        return Loaded(None, out.sorted())
    composed = compose_extension(text, root, parent, kinds.get(parent.kind), orgs, out)
    inner = Collector(file)
    whole = compose(composed.text, inner)
    ruleset = None
    if whole is not None:
        reader = Envelope(
            file,
            composed.text,
            whole,
            vocabulary,
            kinds,
            parent.currency,
            composed.extension.tree,
            inner,
        )
        ruleset = reader.ruleset()
    seen = {(found.code, found.span) for found in out.findings}
    for found in inner.findings:
        mine = unread(found, composed.extension)
        echo = out.failed and found.severity is Severity.WARNING
        if mine is not None and not echo and (mine.code, mine.span) not in seen:
            out.findings.append(mine)
    if ruleset is None or out.failed:
        return Loaded(None, out.sorted())
    whole_ruleset = replace(ruleset, hash=content_hash(text), extension=composed.extension)
    return Loaded(whole_ruleset, out.sorted())
