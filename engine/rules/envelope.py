"""The envelope around a table: its keys are read, checked together, and make the Ruleset."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping as MappingABC

from engine.base.collector import Collector
from engine.base.findings import Span
from engine.base.money import DECIMALS
from engine.base.text import Text
from engine.base.yaml_marks import Mapping, Node, Scalar, Sequence, lf, plain
from engine.rules.derive import read_derive
from engine.rules.extending.permissions import check_rows_named, read_extensible
from engine.rules.kind import Kind
from engine.rules.model import HitPolicy, Output, Ruleset, Table, Vocabulary
from engine.rules.output_keys import OutputKeys, Ranks
from engine.rules.params import OrgTree, ParamReader
from engine.rules.samples import read_examples
from engine.rules.schema import envelope_schema, mend_keys, typed, validate
from engine.rules.scope import Scope
from engine.rules.suggest import nearest
from engine.rules.suggest import remedy as suggest
from engine.rules.table import TableReader


def content_hash(text: str) -> str:
    """Return the SHA-256 of a ruleset's text with LF line ends, hex: its identity."""
    return hashlib.sha256(lf(text).encode("utf-8", "surrogatepass")).hexdigest()


class Envelope:
    """Reads one whole text."""

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
        """Return the ruleset, or None where something is wrong; `out` then has the findings."""
        policy = self._policy()
        effective = self._effective()
        derive = read_derive(self.root, self.scope, self.out)
        table = self._table()
        otherwise, priority = self._about_outputs(table, policy)
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

    def _about_outputs(
        self, table: Table | None, policy: HitPolicy | None
    ) -> tuple[dict[str, Output] | None, Ranks | None]:
        if table is None:
            return None, None
        keys = OutputKeys(self.root, table, self.scope, self.out, strict=self.kind is not None)
        return keys.otherwise(), None if policy is None else keys.priority()

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
