"""`derive:` columns over a window of earlier matters: their declaration and their type."""

from __future__ import annotations

import re
from decimal import Decimal

from engine.base.collector import Collector, Problem
from engine.base.findings import Span
from engine.base.text import Text
from engine.base.yaml_marks import Mapping, Node, Scalar, Sequence
from engine.rules.model import Column, Derive, Duration, Type
from engine.rules.scope import Scope
from engine.rules.values import read_value

FUNCTIONS = ("any", "count", "sum", "min", "max", "last", "distinct")
_SUMMED = frozenset({Type.MONEY, Type.INT, Type.PERCENT, Type.DURATION})
_LEAST = _SUMMED | {Type.DATE, Type.TIME}
_COMPARED = ("same", "differs", "same_or_missing", "near")
_KEYS = frozenset({*FUNCTIONS, *_COMPARED, "within", "states", "self", "cleared"})
_NEAR = frozenset({Type.MONEY, Type.INT})
_WORD = re.compile(r"[A-Za-z_]\w*")


def read_derive(root: Mapping, scope: Scope, out: Collector) -> dict[str, Derive]:
    """Read `derive:` and make its columns known to `scope`. The schema has been checked."""
    node = root.get("derive")
    found: dict[str, Derive] = {}
    if not isinstance(node, Mapping):
        return found
    for name, entry in node.entries.items():
        if not isinstance(entry.value, Mapping):
            continue
        derive = _one(name, entry.key.span, entry.value, scope, out)
        if derive is None or name not in scope.derived:
            scope.broken.add(name)
        else:
            found[name] = derive
    return found


def _one(name: str, span: Span, node: Mapping, scope: Scope, out: Collector) -> Derive | None:
    functions = [one for one in FUNCTIONS if one in node.entries]
    if not functions and not set(node.entries) <= _KEYS:
        return None  # the function is mistyped, and the schema has said so
    if len(functions) != 1:
        out.add(
            "R140",
            span,
            Text(f"{name} needs exactly one function", f"{name} 须有且只有一个函数"),
            Text(f"write one of {', '.join(FUNCTIONS)}", f"请写 {'、'.join(FUNCTIONS)} 之一"),
        )
        return None
    function = functions[0]
    of, same, within = node.get(function), node.get("same"), node.get("within")
    if not (isinstance(of, Scalar) and isinstance(within, Scalar) and isinstance(same, Sequence)):
        return None
    type_ = _type(function, of, scope, out)
    keys = tuple(_key(item, scope, out) for item in same.items)
    near = _near(node.get("near"), scope, out)
    window = _window(within, out)
    if type_ is None or window is None or near is None:
        return None
    if not _clears(node, function, out):
        return None
    _declare(name, span, function, type_, scope, out)
    return Derive(
        name=name,
        function=function,
        of=of.value,
        same=keys,
        within=window,
        states=_states(node.get("states")),
        include_self=_says(node.get("self"), "true"),
        span=span,
        of_label=None if (word := scope.look_up(of.value, of.span)) is None else word.label,
        differs=_words(node.get("differs"), scope, out),
        same_or_missing=_words(node.get("same_or_missing"), scope, out),
        near=near,
        cleared=not _says(node.get("cleared"), "false"),
    )


def _says(node: Node | None, value: str) -> bool:
    return isinstance(node, Scalar) and node.value == value


def _words(node: Node | None, scope: Scope, out: Collector) -> tuple[str, ...]:
    return (
        tuple(_key(item, scope, out) for item in node.items) if isinstance(node, Sequence) else ()
    )


def _near(
    node: Node | None, scope: Scope, out: Collector
) -> tuple[tuple[str, Decimal], ...] | None:
    """Facts that may differ by a share of themselves; None when one of them cannot."""
    found: list[tuple[str, Decimal]] = []
    for name, entry in node.entries.items() if isinstance(node, Mapping) else ():
        if scope.fact(name, entry.key.span) is None:
            out.problem(scope.unknown(name), entry.key.span)
            return None
        if scope.type_of(name) not in _NEAR:
            out.add(
                "R140",
                entry.key.span,
                Text(f"{name} is no amount and is never near", f"{name} 不是金额或数量，不能近似"),
                Text("compare it with same", "请用 same 比较"),
            )
            return None
        if not isinstance(entry.value, Scalar):
            return None
        try:
            share = read_value(entry.value.value.strip(), Type.PERCENT, scope.currency)
        except Problem as problem:
            out.problem(problem, entry.value.span)
            return None
        assert isinstance(share, Decimal)
        found.append((name, share))
    return tuple(found)


