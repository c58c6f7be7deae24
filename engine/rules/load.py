"""Text to a checked, typed Ruleset: all findings of a file in one pass, and never an exception."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping as MappingABC
from dataclasses import dataclass, replace

from engine.base.money import DECIMALS
from engine.base.text import Text
from engine.rules.collector import Collector, Problem
from engine.rules.derive import read_derive
from engine.rules.extending.composer import compose_extension, not_composed
from engine.rules.extending.permissions import check_rows_named, read_extensible
from engine.rules.extending.places import unread
from engine.rules.findings import Finding, Severity, Span
from engine.rules.kind import Kind
from engine.rules.model import (
    Column,
    HitPolicy,
    Literal,
    NullOutput,
    Output,
    Ruleset,
    Table,
    Value,
    Vocabulary,
)
from engine.rules.outputs import read_constant, read_output
from engine.rules.params import OrgTree, ParamReader
from engine.rules.registry import all_kinds
from engine.rules.samples import read_examples
from engine.rules.schema import envelope_schema, mend_keys, typed, validate
from engine.rules.scope import Scope
from engine.rules.suggest import nearest
from engine.rules.suggest import remedy as suggest
from engine.rules.table import TableReader
from engine.rules.yaml_marks import Mapping, Node, Scalar, Sequence, compose, lf, plain

BASE_CURRENCY = "CNY"
"""The group's base currency where a ruleset names none."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a text gave: a ruleset when there is no error, and all findings by place."""

    ruleset: Ruleset | None
    findings: list[Finding]


def content_hash(text: str) -> str:
    """Return the SHA-256 of a ruleset's text with LF line ends, hex: its identity."""
    return hashlib.sha256(lf(text).encode("utf-8", "surrogatepass")).hexdigest()


