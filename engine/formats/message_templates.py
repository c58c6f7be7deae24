"""Templates of notifications: written by people who write rules, so little is allowed in them.

A template may fill in fields, ask whether one is there, and choose between texts. There are no
loops, calls, imports, macros or arithmetic, so time and memory are bounded by the length of the
template and of the fields: nothing has to be measured or stopped.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml
from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jsonschema import Draft202012Validator

from engine.base.message_folders import folders
from engine.base.text import Lang, Text
from engine.formats.reading import FormatError

Channel = Literal["email", "sms"]
CHANNELS: tuple[Channel, ...] = ("email", "sms")

FIELDS: Mapping[str, Text] = {
    "account": Text("our account, masked", "本方账号（脱敏）"),
    "action": Text("what happens to the document", "处置"),
    "amount": Text("amount with currency", "金额（含币种）"),
    "business_reference": Text("claim, policy or invoice number", "业务号"),
    "code": Text("code of the alert", "预警代码"),
    "document_no": Text("document number", "单据号"),
    "message": Text("message of the rule", "规则消息"),
    "organisation": Text("organisation", "机构"),
    "payee": Text("payee, or who pays", "收款人或付款人"),
    "payee_account": Text("the other account, masked", "对方账号（脱敏）"),
    "purpose": Text("purpose", "用途"),
    "recipient": Text("who is told", "接收人"),
    "rule": Text("row of the rule", "规则行"),
    "ruleset": Text("ruleset", "规则集"),
    "severity": Text("severity", "级别"),
    "time": Text("when it was raised", "时间"),
}
"""What a template may fill in; all are texts, empty where there is nothing to say."""

MOST_FIELD = 500
"""Characters of a field; longer ones are cut."""
MOST_FILE = 32_768
"""Bytes of a template's file."""
MOST_TEXT: Mapping[Channel, int] = {"email": 20_000, "sms": 500}
"""Characters of a body; longer ones are cut."""
MOST_SUBJECT = 200

_ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.If,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.Not,
    nodes.And,
    nodes.Or,
    nodes.Concat,
    nodes.Filter,
)
_DEEPEST = 24
"""Levels of a template's syntax tree."""
_FILTERS = frozenset({"upper", "lower", "trim"})

_BODY = {"type": "string", "minLength": 1}
_MAIL = {
    "type": "object",
    "properties": {"subject": _BODY, "body": _BODY},
    "required": ["subject", "body"],
    "additionalProperties": False,
}


def _both(item: Mapping[str, object]) -> dict[str, object]:
    return {
        "type": "object",
        "properties": {"en": item, "zh": item},
        "required": ["en", "zh"],
        "additionalProperties": False,
    }


_SHAPE = Draft202012Validator(
    {
        "type": "object",
        "properties": {"title": _both(_BODY), "email": _both(_MAIL), "sms": _both(_BODY)},
        "required": ["title", "email", "sms"],
        "additionalProperties": False,
    }
)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message filled in. `subject` is one line, and empty for SMS."""

    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class MessageTemplate:
    """A template that was read and found good."""

    name: str
    sha256: str
    """Of the file."""
    title: Text
    parts: Mapping[tuple[Channel, Lang], tuple[str, str]]
    """Source of subject and body."""

    def render(self, channel: Channel, lang: Lang, fields: Mapping[str, str]) -> Rendered:
        """Fill it in with all of FIELDS."""
        clean = {name: one_line(fields[name])[:MOST_FIELD] for name in FIELDS}
        subject, body = (
            _ENVIRONMENT.from_string(source).render(clean) for source in self.parts[channel, lang]
        )
        return Rendered(one_line(subject)[:MOST_SUBJECT], body.strip()[: MOST_TEXT[channel]])


_ENVIRONMENT = ImmutableSandboxedEnvironment(
    undefined=StrictUndefined,
    autoescape=False,
    trim_blocks=True,
    lstrip_blocks=True,
)


def one_line(text: str) -> str:
    """A text without anything that ends a line, controls a terminal or turns the writing round:
    what somebody else wrote cannot pretend to be a header or a further line of ours."""
    kept = (" " if unicodedata.category(one) in _CONTROL else one for one in text)
    return " ".join("".join(kept).split())


_CONTROL = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def load(name: str, places: Sequence[Path] | None = None) -> MessageTemplate:
    """The template `name`, read anew each time: a saved file counts from the next message on.

    Raises FormatError MESSAGE_TEMPLATE when it is missing, too long, of the wrong shape, or asks
    for what a template may not.
    """
    for folder in folders() if places is None else places:
        path = folder / f"{name}.yaml"
        if path.parent == folder and path.is_file():
            return _read(name, path)
    raise _bad(name, Text("there is no such template", "没有此模板"))


class _Plain(yaml.SafeLoader):
    """YAML without aliases: a file says no more than stands in it."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not allowed")
        return super().compose_node(parent, index)


