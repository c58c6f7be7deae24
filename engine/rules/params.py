"""Parameters: typed by their uses, overridden by organisations as far as `adjustable` allows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as MappingABC

from engine.base.collector import Collector, Problem
from engine.base.findings import Span
from engine.base.text import Text
from engine.base.yaml_marks import Mapping, Scalar
from engine.rules.model import ORDERED, Literal, Ruleset, Type, Value
from engine.rules.outputs import read_constant
from engine.rules.scope import ParamUse, Scope
from engine.rules.suggest import remedy as suggest
from engine.rules.values import NAMES, check_listed

OrgTree = MappingABC[str, str | None]
"""Organisation -> its parent (None at the root)."""

_WAYS = frozenset({"down", "up", "any"})
_TEXTS = frozenset({Type.CODE, Type.TEXT})


class ParamReader:
    """Types `params:` and checks `adjustable:` and `overrides:` of one file."""

    def __init__(self, root: Mapping, scope: Scope, orgs: OrgTree | None, out: Collector) -> None:
        self.root = root
        self.scope = scope
        self.orgs = orgs
        self.out = out
        self.types: dict[str, Type] = {}
        self.params: dict[str, Literal] = {}
        self.adjustable: dict[str, str] = {}
        self.overrides: dict[str, dict[str, Literal]] = {}
        self.extras_text = ""
        """All texts of the kind's own envelope keys: a `$name` in them is a use."""

    def read(self) -> None:
        """Read all three keys; results are in the attributes."""
        for name, scalar in self.scope.params.items():
            type_ = self._type(name, scalar)
            if type_ is None:
                continue
            value = self._value(name, scalar, type_)
            if value is not None:
                self.types[name], self.params[name] = type_, value
        self._read_adjustable()
        self._read_overrides()

    # --- types and values

    def _type(self, name: str, scalar: Scalar) -> Type | None:
        uses = self.scope.uses.get(name, [])
        if not uses:
            # Beside an error this would be its echo: the use may be what could not be read.
            if f"${name}" not in self.extras_text and not self.out.failed:
                self.out.warn(
                    "R202",
                    self.root_key("params", name),
                    Text(f"parameter {name!r} is not used", f"参数 {name!r} 未被使用"),
                    Text(f"use ${name} in the table or delete it", f"请在表中使用 ${name} 或删除"),
                )
            return self._form(scalar)
        hard = [use for use in uses if not use.soft]
        if not hard:
            return self._form(scalar)
        first = hard[0]
        for use in uses:
            if not _agree(first, use):
                a, b = NAMES[first.type], NAMES[use.type]
                self.out.add(
                    "R203",
                    use.span,
                    Text(
                        f"${name} is {b.en} here, but {a.en} on line {first.span.line}",
                        f"${name} 在此处是{b.zh}，在第 {first.span.line} 行是{a.zh}",
                    ),
                    Text("use two parameters", "请使用两个参数"),
                )
                return None
        return first.type

    def _form(self, scalar: Scalar) -> Type:
        for type_ in (Type.INT, Type.PERCENT, Type.DURATION, Type.DATE, Type.TIME, Type.BOOL):
            try:
                read_constant(scalar.value.strip(), type_, None, "", self.scope.currency)
            except Problem:
                continue
            return type_
        return Type.TEXT

    def _value(self, name: str, scalar: Scalar, type_: Type) -> Literal | None:
        source = scalar.value.strip()
        currency = self.scope.currency
        try:
            value = read_constant(source, type_, None, name, currency)
            for use in self.scope.uses.get(name, []):
                for one in value if isinstance(value, tuple) else (value,):
                    if isinstance(one, str):
                        check_listed(one, use.values, use.column)
        except Problem as problem:
            self.out.problem(problem.at(0, 0), scalar.inner())
            return None
        return Literal(value, source, scalar.inner())

    # --- organisations

    def root_key(self, section: str, name: str) -> Span:
        """Return the place of key `name` in `section`."""
        node = self.root.get(section)
        if isinstance(node, Mapping) and name in node.entries:
            return node.entries[name].key.span
        return self.root.span

    def _known(self, name: str, span: Span) -> bool:
        if name in self.scope.params:
            return True
        self.out.add(
            "R201",
            span,
            Text(f"unknown parameter {name!r}", f"未知参数 {name!r}"),
            suggest(name, self.scope.params)
            or Text("declare it under `params:`", "请在 `params:` 中声明"),
        )
        return False

    def _read_adjustable(self) -> None:
        node = self.root.get("adjustable")
        if not isinstance(node, Mapping):
            return
        for name, entry in node.entries.items():
            if not self._known(name, entry.key.span) or not isinstance(entry.value, Scalar):
                continue
            way = entry.value.value
            if way not in _WAYS:
                way = "any"  # already refused by the schema
            self.adjustable[name] = way
            type_ = self.types.get(name)
            if way in {"up", "down"} and type_ is not None and type_ not in ORDERED:
                self.out.add(
                    "R206",
                    entry.value.span,
                    Text(
                        f"{name} is {NAMES[type_].en}: it has no {way}",
                        f"{name} 是{NAMES[type_].zh}，没有升降方向",
                    ),
                    Text("write any", "请写 any"),
                )
                self.adjustable[name] = "any"

    def _read_overrides(self) -> None:
        node = self.root.get("overrides")
        if not isinstance(node, Mapping):
            return
        for org, entry in node.entries.items():
            if self.orgs is not None and org not in self.orgs:
                self.out.add(
                    "R207",
                    entry.key.span,
                    Text(f"unknown organisation {org!r}", f"未知机构 {org!r}"),
                    suggest(org, self.orgs),
                )
            self.overrides[org] = {}
            if isinstance(entry.value, Mapping):
                self._read_org(org, entry.value)
        self._check_directions(node)

    def _read_org(self, org: str, node: Mapping) -> None:
        for name, entry in node.entries.items():
            if not self._known(name, entry.key.span) or not isinstance(entry.value, Scalar):
                continue
            if name not in self.adjustable:
                self.out.add(
                    "R204",
                    entry.key.span,
                    Text(f"{org} may not move {name!r}", f"{org} 不得调整 {name!r}"),
                    Text(f"add `{name}:` to `adjustable:`", f"请在 `adjustable:` 中加入 `{name}:`"),
                )
                continue
            if name in self.types:
                value = self._value(name, entry.value, self.types[name])
                if value is not None:
                    self.overrides[org][name] = value

    def _check_directions(self, node: Mapping) -> None:
        for org, values in self.overrides.items():
            for name, value in values.items():
                way = self.adjustable.get(name, "any")
                base, whose = self._parent(org, name)
                if way == "any" or base is None or not _against(way, value.value, base.value):
                    continue
                entry = node.entries[org].value
                span = entry.entries[name].value.span if isinstance(entry, Mapping) else node.span
                self.out.add(
                    "R205",
                    span,
                    Text(
                        f"{org} moves {name} from {base.written} ({whose}) to {value.written}",
                        f"{org} 将 {name} 由 {base.written}（{whose}）调为 {value.written}",
                    ),
                    Text(f"only {way} is allowed", "只允许调低" if way == "down" else "只允许调高"),
                )

    def _parent(self, org: str, name: str) -> tuple[Literal | None, str]:
        for parent in ancestors(self.orgs or {}, org):
            if name in self.overrides.get(parent, {}):
                return self.overrides[parent][name], parent
        return self.params.get(name), "params"


