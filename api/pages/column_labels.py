"""The columns of two texts of a ruleset by their labels, and what stands in them in words."""

from __future__ import annotations

from collections.abc import Iterator

from engine.base.text import Lang, Text
from engine.rules.model import Column, Ruleset
from engine.rules.params import branch_params
from engine.rules.speaker import Speaker
from engine.rules.table import BASIS, ID

_OWN = {BASIS: Text("basis", "依据"), ID: Text("row", "行")}
_PROPERTIES = {
    "type": Text("type", "类型"),
    "en": Text("English label", "英文名称"),
    "zh": Text("Chinese label", "中文名称"),
    "values": Text("values", "取值"),
    "nullable": Text("may be missing", "可缺失"),
    "min": Text("least value", "最小值"),
}
"""Properties of a word, as `engine.rules.word_changes` names them."""


class Labels:
    """Labels of the columns of both; the new text's where both have one."""

    def __init__(self, old: Ruleset | None, new: Ruleset | None) -> None:
        self._columns: dict[str, tuple[Ruleset, Column]] = {}
        for ruleset in (old, new):
            if ruleset is not None:
                self._columns |= {one.name: (ruleset, one) for one in _columns(ruleset)}

    def column(self, name: str) -> Text:
        """The label of a column, else its name."""
        found = self._columns.get(name)
        return _OWN.get(name, Text(name, name)) if found is None else found[1].label

    def property(self, path: str) -> Text:
        """ "creditor_type.values": a word by its label, and which property of it."""
        name, _, key = path.partition(".")
        label, what = self.column(name), _PROPERTIES.get(key, Text(key, key))
        return Text(f"{label.en}: {what.en}", f"{label.zh}：{what.zh}")

    def value(self, name: str, text: str, lang: Lang) -> str:
        """What a file says in a column, with the labels of its codes."""
        found = self._columns.get(name)
        if found is None:
            return text
        ruleset, column = found
        return Speaker(ruleset, branch_params(ruleset, ()), lang).written(text, column)


def _columns(ruleset: Ruleset) -> Iterator[Column]:
    yield from ruleset.facts.values()
    yield from ruleset.table.inputs
    yield from ruleset.table.outputs
