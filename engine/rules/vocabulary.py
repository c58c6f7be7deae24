"""The vocabulary file: words with one meaning and one type each."""

from __future__ import annotations

import re
from pathlib import Path

from engine.base.collector import Collector, Problem
from engine.base.findings import Finding, Span
from engine.base.text import Text, normalise
from engine.base.yaml_marks import MAX_BYTES, Entry, Mapping, Scalar, compose, lf
from engine.rules.model import ORDERED, Type, Value, Vocabulary, Word
from engine.rules.scope import VOCABULARY_CURRENCY
from engine.rules.suggest import nearest
from engine.rules.suggest import remedy as suggest
from engine.rules.values import read_value

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RESERVED = frozenset({"id", "basis", "when", "branch", "null", "none", "true", "false"}) | {
    "and",
    "or",
    "not",
}
_KEYS = ("type", "en", "zh", "iso20022", "values", "nullable", "min")
_INPUT_TYPES = tuple(t.value for t in Type if t not in {Type.CHAIN, Type.LIST})


def load_vocabulary(path: Path) -> tuple[Vocabulary | None, list[Finding]]:
    """Read a vocabulary file; None with findings when it has an error or cannot be read."""
    text = read_text(path, out := Collector(str(path)))
    if text is None:
        return None, out.sorted()
    return parse_vocabulary(str(path), text)


def read_text(path: Path, out: Collector) -> str | None:
    """Return the text of a UTF-8 file of allowed size, or None after writing a finding."""
    try:
        size = path.stat().st_size
        raw = path.read_bytes() if size <= MAX_BYTES else None
    except OSError as error:
        said = error.strerror or str(error)
        out.add(
            "R001",
            Span(1, 1),
            Text(f"the file cannot be read: {said}", f"无法读取文件：{said}"),
            Text("check the path and its permissions", "请检查路径及权限"),
        )
        return None
    if raw is None:
        out.add(
            "R001",
            Span(1, 1),
            Text(f"the file has {size:,} bytes", f"文件有 {size:,} 字节"),
            Text(f"split it; {MAX_BYTES:,} are allowed", f"请拆分；最多 {MAX_BYTES:,} 字节"),
        )
        return None
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        start = raw.rfind(b"\n", 0, error.start) + 1
        column = len(raw[start : error.start].decode("utf-8", "replace")) + 1
        out.add(
            "R001",
            Span(line, column),
            Text("this is not UTF-8", "此处不是 UTF-8"),
            Text("save the file as UTF-8", "请将文件另存为 UTF-8"),
        )
        return None


def parse_vocabulary(file: str, text: str) -> tuple[Vocabulary | None, list[Finding]]:
    """Read a vocabulary from its text; never raises."""
    out = Collector(file)
    root = compose(lf(text), out)
    if root is None:
        return None, out.sorted()
    words: dict[str, Word] = {}
    for name, entry in root.entries.items():
        word = _word(name, entry, out)
        if word is not None:
            words[name] = word
    return (None if out.failed else Vocabulary(words, file)), out.sorted()


def _word(name: str, entry: Entry, out: Collector) -> Word | None:
    span = entry.key.span
    if not _NAME.fullmatch(name) or name in _RESERVED:
        out.add(
            "R021",
            span,
            Text(f"{name!r} cannot be a word", f"{name!r} 不能作为词"),
            Text(
                "use letters, digits and _; reserved words are taken",
                "请用字母、数字和 _，并避开保留字",
            ),
        )
        return None
    node = entry.value
    if not isinstance(node, Mapping):
        out.add(
            "R013",
            span,
            Text(f"{name} must be a mapping", f"{name} 必须是映射"),
            Text("write {type: …, en: …, zh: …}", "请写 {type: …, en: …, zh: …}"),
        )
        return None
    for key in [key for key in node.entries if key not in _KEYS]:
        inner = node.entries.pop(key)
        free = [one for one in _KEYS if one not in node.entries]
        out.add(
            "R011",
            inner.key.span,
            Text(f"unknown key {key!r}", f"未知键 {key!r}"),
            suggest(key, free),
        )
        near = nearest(key, free)
        if near is not None:
            node.entries[near] = inner  # read on as meant: one slip, one finding
    type_ = _type(name, node, span, out)
    if type_ is None:
        return None
    label = Text(_text(node, "en", span, out), _text(node, "zh", span, out))
    iso = node.get("iso20022")
    return Word(
        name=name,
        type=type_,
        label=label,
        values=_values(node, type_, out),
        nullable=_flag(node, "nullable", out),
        minimum=_minimum(node, type_, out),
        iso20022=iso.value if isinstance(iso, Scalar) else None,
    )