def load_ruleset(
    file: str,
    text: str,
    vocabulary: Vocabulary,
    *,
    kinds: MappingABC[str, Kind] | None = None,
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
    ruleset = _Loader(file, clean, root, vocabulary, known, currency, orgs, out).ruleset()
    return Loaded(None if out.failed else ruleset, out.sorted())


def _load_extension(
    file: str,
    text: str,
    root: Mapping,
    vocabulary: Vocabulary,
    kinds: MappingABC[str, Kind],
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
        loader = _Loader(
            file,
            composed.text,
            whole,
            vocabulary,
            kinds,
            parent.currency,
            composed.extension.tree,
            inner,
        )
        ruleset = loader.ruleset()
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


class _Loader:
    def __init__(
        self,
        file: str,
        text: str,
        root: Mapping,
        vocabulary: Vocabulary,
        kinds: MappingABC[str, Kind],
        currency: str,
        orgs: OrgTree | None,
        out: Collector,
    ) -> None:
        self.file = file
        self.text = text
        self.lines = text.split("\n")
        self.root = root
        self.out = out
        self.orgs = orgs
        if "kind" not in root.entries:
            mend_keys(root, None, out)
        self.kind = self._kind(kinds)
        if self.kind is not None:
            mend_keys(root, self.kind, out)
        validate(root, typed(plain(root), envelope_schema(self.kind)), self.kind, out)
        params = root.get("params")
        scalars = (
            {name: e.value for name, e in params.entries.items() if isinstance(e.value, Scalar)}
            if isinstance(params, Mapping)
            else {}
        )
        given = self._scalar("currency")
        self.scope = Scope(
            vocabulary=vocabulary,
            currency=given if given in DECIMALS else currency,
            raw_facts=self.kind is not None and self.kind.raw_facts,
            params=scalars,
        )

    # --- small readers

    def _at(self, *path: str) -> Node | None:
        node: Node | None = self.root
        for step in path:
            node = node.get(step) if isinstance(node, Mapping) else None
        return node

    def _scalar(self, *path: str) -> str:
        node = self._at(*path)
        return node.value if isinstance(node, Scalar) else ""

    def _span(self, *path: str) -> Span:
        node = self._at(*path)
        return self.root.span if node is None else node.span

    def _kind(self, kinds: MappingABC[str, Kind]) -> Kind | None:
        node = self.root.get("kind")
        if not isinstance(node, Scalar) or not node.value:
            return None
        found = kinds.get(node.value)
        if found is None:
            self.out.add(
                "R010",
                node.span,
                Text(f"unknown kind {node.value!r}", f"未知种类 {node.value!r}"),
                suggest(node.value, kinds),
            )
            # Read on as the kind that was meant, so that one slip gives one finding.
            near = nearest(node.value, kinds)
            return None if near is None else kinds[near]
        return found

    # --- the whole

    def ruleset(self) -> Ruleset | None:
        policy = self._policy()
        effective = self._effective()
        derive = read_derive(self.root, self.scope, self.out)
        table = self._table()
        otherwise = None if table is None else self._otherwise(table)
        priority = None if table is None else self._priority(table, policy)
        examples = self._block("examples", required=False)
        read = (
            ()
            if examples is None or table is None
            else read_examples(examples, self.lines, table, self.scope, self.out)
        )
        params = ParamReader(self.root, self.scope, self.orgs, self.out)
        params.extras_text = self._extras_text()
        if table is not None:
            params.read()
            check_rows_named(self.root, [row.id for row in table.rows], self.out)
        if self.out.failed or table is None or policy is None or effective is None:
            return None
        return Ruleset(
            file=self.file,
            text=self.text,
            hash=content_hash(self.text),
            kind=self._scalar("kind"),
            name=self._scalar("name"),
            title=Text(self._scalar("title", "en"), self._scalar("title", "zh")),
            version=int(self._scalar("version")),
            effective_from=effective[0],
            effective_to=effective[1],
            scope_org=self._scalar("scope", "org"),
            subject=self._scalar("scope", "subject"),
            currency=self.scope.currency,
            hit_policy=policy,
            params=params.params,
            adjustable=params.adjustable,
            overrides=params.overrides,
            derive=derive,
            otherwise=otherwise,
            priority=priority,
            table=table,
            examples=tuple(read),
            extras=self._extras(),
            key_spans=dict(_key_spans(self.root, "")),
            facts=dict(self.scope.facts),
            param_types=params.types,
            extensible=read_extensible(self.root),
        )

    def _policy(self) -> HitPolicy | None:
        node = self.root.get("hit_policy")
        if not isinstance(node, Scalar) or node.value not in set(HitPolicy):
            return None
        policy = HitPolicy(node.value)
        if self.kind is not None and policy not in self.kind.hit_policies:
            allowed = sorted(one.value for one in self.kind.hit_policies)
            self.out.add(
                "R017",
                node.span,
                Text(
                    f"a ruleset of kind {self.kind.name} cannot be {policy.value!r}",
                    f"{self.kind.name} 类规则集不能使用 {policy.value!r}",
                ),
                Text(f"use one of {', '.join(allowed)}", f"可用：{'、'.join(allowed)}"),
            )
        ordered = policy in {HitPolicy.PRIORITY, HitPolicy.OUTPUT_ORDER}
        if ordered and "priority" not in self.root.entries:
            self.out.add(
                "R018",
                node.span,
                Text(f"{policy.value!r} needs `priority:`", f"{policy.value!r} 需要 `priority:`"),
                Text("list an output's values from best to worst", "请按优先次序列出某输出的取值"),
            )
        elif not ordered and "priority" in self.root.entries:
            self.out.warn(
                "R018",
                self.root.entries["priority"].key.span,
                Text(
                    f"{policy.value!r} ignores `priority:`", f"{policy.value!r} 不使用 `priority:`"
                ),
                Text("delete it, or change hit_policy", "请删除，或修改 hit_policy"),
            )
        return policy

    def _effective(self) -> tuple[dt.date, dt.date | None] | None:
        first, last = self._day("from"), self._day("to")
        if first is None:
            return None
        if last is not None and last < first:
            self.out.add(
                "R015",
                self._span("effective", "to"),
                Text("the last day lies before the first", "终止日早于起始日"),
                Text("`to` is the last day included", "`to` 为包含在内的最后一天"),
            )
        return first, last

    def _day(self, key: str) -> dt.date | None:
        written = self._scalar("effective", key)
        if len(written) != 10:
            return None  # missing, or already refused by the schema
        try:
            return dt.date.fromisoformat(written)
        except ValueError:
            self.out.add(
                "R015",
                self._span("effective", key),
                Text(f"{written} is no day of the calendar", f"{written} 不是有效日期"),
                Text("correct the date", "请更正日期"),
            )
            return None

    def _block(self, key: str, *, required: bool) -> Scalar | None:
        node = self.root.get(key)
        if not isinstance(node, Scalar) or (required and not node.value):
            return None
        if node.literal:
            return node
        if node.value:
            self.out.add(
                "R014",
                self.root.entries[key].key.span,
                Text(f"{key} must be a literal block", f"{key} 必须是文本块"),
                Text(f"write `{key}: |` and the table below it", f"请写 `{key}: |`，表格另起一行"),
            )
        return None

    def _table(self) -> Table | None:
        block = self._block("rules", required=True)
        if block is None:
            return None
        outputs = None if self.kind is None else self.kind.outputs
        return TableReader(outputs, self.scope, self.out).read(block, self.lines)

    def _output_column(self, table: Table, name: str, span: Span) -> Column | None:
        for column in table.outputs:
            if column.name == name:
                return column
        if self.kind is not None:
            self.out.add(
                "R104",
                span,
                Text(f"the table has no output {name!r}", f"表格没有输出列 {name!r}"),
                suggest(name, [column.name for column in table.outputs]),
            )
        return None

    def _otherwise(self, table: Table) -> dict[str, Output] | None:
        node = self.root.get("otherwise")
        if not isinstance(node, Mapping):
            return None
        found: dict[str, Output] = {column.name: NullOutput() for column in table.outputs}
        for name, entry in node.entries.items():
            column = self._output_column(table, name, entry.key.span)
            if column is None or not isinstance(entry.value, Scalar):
                continue
            span = entry.value.inner()
            try:
                found[name] = read_output(entry.value.value.strip(), span, column, self.scope)
            except Problem as problem:
                self.out.problem(problem, span)
        return found

    def _priority(
        self, table: Table, policy: HitPolicy | None
    ) -> dict[str, tuple[str, ...]] | None:
        node = self.root.get("priority")
        if not isinstance(node, Mapping) or policy is None:
            return None
        found: dict[str, tuple[str, ...]] = {}
        for name, entry in node.entries.items():
            column = self._output_column(table, name, entry.key.span)
            if column is None or not isinstance(entry.value, Sequence):
                continue
            values: set[Value] = set()
            for item in entry.value.items:
                if not isinstance(item, Scalar):
                    continue
                try:
                    value = read_constant(
                        item.value.strip(), column.type, column.values, name, self.scope.currency
                    )
                except Problem as problem:
                    self.out.problem(problem.at(0, 0), item.inner())
                    continue
                values.add(value)
            found[name] = tuple(i.value.strip() for i in entry.value.items if isinstance(i, Scalar))
            self._ranked(table, table.outputs.index(column), values, entry.key.span)
        return found

    def _ranked(self, table: Table, index: int, values: set[Value], span: Span) -> None:
        name = table.outputs[index].name
        for row in table.rows:
            if index >= len(row.outputs):
                continue
            output = row.outputs[index]
            if isinstance(output, Literal) and output.value not in values:
                self.out.add(
                    "R137",
                    output.span,
                    Text(
                        f"{output.written!r} has no rank in `priority: {name}`",
                        f"{output.written!r} 未列入 `priority: {name}`",
                    ),
                    Text(
                        f"add it to the list on line {span.line}", f"请加入第 {span.line} 行的列表"
                    ),
                )

    # --- keys of the kind

    def _extra_keys(self) -> list[str]:
        extras = {} if self.kind is None else self.kind.extras_schema
        return [key for key in self.root.entries if key in extras]

    def _extras(self) -> dict[str, object]:
        schema = envelope_schema(self.kind)
        whole = typed(plain(self.root), schema)
        return {key: whole[key] for key in self._extra_keys()} if isinstance(whole, dict) else {}

    def _extras_text(self) -> str:
        return " ".join(str(plain(self.root.entries[key].value)) for key in self._extra_keys())


def _key_spans(node: Node, path: str) -> list[tuple[str, Span]]:
    found: list[tuple[str, Span]] = []
    if isinstance(node, Mapping):
        for key, entry in node.entries.items():
            name = f"{path}.{key}" if path else key
            found.append((name, entry.value.span))
            found.extend(_key_spans(entry.value, name))
    elif isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            found.append((f"{path}.{index}", item.span))
            found.extend(_key_spans(item, f"{path}.{index}"))
    return found
