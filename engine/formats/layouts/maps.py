"""The bank's words for ours: value maps and the codes of return files."""

from __future__ import annotations

from engine.base.collector import Collector
from engine.base.findings import Span
from engine.base.text import Text
from engine.base.yaml_marks import Mapping as YamlMapping
from engine.base.yaml_marks import Scalar
from engine.formats.layouts.keys import Keys
from engine.formats.layouts.model import ValueMap

MEANINGS = ("paid", "failed", "unknown")
"""What a code of a return file may mean."""


def maps(keys: Keys, out: Collector) -> dict[str, ValueMap]:
    """`maps:` by name; B019 for one without `else`."""
    named = keys.mapping("maps")
    found: dict[str, ValueMap] = {}
    if named is None:
        return found
    for name, node in named.entries():
        if isinstance(node, YamlMapping):
            found[name.value] = _map(out, name.value, node, "maps.", None)
        else:
            named.wrong(name.span, f"maps.{name.value}", "a mapping", "键值映射")
    return found


def codes(keys: Keys, out: Collector) -> ValueMap | None:
    """`codes:`; B019, B022 for one that would call anything but unknown what it does not list."""
    node = keys.node_of("codes")
    if node is None:
        return None
    if not isinstance(node, YamlMapping):
        keys.wrong(node.span, "codes", "a mapping of codes", "代码映射")
        return None
    return _map(out, "codes", node, "", MEANINGS)


def _map(
    out: Collector, name: str, node: YamlMapping, path: str, meanings: tuple[str, ...] | None
) -> ValueMap:
    read: dict[str, str] = {}
    write: dict[str, str] = {}
    otherwise: str | None = None
    for key, entry in node.entries.items():
        value = entry.value
        if not isinstance(value, Scalar):
            _add(out, "B003", entry.key.span, f"{path}{name}.{key} must be a text", "必须是文本")
            continue
        if meanings is not None and value.value not in meanings:
            said = ", ".join(meanings)
            _add(
                out,
                "B022",
                value.span,
                f"code {key} means {value.value!r}; use {said}",
                f"代码 {key} 的含义 {value.value!r} 无效；可用：{said}",
            )
        if key == "else":
            otherwise = None if value.value == "error" else value.value
            continue
        read[key] = value.value
        write.setdefault(value.value, key)
    if "else" not in node.entries:
        _add(
            out,
            "B019",
            node.span,
            f"{path}{name} does not say what any other word means; add `else:`"
            + (" unknown" if meanings else ""),
            f"{path}{name} 没有说明其他取值的含义；请补充 `else:`",
        )
    elif meanings is not None and otherwise != "unknown":
        _add(
            out,
            "B022",
            node.entries["else"].value.span,
            "a code that is listed nowhere is unknown: anything else invites a second payment",
            "未列出的代码必须视为 unknown，否则可能重复支付",
        )
    return ValueMap(name, read, write, otherwise)


def _add(out: Collector, code: str, span: Span, en: str, zh: str) -> None:
    out.add(code, span, Text(en, zh))
