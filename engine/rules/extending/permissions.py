"""What an extension may say: keys, place in the tree, parameters, and what it lets others do."""

from __future__ import annotations

from engine.base.collector import Collector
from engine.base.findings import Span
from engine.base.text import Text
from engine.base.yaml_marks import Mapping, Scalar, Sequence
from engine.rules.model import Extensible, Ruleset
from engine.rules.params import OrgTree, ancestors
from engine.rules.suggest import remedy as suggest

EXTENSION_KEYS = (
    "kind",
    "name",
    "extends",
    "title",
    "version",
    "effective",
    "scope",
    "params",
    "adjustable",
    "overrides",
    "extensible",
    "rules",
    "examples",
)
"""The keys an extension may have; all others are its parent's."""


def read_extensible(root: Mapping) -> Extensible:
    """The key `extensible` of a text whose envelope was checked."""
    node = root.get("extensible")
    if not isinstance(node, Mapping):
        return Extensible()
    rows, add = node.get("replace"), node.get("add")
    listed = rows.items if isinstance(rows, Sequence) else ()
    return Extensible(
        replace=tuple(one.value for one in listed if isinstance(one, Scalar)),
        add=isinstance(add, Scalar) and add.value in {"yes", "true"},
    )


def check_rows_named(root: Mapping, ids: list[str], out: Collector) -> None:
    """R608 for each row under `extensible: {replace: …}` that the table does not have."""
    for name, span in _replaceable(root):
        if name not in ids:
            out.add(
                "R608",
                span,
                Text(f"the table has no row {name!r}", f"表中没有行 {name!r}"),
                suggest(name, ids),
            )


def _replaceable(root: Mapping) -> list[tuple[str, Span]]:
    node = root.get("extensible")
    rows = node.get("replace") if isinstance(node, Mapping) else None
    listed = rows.items if isinstance(rows, Sequence) else ()
    return [(one.value, one.span) for one in listed if isinstance(one, Scalar)]


def check_keys(root: Mapping, parent: Ruleset, out: Collector) -> None:
    """R609 for each key that only the parent has a say in; it is dropped."""
    for key in [key for key in root.entries if key not in EXTENSION_KEYS]:
        out.add(
            "R609",
            root.entries.pop(key).key.span,
            Text(
                f"an extension has the {key} of its parent {parent.name}",
                f"扩展沿用上级 {parent.name} 的 {key}",
            ),
            Text("delete the key", "请删除该键"),
        )


def known_tree(root: Mapping, parent: Ruleset, orgs: OrgTree | None) -> OrgTree:
    """The group's tree, or without it what both texts say: the scope stands below the parent's,
    and organisations that the extension overrides stand below its scope."""
    if orgs is not None:
        return orgs
    above = {} if parent.extension is None else dict(parent.extension.tree)
    tree: dict[str, str | None] = dict.fromkeys(parent.overrides)
    tree |= {parent.scope_org: None} | above
    scope = _scalar(root, "scope", "org")
    overrides = root.get("overrides")
    if scope is None or scope.value in (parent.scope_org, *above_of(parent)):
        return tree
    if isinstance(overrides, Mapping):
        tree |= {org: scope.value for org in overrides.entries if org not in above_of(parent)}
    return tree | {scope.value: parent.scope_org}


def above_of(parent: Ruleset) -> tuple[str, ...]:
    """The organisations from the root down to the parent's own, as far as they are known."""
    return (parent.scope_org,) if parent.extension is None else parent.extension.path


