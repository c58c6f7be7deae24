"""Changes of the envelope in sentences: parameters, overrides, dates, windows and the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from decimal import Decimal

from engine.base.text import Lang, Text
from engine.rules.diff import Change, Diff
from engine.rules.model import Literal, ParamRef, Ruleset, Type, Value
from engine.rules.params import branch_params
from engine.rules.reasons import Reasons, open_text
from engine.rules.render import counted
from engine.rules.show import listed, show_value
from engine.rules.speaker import Speaker
from engine.rules.window_words import window_text

_WAYS = {
    "down": Text("lower", "调低"),
    "up": Text("raise", "调高"),
    "any": Text("move either way", "任意调整"),
}
_PLAIN = {
    "version": Text("the version", "版本"),
    "hit_policy": Text("the hit policy", "命中策略"),
    "currency": Text("the currency", "币种"),
    "effective.from": Text("the first day", "生效日"),
    "effective.to": Text("the last day", "失效日"),
    "title.en": Text("the English title", "英文标题"),
    "title.zh": Text("the Chinese title", "中文标题"),
    "scope.org": Text("the organisation it rules", "适用机构"),
    "scope.subject": Text("what it decides about", "决策对象"),
    "name": Text("the name", "名称"),
    "kind": Text("the kind", "种类"),
    "extends": Text("the ruleset it extends", "所扩展的规则集"),
}


def envelope_sentences(old: Ruleset, new: Ruleset, diff: Diff) -> Iterator[Text]:
    """One sentence for each changed value; a window's are told together."""
    windows: set[str] = set()
    for path, change in diff.envelope.items():
        section, _, rest = path.partition(".")
        match section:
            case "params":
                yield _param(old, new, rest)
            case "overrides" if rest.count(".") == 1:
                yield _override(old, new, *rest.split("."))
            case "adjustable":
                yield _adjustable(rest, change)
            case "otherwise":
                yield _otherwise(old, new, rest)
            case "priority":
                yield _plain(_begun(_priority(rest)), change)
            case "derive":
                name = rest.split(".")[0]
                if name not in windows:
                    windows.add(name)
                    yield _window(old, new, name)
            case _:
                plain = _PLAIN.get(path)
                named = Text(f"`{path}`", f"`{path}` ") if plain is None else _begun(plain)
                yield _plain(named, change)


def path_text(path: str) -> Text:
    """What stands at a dotted path of the envelope, in a few words: "parameter large"."""
    section, _, rest = path.partition(".")
    match section:
        case "params":
            return Text(f"parameter {rest}", f"参数 {rest}")
        case "overrides" if rest.count(".") == 1:
            org, name = rest.split(".")
            return Text(f"{name} of {org}", f"{org} 的 {name}")
        case "adjustable":
            return Text(f"how branches may move {rest}", f"分支机构可调整 {rest}")
        case "otherwise":
            return Text(f"{rest} when no row matches", f"没有命中任何行时的 {rest}")
        case "priority":
            return _priority(rest)
        case "derive":
            return Text(f"window {rest}", f"窗口 {rest}")
        case _:
            return _PLAIN.get(path, Text(path, path))


def _priority(name: str) -> Text:
    return Text(f"the order of priority of {name}", f"{name} 的优先次序")


def _begun(what: Text) -> Text:
    return Text(what.en[:1].upper() + what.en[1:], what.zh)


def _plain(what: Text, change: Change) -> Text:
    was, now = change
    if was is None:
        return Text(f"{what.en} is now given: {now}.", f"新增{what.zh}：{now}。")
    if now is None:
        return Text(f"{what.en} is no longer given; it was {was}.", f"删去{what.zh}，原为{was}。")
    return Text(f"{what.en} is now {now} instead of {was}.", f"{what.zh}由{was}改为{now}。")


# --- parameters


def _param(old: Ruleset, new: Ruleset, name: str) -> Text:
    was, now = old.params.get(name), new.params.get(name)
    if now is None:
        assert was is not None
        value = _value(old, name, was)
        return Text(f"Parameter {name} ({value.en}) is gone.", f"删除参数 {name}（{value.zh}）。")
    used = _used(new, name)
    value = _value(new, name, now)
    if was is None:
        return Text(
            f"Parameter {name} is new: {value.en}; {used.en}.",
            f"新增参数 {name}：{value.zh}；{used.zh}。",
        )
    moved = _move(old, new, name, was, now)
    return Text(f"Parameter {name} {moved.en}; {used.en}.", f"参数 {name} {moved.zh}；{used.zh}。")


def _value(ruleset: Ruleset, name: str, literal: Literal) -> Text:
    type_ = ruleset.param_types.get(name)
    if type_ is None:
        return Text(literal.written, literal.written)
    return Text(*(_typed(ruleset, literal.value, type_, lang) for lang in ("en", "zh")))


def _typed(ruleset: Ruleset, value: Value, type_: Type, lang: Lang) -> str:
    return Speaker(ruleset, branch_params(ruleset, ()), lang).typed(value, type_)


def _move(old: Ruleset, new: Ruleset, name: str, was: Literal, now: Literal) -> Text:
    """ "falls from 500,000 to 300,000 (−200,000)"."""
    a, b = _value(old, name, was), _value(new, name, now)
    type_ = new.param_types.get(name)
    step = _step(was.value, now.value)
    if step is None or type_ is None or type_ is not old.param_types.get(name):
        return Text(f"changes from {a.en} to {b.en}", f"由{a.zh}改为{b.zh}")
    size = show_value(-step if step < 0 else step, type_, new.currency)
    sign = "−" if step < 0 else "+"
    en, zh = ("falls", "下调") if step < 0 else ("rises", "上调")
    return Text(
        f"{en} from {a.en} to {b.en} ({sign}{size})", f"由{a.zh}{zh}至{b.zh}（{sign}{size}）"
    )