def _clears(node: Mapping, function: str, out: Collector) -> bool:
    """Pairs are cleared one by one, so only what counts other matters can leave them out."""
    cleared = node.get("cleared")
    if not _says(cleared, "false"):
        return True
    if function in ("any", "count") and not _says(node.get("self"), "true"):
        return True
    assert isinstance(cleared, Scalar)
    out.add(
        "R140",
        cleared.span,
        Text(
            "only any and count without self can leave out what was cleared",
            "只有不含本笔的 any 和 count 才能排除已澄清的单据",
        ),
        Text("delete cleared", "请删去 cleared"),
    )
    return False


def _type(function: str, of: Scalar, scope: Scope, out: Collector) -> Type | None:
    if function in ("any", "count"):
        # Matters are counted, and what a matter is called is not a word of the vocabulary.
        if not _WORD.fullmatch(of.value):
            out.add("R140", of.span, Text("count what?", "统计什么？"), Text("name it", "请写名称"))
        return Type.INT if function == "count" else Type.BOOL
    type_ = scope.type_of(of.value)
    if type_ is None:
        out.problem(scope.unknown(of.value), of.span)
        return None
    allowed = {"sum": _SUMMED, "min": _LEAST, "max": _LEAST}.get(function)
    if allowed is not None and type_ not in allowed:
        out.add(
            "R140",
            of.span,
            Text(
                f"{of.value} is a {type_.value} and has no {function}",
                f"{of.value} 是 {type_.value}，不能求 {function}",
            ),
            Text("count it, or take its last or distinct values", "可用 count、last 或 distinct"),
        )
        return None
    return Type.INT if function == "distinct" else type_


def _key(item: Node, scope: Scope, out: Collector) -> str:
    name = item.value if isinstance(item, Scalar) else ""
    # The window is searched by these facts, so they are facts the decision reads.
    if scope.fact(name, item.span) is None:
        out.problem(scope.unknown(name), item.span)
    return name


def _window(within: Scalar, out: Collector) -> Duration | None:
    try:
        value = read_value(within.value.strip(), Type.DURATION, "CNY")
    except Problem as problem:
        out.problem(problem, within.span)
        return None
    if not isinstance(value, Duration) or value.seconds == 0:
        out.add(
            "R140",
            within.span,
            Text("this window is empty", "该窗口为空"),
            Text("write it like 3d or 4h", "请写成 3d 或 4h"),
        )
        return None
    return value


def _states(node: Node | None) -> tuple[str, ...]:
    if isinstance(node, Sequence):
        return tuple(item.value for item in node.items if isinstance(item, Scalar))
    return (node.value,) if isinstance(node, Scalar) else ()


def _declare(
    name: str, span: Span, function: str, type_: Type, scope: Scope, out: Collector
) -> None:
    word = scope.vocabulary.words.get(name)
    if word is not None and word.type is not type_:
        out.add(
            "R140",
            span,
            Text(
                f"{name} is a word of type {word.type.value}, but {function} gives {type_.value}",
                f"{name} 在词汇表中是 {word.type.value}，而 {function} 得到 {type_.value}",
            ),
            Text("give the derived column another name", "请为派生列另取名称"),
        )
        return
    shown = name.replace("_", " ")
    scope.derived[name] = Column(
        name=name,
        type=type_,
        label=Text(shown, shown) if word is None else word.label,
        span=span,
        # Nothing earlier: a count is 0, a sum is 0, but there is no least and no last.
        nullable=function in {"min", "max", "last"},
        minimum=0 if function in {"count", "distinct"} else None,
        derived=True,
        values=None if word is None else word.values,
    )
