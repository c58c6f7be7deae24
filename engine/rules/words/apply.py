"""Makes edits of a vocabulary in its text: what is not named stays as it is, byte for byte."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from engine.base.collector import Collector
from engine.base.text import Text
from engine.base.yaml_marks import Mapping, Scalar, compose, plain
from engine.rules.edit.cells import one_line
from engine.rules.edit.edits import AddValue, RemoveValue, SetValue
from engine.rules.edit.errors import EditRefused, not_yaml, refused, unknown
from engine.rules.edit.source import Source
from engine.rules.edit.values import add_value, remove_value, set_value
from engine.rules.edit.written import begin, in_flow, key_added
from engine.rules.words.edits import (
    AddListed,
    AddWord,
    Listed,
    RemoveListed,
    RemoveWord,
    SetLabel,
    SetType,
    WordEdit,
)

_VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_READ_OTHERWISE = frozenset({"null", "none", "true", "false"})


def edit_words(text: str, edits: Sequence[WordEdit]) -> str:
    """The text with the edits made one after another.

    Raises EditRefused (`index`: which edit) WORD_UNKNOWN, WORD_EXISTS, VALUE_UNKNOWN, VALUE_EXISTS,
    VALUE_FORM, VALUE_LAST, WORD_OPEN, LABEL_MISSING, LABEL_TAKEN, and as engine.rules.edit. What
    the vocabulary then has wrong is for `parse_vocabulary` to say.
    """
    source = Source(text)
    for index, edit in enumerate(edits):
        try:
            _make(source, edit)
        except EditRefused as error:
            error.index = index
            raise
    return source.text()


def _make(source: Source, edit: WordEdit) -> None:
    match edit:
        case AddWord():
            _add_word(source, edit)
        case AddListed():
            _values(_read(source), edit.word)
            _add_listed(source, edit.word, Listed(value=edit.value, en=edit.en, zh=edit.zh))
        case SetLabel():
            _label(edit.en, edit.zh)
            _set_label(source, edit)
        case SetType():
            _word(_read(source), edit.word)
            _set(source, f"{edit.word}.type", edit.type)
        case RemoveWord():
            _word(_read(source), edit.word)
            remove_value(source, _read(source), RemoveValue(path=edit.word))
        case RemoveListed():
            _remove_listed(source, edit)


def _read(source: Source) -> Mapping:
    out = Collector("")
    root = compose(source.plain(), out)
    if root is None:
        raise not_yaml(out.findings)
    return root


def _word(root: Mapping, name: str) -> Mapping:
    node = root.get(name)
    if not isinstance(node, Mapping):
        said = Text(f"there is no word {name!r}", f"没有词 {name!r}")
        raise unknown("WORD_UNKNOWN", said, name, root.entries)
    return node


def _values(root: Mapping, name: str) -> Mapping:
    """The closed list of a word."""
    node = _word(root, name).get("values")
    if not isinstance(node, Mapping):
        raise refused(
            "WORD_OPEN",
            Text(f"{name} is not closed to a list", f"{name} 不是封闭词，没有取值列表"),
            Text("any value may stand in its cells already", "其单元格本来即可填写任意值"),
        )
    return node


def _add_word(source: Source, edit: AddWord) -> None:
    root = _read(source)
    if edit.word in root.entries:
        raise refused(
            "WORD_EXISTS",
            Text(f"the word {edit.word!r} exists", f"词 {edit.word!r} 已存在"),
            Text("one word has one meaning; choose another name", "一词一义，请另取名称"),
        )
    _label(edit.en, edit.zh)
    names = list(root.entries)
    if edit.after is not None:
        _word(root, edit.after)
        names = names[: names.index(edit.after) + 1]
    wanted = plain(root)
    assert isinstance(wanted, dict)
    wanted[edit.word] = {"type": edit.type}
    _first_of(source, key_added(root, (edit.word, "type"), edit.type, [*names, edit.word]), wanted)
    for key, text in (("en", edit.en), ("zh", edit.zh), ("iso20022", edit.iso20022)):
        if text is not None:
            _add(source, f"{edit.word}.{key}", text.strip())
    if edit.nullable:
        _add(source, f"{edit.word}.nullable", "true")
    if edit.minimum is not None:
        _add(source, f"{edit.word}.min", edit.minimum)
    for one in edit.values:
        _add_listed(source, edit.word, one)
    _align(source, edit.word, names[-1] if names else None)


def _first_of(source: Source, writers: Iterable[object], wanted: object) -> None:
    kept = source.kept()
    for write in writers:
        assert callable(write)
        write(source)
        if plain(_read(source)) == wanted:
            return
        source.restore(kept)
    raise refused(
        "EDIT_VALUE",
        Text("a word cannot be added in this text", "无法在此文本中添加词"),
        Text("write one word per line, in block style", "请每行一个词，使用块格式"),
    )


def _align(source: Source, name: str, neighbour: str | None) -> None:
    """Begin the new word's value where its neighbour's begins, if that is on one line."""
    root = _read(source)
    entry = root.entries[name]
    line = source.lines[entry.key.span.line - 1]
    other = None if neighbour is None else root.entries[neighbour]
    if other is None or other.key.span.line != other.value.span.line:
        return
    key, value = entry.key, begin(entry.value)[1]
    room = other.value.span.column - value
    if room > 0 and begin(entry.value)[0] == key.span.line:
        line.text = line.text[: value - 1] + " " * room + line.text[value - 1 :]


def _add_listed(source: Source, word: str, listed: Listed) -> None:
    node = _word(_read(source), word).get("values")
    known = node.entries if isinstance(node, Mapping) else {}
    if _VALUE.fullmatch(listed.value) is None or listed.value.casefold() in _READ_OTHERWISE:
        raise refused(
            "VALUE_FORM",
            Text(f"{listed.value!r} cannot be a value", f"{listed.value!r} 不能作为取值"),
            Text(
                "write a code of letters, digits, _ and -; the labels are for people",
                "请写由字母、数字、_ 和 - 组成的代码，供人阅读的名称写在标签中",
            ),
        )
    if listed.value in known:
        raise refused(
            "VALUE_EXISTS",
            Text(f"{word} has the value {listed.value!r}", f"{word} 已有取值 {listed.value!r}"),
            Text("change its labels, or choose another code", "请修改其标签，或另取代码"),
        )
    _label(listed.en, listed.zh)
    taken = {one: value for value, said in _said(node).items() for one in said}
    _free(word, listed, taken)
    path = f"{word}.values.{listed.value}"
    if listed.en.strip() == listed.value.replace("_", " "):
        _add(source, path, listed.zh.strip())
    else:
        _add(source, f"{path}.en", listed.en.strip())
        _add(source, f"{path}.zh", listed.zh.strip())


def _set_label(source: Source, edit: SetLabel) -> None:
    root = _read(source)
    if edit.value is None:
        _word(root, edit.word)
        _set(source, f"{edit.word}.en", edit.en.strip())
        _set(source, f"{edit.word}.zh", edit.zh.strip())
        return
    values = _values(root, edit.word)
    node = _listed(values, edit.word, edit.value)
    others = {v: said for v, said in _said(values).items() if v != edit.value}
    listed = Listed(value=edit.value, en=edit.en, zh=edit.zh)
    _free(edit.word, listed, {one: value for value, said in others.items() for one in said})
    path = f"{edit.word}.values.{edit.value}"
    if isinstance(node, Mapping):
        _set(source, f"{path}.en", edit.en.strip())
        _set(source, f"{path}.zh", edit.zh.strip())
    elif edit.en.strip() == edit.value.replace("_", " "):
        _set(source, path, edit.zh.strip())
    else:
        en, zh = (in_flow(one_line(one)) for one in (edit.en, edit.zh))
        source.replace(begin(node), node.end, f"{{en: {en}, zh: {zh}}}")
        _read(source)


def _remove_listed(source: Source, edit: RemoveListed) -> None:
    root = _read(source)
    values = _values(root, edit.word)
    _listed(values, edit.word, edit.value)
    if len(values.entries) == 1:
        raise refused(
            "VALUE_LAST",
            Text(f"{edit.value} is the only value of {edit.word}", f"{edit.value} 是唯一取值"),
            Text("remove the word instead", "请改为删除该词"),
        )
    remove_value(source, root, RemoveValue(path=f"{edit.word}.values.{edit.value}"))


def _listed(values: Mapping, word: str, value: str) -> Scalar | Mapping:
    node = values.get(value)
    if not isinstance(node, Scalar | Mapping):
        said = Text(f"{word} has no value {value!r}", f"{word} 没有取值 {value!r}")
        raise unknown("VALUE_UNKNOWN", said, value, values.entries)
    return node


def _said(values: object) -> dict[str, tuple[str, ...]]:
    """Value -> its labels as they are read."""
    found: dict[str, tuple[str, ...]] = {}
    for code, entry in (values.entries if isinstance(values, Mapping) else {}).items():
        node = entry.value
        if isinstance(node, Scalar):
            found[code] = (code.replace("_", " "), node.value)
        elif isinstance(node, Mapping):
            texts = (node.get("en"), node.get("zh"))
            found[code] = tuple(one.value for one in texts if isinstance(one, Scalar))
    return found


def _free(word: str, listed: Listed, taken: dict[str, str]) -> None:
    """Two values that read alike would make one sentence of two rules."""
    for label in (listed.en.strip(), listed.zh.strip()):
        if label in taken:
            raise refused(
                "LABEL_TAKEN",
                Text(
                    f"{taken[label]} of {word} is called {label!r} already",
                    f"{word} 的 {taken[label]} 已称为“{label}”",
                ),
                Text("choose another label", "请另取标签"),
            )


def _label(en: str, zh: str) -> None:
    if not en.strip() or not zh.strip():
        raise refused(
            "LABEL_MISSING",
            Text("a label is missing", "缺少标签"),
            Text("write it in English and in Chinese", "请写明中文和英文标签"),
        )


def _add(source: Source, path: str, value: str) -> None:
    add_value(source, _read(source), AddValue(path=path, value=value))


def _set(source: Source, path: str, value: str) -> None:
    set_value(source, _read(source), SetValue(path=path, value=value))
