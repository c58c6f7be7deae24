"""The envelope's JSON Schema, one per kind, and its errors as findings at their places.

Scalars reach the schema as texts, so scalar types are written as patterns; a kind's own keys
(`Kind.extras_schema`) may say integer, number or boolean and are converted first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingABC
from collections.abc import Sequence as SequenceABC
from decimal import Decimal
from typing import cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from engine.base.collector import Collector
from engine.base.findings import Span
from engine.base.money import DECIMALS
from engine.base.text import Text
from engine.base.yaml_marks import Mapping, Node, Scalar, Sequence
from engine.rules.kind import Kind
from engine.rules.model import HitPolicy
from engine.rules.suggest import nearest
from engine.rules.suggest import remedy as suggest

_NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"
_FORM = "x-form"
"""Annotation of a pattern: what to write, [English, Chinese]."""

_SCALAR: dict[str, object] = {"type": ["string", "integer", "number", "boolean"]}


def _pattern(pattern: str, en: str, zh: str) -> dict[str, object]:
    return {"type": "string", "pattern": pattern, _FORM: [en, zh]}


def _closed(properties: dict[str, object], required: list[str]) -> dict[str, object]:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


_DAY = _pattern(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "write it like 2026-12-01", "请写成 2026-12-01")
_WORDS: dict[str, object] = {
    "type": "array",
    "items": {"type": "string", "minLength": 1},
    "minItems": 1,
}
_TABLE: dict[str, object] = {"type": "string", "minLength": 1}
_WINDOW_FUNCTIONS = ("any", "count", "sum", "min", "max", "last", "distinct")

RULESET_NAME = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
"""What a ruleset may be called."""
_RULESET_NAME = _pattern(
    RULESET_NAME,
    "write small letters, digits and dashes",
    "请用小写字母、数字和连字符",
)

_BASE: dict[str, object] = {
    "kind": _SCALAR,
    "name": _RULESET_NAME,
    "extends": _RULESET_NAME,
    "title": _closed(
        {"en": {"type": "string", "minLength": 1}, "zh": {"type": "string", "minLength": 1}},
        ["en", "zh"],
    ),
    "version": {
        "type": ["string", "integer"],
        "pattern": r"^[1-9][0-9]{0,8}$",
        "minimum": 1,
        _FORM: ["write a whole number from 1", "请写从 1 开始的整数"],
    },
    "effective": _closed({"from": _DAY, "to": _DAY}, ["from"]),
    "scope": _closed(
        {"org": {"type": "string", "minLength": 1}, "subject": {"type": "string", "minLength": 1}},
        ["org", "subject"],
    ),
    "currency": {"enum": sorted(DECIMALS)},
    "params": {
        "type": "object",
        "propertyNames": {"pattern": _NAME},
        "additionalProperties": _SCALAR,
    },
    "adjustable": {"type": "object", "additionalProperties": {"enum": ["down", "up", "any"]}},
    "overrides": {
        "type": "object",
        "additionalProperties": {"type": "object", "additionalProperties": _SCALAR},
    },
    "extensible": _closed(
        {
            "replace": _WORDS,
            "add": {
                "type": ["string", "boolean"],
                "pattern": "^(yes|no|true|false)$",
                _FORM: ["write yes or no", "请写 yes 或 no"],
            },
        },
        [],
    ),
    "hit_policy": {"enum": [policy.value for policy in HitPolicy]},
    "priority": {"type": "object", "additionalProperties": _WORDS, "minProperties": 1},
    "otherwise": {"type": "object", "additionalProperties": _SCALAR, "minProperties": 1},
    "derive": {
        "type": "object",
        "propertyNames": {"pattern": _NAME},
        "additionalProperties": {
            "type": "object",
            "properties": {
                **{name: {"type": "string"} for name in _WINDOW_FUNCTIONS},
                "same": _WORDS,
                "differs": _WORDS,
                "same_or_missing": _WORDS,
                "near": {
                    "type": "object",
                    "additionalProperties": {"type": "string"},
                    "minProperties": 1,
                },
                "cleared": {"type": ["string", "boolean"], "pattern": "^(true|false)$"},
                "within": {"type": "string"},
                "states": {"anyOf": [{"type": "string", "minLength": 1}, _WORDS]},
                "self": {"type": ["string", "boolean"], "pattern": "^(true|false)$"},
            },
            "required": ["same", "within", "states"],
            "additionalProperties": False,
        },
    },
    "rules": _TABLE,
    "examples": {"type": "string"},
}
_REQUIRED = ["kind", "name", "title", "version", "effective", "scope"]
_WHOLE = ["hit_policy", "rules"]
"""Keys that an extension takes from its parent."""


def envelope_schema(kind: Kind | None) -> dict[str, object]:
    """Return the JSON Schema of the envelope of `kind`; of any kind when it is None."""
    extras = {} if kind is None else dict(kind.extras_schema)
    schema = _closed({**_BASE, **extras}, list(_REQUIRED))
    schema["if"] = {"not": {"required": ["extends"]}}
    schema["then"] = {"required": list(_WHOLE)}
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    if kind is None:
        schema["additionalProperties"] = True
    return schema


def typed(instance: object, schema: object) -> object:
    """Return `instance` with its texts converted where `schema` asks for another scalar type."""
    if not isinstance(schema, MappingABC):
        return instance
    if isinstance(instance, dict):
        properties = schema.get("properties", {})
        rest = schema.get("additionalProperties")
        return {key: typed(value, properties.get(key, rest)) for key, value in instance.items()}
    if isinstance(instance, list):
        return [typed(value, schema.get("items")) for value in instance]
    if isinstance(instance, str):
        return _scalar(instance, schema)
    return instance


def _scalar(text: str, schema: MappingABC[str, object]) -> object:
    asked = schema.get("type")
    types = [asked] if isinstance(asked, str) else list(cast("SequenceABC[str]", asked or ()))
    listed = [schema["const"]] if "const" in schema else schema.get("enum", ())
    if "string" in types or text in cast("SequenceABC[object]", listed):
        return text
    allowed = {type(value) for value in cast("SequenceABC[object]", listed)}
    if text in {"true", "false"} and ("boolean" in types or bool in allowed):
        return text == "true"
    if re.fullmatch(r"-?[0-9]{1,18}", text) and (
        {"integer", "number"} & set(types) or int in allowed
    ):
        return int(text)
    if re.fullmatch(r"-?[0-9]{1,18}\.[0-9]{1,18}", text) and "number" in types:
        return Decimal(text)
    return text


def mend_keys(root: Mapping, kind: Kind | None, out: Collector) -> None:
    """Report unknown keys of the envelope, and read each as the missing key it is meant to be.

    So a slip in `params:` is one finding, not one more for every use of a parameter. While the
    kind is not known its own keys are not either: then only a mistyped `kind` is mended.
    """
    known = _BASE if kind is None else {**_BASE, **kind.extras_schema}
    for name in [name for name in root.entries if name not in known]:
        free = [one for one in known if one not in root.entries]
        if kind is None and nearest(name, free) != "kind":
            continue
        entry = root.entries.pop(name)
        out.add(
            "R011",
            entry.key.span,
            Text(f"unknown key {name!r}", f"未知键 {name!r}"),
            suggest(name, free),
        )
        near = nearest(name, free)
        if near is not None:
            root.entries[near] = entry


def validate(root: Mapping, instance: object, kind: Kind | None, out: Collector) -> None:
    """Write a finding for every place where the envelope breaks the schema."""
    validator = Draft202012Validator(envelope_schema(kind))
    errors = list(validator.iter_errors(instance))
    meant = {(tuple(e.absolute_path), key) for e in errors for key in _meant_keys(root, e)}
    for error in errors:
        if (tuple(error.absolute_path), _missing_key(error)) not in meant:
            _report(root, error, out)


def _missing_key(error: ValidationError) -> str | None:
    return str(error.message.split("'")[1]) if error.validator == "required" else None


def _meant_keys(root: Mapping, error: ValidationError) -> list[str]:
    """The keys that unknown keys of a mapping were meant to be: their absence is no news."""
    node, _ = _locate(root, list(error.absolute_path))
    if error.validator != "additionalProperties" or not isinstance(node, Mapping):
        return []
    schema = cast("MappingABC[str, object]", error.schema)
    known = cast("MappingABC[str, object]", schema.get("properties", {}))
    free = [one for one in known if one not in node.entries]
    near = [nearest(name, free) for name in node.entries if name not in known]
    return [name for name in near if name is not None]


def _locate(root: Mapping, path: SequenceABC[str | int]) -> tuple[Node, Span]:
    node: Node = root
    key = root.span
    for step in path:
        if isinstance(node, Mapping) and isinstance(step, str) and step in node.entries:
            key = node.entries[step].key.span
            node = node.entries[step].value
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            key = node.span
    return node, key


def _report(root: Mapping, error: ValidationError, out: Collector) -> None:
    path = list(error.absolute_path)
    node, key = _locate(root, path)
    name = ".".join(str(step) for step in path)
    rule = error.validator
    if rule == "required":
        missing = _missing_key(error)
        where = f" in {name}" if name else ""
        where_zh = f"{name} 中" if name else ""
        place = key if path else Span(1, 1)
        out.add(
            "R012",
            place,
            Text(f"key {missing!r} is missing{where}", f"{where_zh}缺少键 {missing!r}"),
            Text(f"add `{missing}:`", f"请添加 `{missing}:`"),
        )
    elif rule == "additionalProperties" and isinstance(node, Mapping):
        _unknown_keys(node, error, out)
    elif rule == "propertyNames" or (rule == "pattern" and "propertyNames" in error.schema_path):
        bad = str(error.instance)
        place = (
            node.entries[bad].key.span if isinstance(node, Mapping) and bad in node.entries else key
        )
        out.add(
            "R013",
            place,
            Text(f"{bad!r} is no name", f"{bad!r} 不是合法名称"),
            Text("use letters, digits and _", "请用字母、数字和下划线"),
        )
    else:
        _wrong_value(node, key, name, error, out)


def _unknown_keys(node: Mapping, error: ValidationError, out: Collector) -> None:
    schema = cast("MappingABC[str, object]", error.schema)
    known = cast("MappingABC[str, object]", schema.get("properties", {}))
    for name, entry in node.entries.items():
        if name not in known:
            free = [one for one in known if one not in node.entries]
            out.add(
                "R011",
                entry.key.span,
                Text(f"unknown key {name!r}", f"未知键 {name!r}"),
                suggest(name, free),
            )


def _wrong_value(node: Node, key: Span, name: str, error: ValidationError, out: Collector) -> None:
    place = node.span if isinstance(node, Scalar) and (node.value or node.quoted) else key
    schema = cast("MappingABC[str, object]", error.schema)
    form = cast("list[str] | None", schema.get(_FORM))
    shown = node.value[:60] if isinstance(node, Scalar) else ""
    problem = Text(f"{shown!r} cannot stand at {name}", f"{name} 不能为 {shown!r}")
    remedy = None if form is None else Text(form[0], form[1])
    if error.validator == "enum":
        listed = [str(value) for value in cast("list[object]", error.validator_value)]
        remedy = suggest(shown, listed)
    elif error.validator in {"minLength", "minItems", "minProperties"}:
        problem = Text(f"{name} is empty", f"{name} 为空")
        remedy = Text("write it, or delete the key", "请填写或删除该键")
    elif error.validator == "const":
        remedy = Text(f"write {error.validator_value}", f"请写 {error.validator_value}")
    elif error.validator == "type":
        asked = error.validator_value
        first = asked if isinstance(asked, str) else "string"
        kinds = _SHAPES.get(first, Text("another kind of value", "其他类型的值"))
        problem = Text(f"{name} must be {kinds.en}", f"{name} 必须是{kinds.zh}")
    elif remedy is None:
        remedy = Text(
            f"the schema says: {error.message[:200]}", f"不符合模式：{error.message[:200]}"
        )
    out.add("R013", place, problem, remedy)


_SHAPES = {
    "object": Text("a mapping of keys to values", "键值映射"),
    "array": Text("a list", "列表"),
    "string": Text("one value", "单个值"),
    "integer": Text("a whole number", "整数"),
    "number": Text("a number", "数字"),
    "boolean": Text("true or false", "true 或 false"),
}
