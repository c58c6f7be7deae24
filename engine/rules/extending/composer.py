"""Composes an extension with its parent: the parent's text with the branch's lines in it."""

from __future__ import annotations

from dataclasses import dataclass

from engine.base.collector import Collector
from engine.base.text import Text
from engine.base.yaml_marks import Mapping, Scalar, compose, plain
from engine.rules.extending.permissions import (
    EXTENSION_KEYS,
    check_extensible,
    check_keys,
    check_names,
    check_place,
    known_tree,
)
from engine.rules.extending.rows import OwnRows, own_rows, write_rows
from engine.rules.extending.writer import Source, Writer, merged
from engine.rules.kind import Kind
from engine.rules.model import Extension, Ruleset
from engine.rules.params import OrgTree, ancestors
from engine.rules.schema import envelope_schema, mend_keys, typed, validate

_OWN = ("name", "title", "version", "effective", "scope")
"""Keys that an extension writes in place of its parent's."""
_MERGED = ("params", "adjustable", "overrides")
_NOT_INHERITED = frozenset({"extensible", "examples"})


@dataclass(frozen=True, slots=True)
class Composed:
    """The whole text and how it came about."""

    text: str
    extension: Extension


def compose_extension(
    text: str,
    root: Mapping,
    parent: Ruleset,
    kind: Kind | None,
    orgs: OrgTree | None,
    out: Collector,
) -> Composed:
    """Put what `text` (LF line ends, parsed as `root`) says into the text of `parent`.

    What the extension may not do becomes findings with places in `text`; the rest is composed all
    the same, so that one pass finds everything.
    """
    whole = compose(parent.text, Collector(parent.file))
    if whole is None:
        raise AssertionError("a loaded ruleset has a readable text")
    own = Source.of(text, root, own=True)
    above = Source.of(parent.text, whole, own=False)
    mend_keys(root, kind, out)
    validate(root, typed(plain(root), envelope_schema(kind)), kind, out)
    check_keys(root, parent, out)
    tree = known_tree(root, parent, orgs)
    check_place(root, parent, tree, orgs, out)
    check_names(root, parent, tree, orgs, out)
    rows = own_rows(own, above, parent, out)
    check_extensible(root, parent, frozenset(rows.by_id), out)
    writer = Writer()
    _write(writer, own, above, rows)
    at = root.entries["extends"].value.span
    org = _scope_org(root, parent)
    path = (*reversed(list(ancestors(tree, org))), org)
    composed = Extension(parent, text, at, tuple(writer.origins), tree, path)
    return Composed(writer.text(), composed)


def _scope_org(root: Mapping, parent: Ruleset) -> str:
    scope = root.get("scope")
    org = scope.get("org") if isinstance(scope, Mapping) else None
    return org.value if isinstance(org, Scalar) else parent.scope_org


def _write(writer: Writer, own: Source, above: Source, rows: OwnRows) -> None:
    theirs, mine = above.root.entries, own.root.entries
    for key in sorted(theirs, key=above.range):
        if key == "rules":
            write_rows(writer, above, own, rows)
        elif key in _MERGED and key in mine:
            merged(writer, key, (above, own))
        elif key in _OWN and key in mine:
            writer.key(own, key)
        elif key not in _NOT_INHERITED:
            writer.copy(above, *above.range(key))
    for key in EXTENSION_KEYS:
        if key in _MERGED and key in mine and key not in theirs:
            merged(writer, key, (above, own))
    if "extensible" in mine:
        writer.key(own, "extensible")
    if "examples" in mine and rows.complete:
        writer.key(own, "examples")


def not_composed(name: str) -> Text:
    """What is said when nobody looked for the parent."""
    return Text(
        f"this extends {name!r}, which is not at hand", f"此文件扩展 {name!r}，但未提供该规则集"
    )