def _agree(first: ParamUse, use: ParamUse) -> bool:
    if use.soft:
        return first.type in {Type.INT, Type.PERCENT}
    return first.type is use.type or {first.type, use.type} <= _TEXTS


def _against(way: str, value: Value, base: Value) -> bool:
    # Both were read by one ordered type, so they compare.
    return value > base if way == "down" else value < base  # type: ignore[operator]


def ancestors(orgs: OrgTree, org: str) -> Iterator[str]:
    """Yield the parents of `org`, nearest first; a circle in the tree ends the walk."""
    seen = {org}
    parent = orgs.get(org)
    while parent is not None and parent not in seen:
        yield parent
        seen.add(parent)
        parent = orgs.get(parent)


def branch_params(ruleset: Ruleset, org_path: Sequence[str]) -> dict[str, Value]:
    """Return the parameters in force at the end of `org_path` (root .. leaf).

    ("GROUP", "SH", "SH01"): the overrides of each step replace those before it; organisations
    without overrides change nothing. A branch's extension decides under its own organisation's
    parameters, also where `org_path` does not name it.
    """
    values: dict[str, Value] = {name: literal.value for name, literal in ruleset.params.items()}
    own = () if ruleset.extension is None else ruleset.extension.path
    for org in (*own, *org_path):
        for name, literal in ruleset.overrides.get(org, {}).items():
            values[name] = literal.value
    return values


def distinct_params(
    ruleset: Ruleset, orgs: OrgTree | None = None
) -> list[tuple[str | None, dict[str, Value]]]:
    """Return the scope's own parameters (None) and each override organisation's, each set once.

    With `orgs` the overrides of an organisation's parents count too; without, each override
    organisation is taken as a child of the group. An extension decides only for its own
    organisation and those below it: overrides of others are left out.
    """
    extension = ruleset.extension
    tree = orgs or ({} if extension is None else extension.tree)
    found: list[tuple[str | None, dict[str, Value]]] = [(None, branch_params(ruleset, ()))]
    for org in ruleset.overrides:
        path = [*reversed(list(ancestors(tree, org))), org]
        if extension is not None and ruleset.scope_org not in path:
            continue
        values = branch_params(ruleset, path)
        if all(values != other for _, other in found):
            found.append((org, values))
    return found
