"""What an XML message to a bank is: its template, its lengths, and where it says what.

The places are what makes a template of somebody else safe to use: every message is read back by
them and compared with what was to be written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from engine.base.collector import Collector
from engine.base.findings import Finding, Span
from engine.base.text import Text
from engine.base.yaml_marks import Mapping, Node, Scalar, Sequence, compose, lf, plain
from engine.formats.payment import Limits
from engine.formats.reading import FormatError

_QUOTED = re.compile(r"'([^']*)'")
_SCHEMA = Path(__file__).with_name("definition.schema.json")

HEAD_VALUES = (
    "message_id",
    "direction",
    "created_at",
    "value_date",
    "count",
    "total",
    "total_minor",
    "hash_total",
    "currency",
    "account_number",
    "account_name",
    "account_bank_code",
)
"""What a template is given once; connectors may add to it."""

ITEM_VALUES = (
    "place",
    "instruction_id",
    "amount",
    "minor",
    "name",
    "account",
    "bank_code",
    "remittance",
)
"""What a template is given for each row of `items`."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands: `paths` are alternatives, exactly one of which must be there.

    A path is names from the root (of a head value) or from the item, an attribute with @ last.
    """

    value: str
    paths: tuple[str, ...]
    optional: bool = False


@dataclass(frozen=True, slots=True)
class XmlMessage:
    """A definition that was read and found good."""

    name: str
    file: str
    directions: tuple[str, ...]
    encoding: str
    schema: str | None
    """ISO 20022 schema the message must satisfy; None: the bank has none."""
    namespace: str | None
    template: str
    """File name beside the definition, unless the bank's profile names another."""
    limits: Limits
    root: str
    head: tuple[Place, ...]
    item: tuple[str, ...]
    """Names from the root to one item."""
    fields: tuple[Place, ...]


def read_definition(text: str, file: str, more: Iterable[str] = ()) -> XmlMessage:
    """The definition in `text`; `more` are head values that a connector adds.

    FormatError MESSAGE_DEFINITION with file, line and column of the first mistake;
    `definition_findings` has all of them.
    """
    found, findings = _read(text, file, frozenset(more))
    if found is None:
        first = findings[0]
        raise FormatError(
            "MESSAGE_DEFINITION",
            Text(
                f"{file}:{first.span.line}:{first.span.column}: {first.message.en}",
                f"{file}:{first.span.line}:{first.span.column}:{first.message.zh}",
            ),
        )
    return found


def definition_findings(text: str, file: str, more: Iterable[str] = ()) -> tuple[Finding, ...]:
    """All mistakes of a definition, by place."""
    return _read(text, file, frozenset(more))[1]


@lru_cache(maxsize=64)
def _read(
    text: str, file: str, more: frozenset[str]
) -> tuple[XmlMessage | None, tuple[Finding, ...]]:
    out = Collector(file)
    tree = compose(lf(text), out)
    if tree is not None:
        _shape(tree, out)
        if not out.failed:
            _known(tree, frozenset(HEAD_VALUES) | more, out)
    findings = tuple(out.sorted())
    return (None if tree is None or out.failed else _made(tree, file)), findings


def _shape(tree: Mapping, out: Collector) -> None:
    for error in _validator().iter_errors(plain(tree)):
        deepest = best_match([error]) or error
        where = ".".join(str(part) for part in deepest.absolute_path)
        en, zh = _said(deepest)
        out.add(
            "X101",
            _span(tree, deepest.absolute_path),
            Text(f"{where or 'the definition'}: {en}", f"{where or '定义'}：{zh}"),
            Text("correct it as docs/bank-messages.md says", "请按 docs/bank-messages.md 更正"),
        )


def _said(error: ValidationError) -> tuple[str, str]:
    # jsonschema says the key in quotes: "'x' is a required property", "... ('x' was unexpected)".
    quoted = _QUOTED.search(error.message)
    if error.validator == "required" and quoted:
        return f"{quoted[1]} is missing", f"缺少 {quoted[1]}"
    if error.validator == "additionalProperties" and quoted:
        return f"there is no key {quoted[1]}", f"没有键 {quoted[1]}"
    value = str(error.instance)[:60]
    return f"{value!r} cannot stand here", f"此处不能写 {value!r}"


def _known(tree: Mapping, known: frozenset[str], out: Collector) -> None:
    head = tree.get("head")
    assert isinstance(head, Mapping)
    for key, entry in head.entries.items():
        if key not in known:
            out.add(
                "X102",
                entry.key.span,
                Text(f"head.{key} is no value of a message", f"head.{key} 不是报文的值"),
                Text(f"use one of {', '.join(sorted(known))}", f"可用：{', '.join(sorted(known))}"),
            )
    schema, namespace = tree.get("schema"), tree.get("namespace")
    if schema is not None and namespace is None:
        out.add(
            "X103",
            _of(schema),
            Text("a schema needs the namespace of its messages", "有 schema 时必须给出 namespace"),
            Text("add namespace:", "请添加 namespace 一行"),
        )


def _made(tree: Mapping, file: str) -> XmlMessage:
    encoding = _text(tree, "encoding")
    limits = tree.get("limits")
    assert isinstance(limits, Mapping)
    lengths = {key: int(_scalar(entry.value)) for key, entry in limits.entries.items()}
    directions = tree.get("directions")
    assert isinstance(directions, Sequence)
    return XmlMessage(
        name=_text(tree, "name"),
        file=file,
        directions=tuple(_scalar(one) for one in directions.items),
        encoding=encoding,
        schema=_text(tree, "schema") or None,
        namespace=_text(tree, "namespace") or None,
        template=_text(tree, "template"),
        limits=Limits(**lengths, encoding=None if encoding == "utf-8" else encoding),
        root=_text(tree, "root"),
        head=_places(tree, "head"),
        item=tuple(_text(tree, "item").split("/")),
        fields=_places(tree, "fields"),
    )


def _places(tree: Mapping, key: str) -> tuple[Place, ...]:
    table = tree.get(key)
    assert isinstance(table, Mapping)
    found = []
    for value, entry in table.entries.items():
        places = entry.value.items if isinstance(entry.value, Sequence) else (entry.value,)
        for place in places:
            written = _scalar(place)
            paths = tuple(written.removesuffix("?").split(" | "))
            found.append(Place(value, paths, written.endswith("?")))
    return tuple(found)


def _text(tree: Mapping, key: str) -> str:
    node = tree.get(key)
    return "" if node is None else _scalar(node)


def _scalar(node: Node) -> str:
    assert isinstance(node, Scalar)
    return node.value


def _of(node: Node) -> Span:
    return node.inner() if isinstance(node, Scalar) else node.span


def _span(tree: Node, path: Iterable[str | int]) -> Span:
    node = tree
    for part in path:
        if isinstance(node, Mapping) and isinstance(part, str) and part in node.entries:
            node = node.entries[part].value
        elif isinstance(node, Sequence) and isinstance(part, int):
            node = node.items[part]
    return _of(node)


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(_SCHEMA.read_text(encoding="utf-8")))