def _missing(key: str, span: Span, out: Collector) -> None:
    out.add(
        "R012",
        span,
        Text(f"key {key!r} is missing", f"缺少键 {key!r}"),
        Text(f"add `{key}:`", f"请添加 `{key}:`"),
    )


def _type(name: str, node: Mapping, span: Span, out: Collector) -> Type | None:
    given = node.get("type")
    if not isinstance(given, Scalar):
        _missing("type", span, out)
        return None
    if given.value not in _INPUT_TYPES:
        out.add(
            "R020",
            given.span,
            Text(
                f"{given.value!r} is not a type of {name}", f"{name} 的类型不能为 {given.value!r}"
            ),
            suggest(given.value, _INPUT_TYPES),
        )
        return None
    return Type(given.value)


def _text(node: Mapping, key: str, span: Span, out: Collector) -> str:
    given = node.get(key)
    if not isinstance(given, Scalar) or not given.value.strip():
        _missing(key, span, out)
        return ""
    return given.value.strip()


def _values(node: Mapping, type_: Type, out: Collector) -> dict[str, Text] | None:
    given = node.get("values")
    if given is None:
        return None
    if type_ is not Type.CODE or not isinstance(given, Mapping) or not given.entries:
        out.add(
            "R022",
            node.entries["values"].key.span,
            Text("values are a mapping of codes to labels", "values 是代码到标签的映射"),
            Text(
                "write {code: 标签}, in a word of type code", "请在 code 类型的词中写 {代码: 标签}"
            ),
        )
        return None
    found: dict[str, Text] = {}
    for code, entry in given.entries.items():
        label = _label(code, entry, out)
        found[normalise(code) or code] = label
    return found


def _label(code: str, entry: Entry, out: Collector) -> Text:
    english = code.replace("_", " ")
    if isinstance(entry.value, Scalar):
        return Text(english, entry.value.value or english)
    if isinstance(entry.value, Mapping):
        en, zh = entry.value.get("en"), entry.value.get("zh")
        if isinstance(en, Scalar) and isinstance(zh, Scalar):
            return Text(en.value, zh.value)
    out.add(
        "R022",
        entry.key.span,
        Text(f"the label of {code} cannot be read", f"无法读取 {code} 的标签"),
        Text("write a Chinese label or {en: …, zh: …}", "请写中文标签或 {en: …, zh: …}"),
    )
    return Text(english, english)


def _flag(node: Mapping, key: str, out: Collector) -> bool:
    given = node.get(key)
    if given is None:
        return False
    if not isinstance(given, Scalar) or given.value not in {"true", "false"}:
        out.add(
            "R013",
            node.entries[key].key.span,
            Text(f"{key} must be true or false", f"{key} 必须是 true 或 false"),
            Text("write true or false", "请写 true 或 false"),
        )
        return False
    return given.value == "true"


def _minimum(node: Mapping, type_: Type, out: Collector) -> Value | None:
    given = node.get("min")
    if given is None:
        return None
    if not isinstance(given, Scalar) or type_ not in ORDERED:
        out.add(
            "R013",
            node.entries["min"].key.span,
            Text("only ordered types have a min", "只有可比较的类型才有 min"),
            Text("delete it", "请删除"),
        )
        return None
    try:
        return read_value(given.value.strip(), type_, VOCABULARY_CURRENCY)
    except Problem as problem:
        out.problem(problem.at(0, 0), given.inner())
        return None
