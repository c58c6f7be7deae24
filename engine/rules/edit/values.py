"""Values of the envelope at a dotted path: set, add, remove, in braces and in block style.

A change is written in the nearest form and then read back: only when the whole envelope means
what was asked for is it kept, so that a colon or a quote can never change another key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

from engine.base.collector import Collector
from engine.base.text import Text
from engine.base.yaml_marks import Mapping, Node, Scalar, Sequence, compose, plain
from engine.rules.edit.cells import one_line
from engine.rules.edit.edits import AddValue, RemoveValue, SetValue, Value
from engine.rules.edit.errors import EditRefused, refused, unknown
from engine.rules.edit.source import Source
from engine.rules.edit.written import (
    Collection,
    Writer,
    entry_added,
    entry_removed,
    first_entry,
    key_added,
    replaced,
)
from engine.rules.schema import envelope_schema

Path = tuple[str, ...]

_TABLES = frozenset({"rules", "examples"})
_POLICY = "hit_policy"


def set_value(source: Source, root: Mapping, edit: SetValue) -> None:
    """Write another value at a path that exists. Raises EditRefused."""
    path = _resolve(root, edit.path)
    node = _at(root, path)
    if node is None:
        said = Text(f"the text has no {edit.path}", f"文本中没有 {edit.path}")
        raise unknown("EDIT_NO_KEY", said, edit.path, _paths(root, ""))
    value = _checked(edit.value)
    if isinstance(node, Mapping):
        raise _value_refused(
            node,
            Text(f"{edit.path} holds keys, not a value", f"{edit.path} 下是键，不是值"),
            Text(f"name one of them: {edit.path}.…", f"请指明其下的键：{edit.path}.…"),
        )
    if isinstance(node, Sequence) and not (isinstance(value, tuple) and node.flow):
        raise _value_refused(
            node,
            Text(f"{edit.path} is a list", f"{edit.path} 是列表"),
            Text(f"set, add or remove items: {edit.path}.0", f"请逐项增删改：{edit.path}.0"),
        )
    if isinstance(node, Scalar) and isinstance(value, tuple):
        raise _value_refused(
            node,
            Text(f"{edit.path} is one value", f"{edit.path} 是单个值"),
            Text("give one text", "请给出一个文本"),
        )
    _try(source, _changed(root, path, value), replaced(node, value), edit.path)


def add_value(source: Source, root: Mapping, edit: AddValue) -> None:
    """Write a value at a path that does not exist. Raises EditRefused."""
    path = _resolve(root, edit.path)
    if _at(root, path) is not None:
        raise refused(
            "EDIT_KEY_EXISTS",
            Text(f"{edit.path} exists", f"{edit.path} 已存在"),
            Text("set it instead of adding it", "请修改而不是添加"),
        )
    value = _checked(edit.value)
    depth = max(n for n in range(len(path)) if _at(root, path[:n]) is not None)
    above, rest = _at(root, path[:depth]), path[depth:]
    writers = _additions(root, above, rest, value)
    if writers is None:
        over = ".".join(path[:depth])
        raise refused(
            "EDIT_NO_KEY",
            Text(f"nothing can be added at {edit.path}", f"{edit.path} 处不能添加"),
            Text(
                f"{over} is one value or a list; a list grows by the number of its items",
                f"{over} 是单个值或列表；列表只能在末尾按项数添加",
            ),
        )
    _try(source, _changed(root, path, value), writers, edit.path)


def _additions(
    root: Mapping, above: Node | None, rest: Path, value: Value
) -> Iterator[Writer] | None:
    if above is root and not root.flow:
        return key_added(root, rest, value, _order(rest[0]))
    if isinstance(above, Mapping):
        return entry_added(above, rest, value)
    if isinstance(above, Sequence) and rest == (str(len(above.items)),):
        return entry_added(above, rest, value)
    if isinstance(above, Scalar) and not above.value and not above.quoted:
        return first_entry(above, rest, value)
    return None


def remove_value(source: Source, root: Mapping, edit: RemoveValue) -> None:
    """Remove what stands at a path. Raises EditRefused."""
    path = _resolve(root, edit.path)
    if _at(root, path) is None:
        said = Text(f"the text has no {edit.path}", f"文本中没有 {edit.path}")
        raise unknown("EDIT_NO_KEY", said, edit.path, _paths(root, ""))
    while len(path) > 1:
        above = cast("Collection", _at(root, path[:-1]))
        children = above.entries if isinstance(above, Mapping) else above.items
        if len(children) > 1 or (len(path) == 2 and above.flow and _remark(source, above)):
            break
        path = path[:-1]
    parent = cast("Collection", _at(root, path[:-1]))
    index = list(parent.entries).index(path[-1]) if isinstance(parent, Mapping) else int(path[-1])
    _try(source, _changed(root, path, None), entry_removed(parent, index), edit.path)


def _remark(source: Source, node: Collection) -> bool:
    """Whether a comment stands behind a value."""
    line, column = node.end
    return bool(source.lines[line - 1].text[column - 1 :].strip())


# --- paths


def _resolve(root: Mapping, dotted: str) -> Path:
    """The steps of a dotted path; a key with a dot in it is one step where it exists."""
    parts = dotted.split(".")
    if not all(parts):
        raise unknown(
            "EDIT_NO_KEY",
            Text(f"{dotted!r} is no path", f"{dotted!r} 不是路径"),
            dotted,
            _paths(root, ""),
        )
    path: Path = ()
    node: Node | None = root
    while parts:
        count = 1
        if isinstance(node, Mapping):
            fits = [n for n in range(len(parts), 0, -1) if ".".join(parts[:n]) in node.entries]
            count = fits[0] if fits else 1
        step, parts = ".".join(parts[:count]), parts[count:]
        path, node = (*path, step), None if node is None else _child(node, step)
    if path[0] in _TABLES:
        raise refused(
            "EDIT_KEY_TABLE",
            Text(f"{path[0]} is a table", f"{path[0]} 是表格"),
            Text("edit its rows and cells", "请修改其行和单元格"),
        )
    return path


def _child(node: Node, step: str) -> Node | None:
    if isinstance(node, Mapping):
        return node.get(step)
    if isinstance(node, Sequence) and step.isdecimal() and step.isascii() and len(step) < 9:
        return node.items[int(step)] if int(step) < len(node.items) else None
    return None


def _at(root: Mapping, path: Path) -> Node | None:
    node: Node | None = root
    for step in path:
        node = None if node is None else _child(node, step)
    return node


def _paths(node: Node, over: str) -> Iterator[str]:
    if isinstance(node, Mapping):
        for key, entry in node.entries.items():
            if over or key not in _TABLES:
                path = f"{over}.{key}" if over else key
                yield path
                yield from _paths(entry.value, path)


def _order(key: str) -> list[str]:
    """The keys of an envelope as they are commonly ordered; others go before the hit policy."""
    properties = cast("dict[str, object]", envelope_schema(None)["properties"])
    order = list(properties)
    if key not in properties:
        order.insert(order.index(_POLICY), key)
    return order


# --- writing and reading back


def _checked(value: Value) -> Value:
    if isinstance(value, tuple):
        return tuple(one_line(item) for item in value)
    return one_line(value)


def _changed(root: Mapping, path: Path, value: Value | None) -> object:
    """What the envelope shall mean."""
    whole = plain(root)
    node = whole
    for step in path[:-1]:
        node = _step(node, step)
    last: object = list(value) if isinstance(value, tuple) else value
    if isinstance(node, list):
        at = int(path[-1])
        node[at : at + 1] = [] if value is None else [last]
    elif isinstance(node, dict) and value is None:
        del node[path[-1]]
    elif isinstance(node, dict):
        node[path[-1]] = last
    return whole


def _step(node: object, step: str) -> object:
    """One step down; a mapping that is missing, or a key with nothing behind it, is made one."""
    if isinstance(node, list):
        return node[int(step)]
    mapping = cast("dict[str, object]", node)
    if mapping.get(step, "") == "":
        mapping[step] = {}
    return mapping[step]


def _try(source: Source, wanted: object, writers: Iterable[Writer], path: str) -> None:
    kept = source.kept()
    for write in writers:
        write(source)
        now = compose(source.plain(), Collector(""))
        if now is not None and plain(now) == wanted:
            return
        source.restore(kept)
    raise refused(
        "EDIT_VALUE",
        Text(f"{path} cannot be changed in its place", f"{path} 无法就地修改"),
        Text("change it in the text", "请在文本中修改"),
    )


def _value_refused(node: Node, text: Text, remedy: Text) -> EditRefused:
    return refused("EDIT_VALUE", text, remedy, node.span.line)