def check_place(
    root: Mapping, parent: Ruleset, tree: OrgTree, orgs: OrgTree | None, out: Collector
) -> None:
    """R602: kind or subject are not the parent's; R603: the scope is not below the parent's."""
    kind, subject = _scalar(root, "kind"), _scalar(root, "scope", "subject")
    for key, node, wanted in (("kind", kind, parent.kind), ("subject", subject, parent.subject)):
        if node is not None and node.value and node.value != wanted:
            out.add(
                "R602",
                node.span,
                Text(
                    f"{parent.name} has the {key} {wanted}, not {node.value}",
                    f"{parent.name} 的 {key} 为 {wanted}，不是 {node.value}",
                ),
                Text(f"write {wanted}", f"请写 {wanted}"),
            )
    scope = _scalar(root, "scope", "org")
    if scope is None or not scope.value:
        return
    unknown = orgs is not None and scope.value not in orgs
    if unknown or parent.scope_org not in ancestors(tree, scope.value):
        out.add(
            "R603",
            scope.span,
            Text(
                f"{scope.value} is no organisation below {parent.scope_org}, "
                f"the scope of {parent.name}",
                f"{scope.value} 不是 {parent.name} 所属机构 {parent.scope_org} 的下级机构",
            ),
            Text("name the branch this is for", "请填写所适用的下级机构"),
        )


def check_names(
    root: Mapping, parent: Ruleset, tree: OrgTree, orgs: OrgTree | None, out: Collector
) -> None:
    """R610: the extension writes what its parent has written; R611: or for others' branches."""
    name = _scalar(root, "name")
    if name is not None and name.value == parent.name:
        _redefined(name.span, Text(f"the name {parent.name}", f"名称 {parent.name}"), parent, out)
    for key, mine in (("params", parent.params), ("adjustable", parent.params)):
        node = root.get(key)
        entries = node.entries if isinstance(node, Mapping) else {}
        for param in [one for one in entries if one in mine]:
            said = Text(f"parameter {param!r}", f"参数 {param!r}")
            _redefined(entries.pop(param).key.span, said, parent, out)
    overrides, scope = root.get("overrides"), _scalar(root, "scope", "org")
    if not isinstance(overrides, Mapping):
        return
    for org, entry in list(overrides.entries.items()):
        held = parent.overrides.get(org, {})
        values = entry.value.entries if isinstance(entry.value, Mapping) else {}
        for param in [one for one in values if one in held]:
            said = Text(f"{param} of {org}", f"{org} 的 {param}")
            _redefined(values.pop(param).key.span, said, parent, out)
        outside = orgs is not None and org in orgs and scope is not None
        if org in above_of(parent) or (
            outside and scope is not None and scope.value not in (org, *ancestors(tree, org))
        ):
            del overrides.entries[org]
            out.add(
                "R611",
                entry.key.span,
                Text(
                    f"{org} is not an organisation of this extension's scope",
                    f"{org} 不属于此扩展的适用范围",
                ),
                Text("name the scope's own or one below it", "请填写本机构或其下级机构"),
            )


def _redefined(span: Span, what: Text, parent: Ruleset, out: Collector) -> None:
    out.add(
        "R610",
        span,
        Text(f"{parent.name} has {what.en} already", f"{parent.name} 已有{what.zh}"),
        Text("choose another name, or delete it here", "请另取名称，或在此删除"),
    )


def check_extensible(
    root: Mapping, parent: Ruleset, own_ids: frozenset[str], out: Collector
) -> None:
    """R612: the extension lets its sub-branches do what its parent does not let it do."""
    may = parent.extensible
    theirs = {row.id for row in parent.table.rows} - own_ids
    for row, span in _replaceable(root):
        if row in theirs and row not in may.replace:
            _exceeds(span, Text(f"row {row} be replaced", f"替换行 {row}"), parent, out)
    node = root.get("extensible")
    add = node.get("add") if isinstance(node, Mapping) else None
    if add is not None and read_extensible(root).add and not may.add:
        _exceeds(add.span, Text("rows be added", "新增行"), parent, out)


def _exceeds(span: Span, what: Text, parent: Ruleset, out: Collector) -> None:
    out.add(
        "R612",
        span,
        Text(f"{parent.name} does not let {what.en}", f"{parent.name} 不允许{what.zh}"),
        Text("a branch can pass on only what it was given", "机构只能下放自身获得的权限"),
    )


def _scalar(root: Mapping, *path: str) -> Scalar | None:
    node = root.get(path[0])
    for step in path[1:]:
        node = node.get(step) if isinstance(node, Mapping) else None
    return node if isinstance(node, Scalar) else None