def _step(was: Value, now: Value) -> int | Decimal | None:
    if isinstance(was, bool) or isinstance(now, bool):
        return None
    if isinstance(was, int) and isinstance(now, int):
        return now - was
    if isinstance(was, Decimal) and isinstance(now, Decimal):
        return now - was
    return None


def _used(ruleset: Ruleset, name: str) -> Text:
    rows = [
        row.id
        for row in ruleset.table.rows
        if any(_names(part, name) for part in (*row.cells, *row.outputs))
    ]
    if not rows:
        return Text("no row uses it", "没有行使用")
    what = "row" if len(rows) == 1 else "rows"
    if len(rows) > 12:
        number = counted(len(rows), "row", "rows")
        return Text(f"used by {number}", f"用于{len(rows):,}行")
    return Text(f"used by {what} {listed(rows, 'and')}", f"用于{'、'.join(rows)}")


def _names(node: object, name: str) -> bool:
    """Whether a cell or an output uses parameter `name`."""
    if isinstance(node, ParamRef):
        return node.name == name
    if isinstance(node, tuple):
        return any(_names(one, name) for one in node)
    if is_dataclass(node) and not isinstance(node, type):
        return any(_names(getattr(node, one.name), name) for one in fields(node))
    return False


def _override(old: Ruleset, new: Ruleset, org: str, name: str) -> Text:
    was, now = (one.overrides.get(org, {}).get(name) for one in (old, new))
    if was is not None and now is not None:
        moved = _move(old, new, name, was, now)
        return Text(f"{org}'s own {name} {moved.en}.", f"{org} 的 {name} {moved.zh}。")
    if now is not None:
        own, group = _value(new, name, now), _groups(new, name)
        return Text(
            f"{org} now has its own {name}: {own.en}{group.en}.",
            f"{org} 现有自己的 {name}：{own.zh}{group.zh}。",
        )
    assert was is not None
    own, group = _value(old, name, was), _groups(new, name)
    return Text(
        f"{org} no longer has its own {name} ({own.en}){group.en}.",
        f"{org} 不再有自己的 {name}（{own.zh}）{group.zh}。",
    )


def _groups(ruleset: Ruleset, name: str) -> Text:
    literal = ruleset.params.get(name)
    if literal is None:
        return Text("", "")
    value = _value(ruleset, name, literal)
    return Text(f"; the group's is {value.en}", f"；集团为{value.zh}")


def _adjustable(name: str, change: Change) -> Text:
    was, now = (None if one is None else _WAYS.get(one, Text(one, one)) for one in change)
    if now is None:
        return Text(f"Branches may no longer move {name}.", f"分支机构不得再调整 {name}。")
    if was is None:
        return Text(f"Branches may now {now.en} {name}.", f"分支机构现在可以{now.zh} {name}。")
    return Text(
        f"Branches may now {now.en} {name}; before, they could {was.en} it.",
        f"分支机构对 {name} 由可{was.zh}改为可{now.zh}。",
    )


# --- other cases, windows


def _otherwise(old: Ruleset, new: Ruleset, name: str) -> Text:
    was, now = (_other(one, name) for one in (old, new))
    label = next(one.label for r in (new, old) for one in r.table.outputs if one.name == name)
    if now is None:
        assert was is not None
        return Text(
            f"When no row matches, {label.en} is no longer given; it was {was.en}.",
            f"没有命中任何行时，不再给出{label.zh}，原为{was.zh}。",
        )
    if was is None:
        return Text(
            f"When no row matches, {label.en} is now {now.en}.",
            f"没有命中任何行时，{label.zh}现为{now.zh}。",
        )
    return Text(
        f"When no row matches, {label.en} is now {now.en} instead of {was.en}.",
        f"没有命中任何行时，{label.zh}由{was.zh}改为{now.zh}。",
    )


def _other(ruleset: Ruleset, name: str) -> Text | None:
    output = (ruleset.otherwise or {}).get(name)
    column = next((one for one in ruleset.table.outputs if one.name == name), None)
    if output is None or column is None:
        return None
    params = branch_params(ruleset, ())
    en, zh = (Speaker(ruleset, params, lang).output(column, output) for lang in _LANGUAGES)
    return None if en is None or zh is None else Text(en, zh)


_LANGUAGES: tuple[Lang, Lang] = ("en", "zh")


def _window(old: Ruleset, new: Ruleset, name: str) -> Text:
    was, now = (_counted(one, name) for one in (old, new))
    if now is None:
        assert was is not None
        return Text(
            f"Window {name} is gone; it was the {was.en}.", f"删除窗口 {name}，原为{was.zh}。"
        )
    if was is None:
        return Text(f"Window {name} is new: {now.en}.", f"新增窗口 {name}：{now.zh}。")
    return Text(
        f"Window {name} is now: {now.en}; it was: {was.en}.",
        f"窗口 {name} 由“{was.zh}”改为“{now.zh}”。",
    )


def _counted(ruleset: Ruleset, name: str) -> Text | None:
    derive = ruleset.derive.get(name)
    if derive is None:
        return None
    params = branch_params(ruleset, ())
    en, zh = (
        window_text(Reasons(ruleset, params, {}, Speaker(ruleset, params, lang), open_text), derive)
        for lang in _LANGUAGES
    )
    return Text(en, zh)