def _read(name: str, path: Path) -> MessageTemplate:
    content = path.read_bytes()
    if len(content) > MOST_FILE:
        raise _bad(
            name,
            Text(f"it is longer than {MOST_FILE:,} bytes", f"超过 {MOST_FILE:,} 字节"),
        )
    try:
        found = yaml.load(content.decode("utf-8"), Loader=_Plain)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise _bad(name, Text(f"it is no YAML: {error}", f"不是 YAML:{error}")) from error
    wrong = next(iter(_SHAPE.iter_errors(found)), None)
    if wrong is not None:
        place = "/".join(str(part) for part in wrong.absolute_path) or "file"
        said = f"{place}: {wrong.message}"
        raise _bad(name, Text(said, said))
    parts: dict[tuple[Channel, Lang], tuple[str, str]] = {}
    languages: tuple[Lang, ...] = ("en", "zh")
    for lang in languages:
        parts["email", lang] = (found["email"][lang]["subject"], found["email"][lang]["body"])
        parts["sms", lang] = ("", found["sms"][lang])
    for (channel, lang), sources in parts.items():
        for source in sources:
            for fault in faults(source):
                place = f"{channel}/{lang}"
                raise _bad(name, Text(f"{place}: {fault.en}", f"{place}:{fault.zh}"))
    title = Text(found["title"]["en"], found["title"]["zh"])
    return MessageTemplate(name, hashlib.sha256(content).hexdigest(), title, parts)


def faults(source: str) -> Iterator[Text]:
    """What a template's text asks for that it may not."""
    try:
        tree = _ENVIRONMENT.parse(source)
    except (TemplateError, RecursionError) as error:
        yield Text(f"it cannot be read: {error}", f"无法读取:{error}")
        return
    for node, depth in _walk(tree, 0):
        line = node.lineno
        if depth > _DEEPEST:
            yield Text(f"line {line}: nested too deeply", f"第 {line} 行:嵌套过深")
            return
        if not isinstance(node, _ALLOWED):
            kind = type(node).__name__
            yield Text(
                f"line {line}: {kind} is not allowed; use fields, if, and, or, not",
                f"第 {line} 行:不允许 {kind};可用字段、if、and、or、not",
            )
        elif isinstance(node, nodes.Name) and node.name not in FIELDS:
            known = ", ".join(FIELDS)
            yield Text(
                f"line {line}: there is no field {node.name}; use {known}",
                f"第 {line} 行:没有字段 {node.name};可用:{known}",
            )
        elif isinstance(node, nodes.Filter) and (node.name not in _FILTERS or _arguments(node)):
            yield Text(
                f"line {line}: the filter {node.name} is not allowed; use upper, lower, trim",
                f"第 {line} 行:不允许过滤器 {node.name};可用 upper、lower、trim",
            )


def _walk(node: nodes.Node, depth: int) -> Iterator[tuple[nodes.Node, int]]:
    yield node, depth
    if depth <= _DEEPEST:
        for child in node.iter_child_nodes():
            yield from _walk(child, depth + 1)


def _arguments(node: nodes.Filter) -> bool:
    return bool(node.args or node.kwargs or node.dyn_args or node.dyn_kwargs)


def _bad(name: str, why: Text) -> FormatError:
    return FormatError(
        "MESSAGE_TEMPLATE",
        Text(
            f"notification template {name}: {why.en}; see docs/notifications.md",
            f"通知模板 {name}:{why.zh};请参阅 docs/notifications.md",
        ),
    )
