"""What is known of a column: its type, its label, its closed values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.base.text import Text
from engine.base.yaml_marks import Mapping as YamlMapping
from engine.base.yaml_marks import Scalar
from engine.rules.excel.content import ADJUSTABLE, ARROW, KEY, NUMBER, PARAMETER, PARAMETERS, VALUE
from engine.rules.model import Type, Vocabulary
from engine.rules.registry import find_kind
from engine.rules.table import BASIS, ID, WHEN


@dataclass(frozen=True, slots=True)
class Known:
    """`type` None: any scalar, written as it is."""

    label: Text
    type: Type | None
    values: Mapping[str, Text] | None = None


_OWN = {
    ID: Known(Text("row id", "行号"), Type.TEXT),
    NUMBER: Known(Text("example (empty for a new one)", "示例序号（新增留空）"), Type.TEXT),
    ARROW + ID: Known(Text("rows that hit", "命中行"), Type.TEXT),
    ARROW + BASIS: Known(Text("basis", "依据"), Type.TEXT),
    WHEN: Known(Text("when", "条件"), Type.TEXT),
    "branch": Known(Text("organisation", "机构"), Type.TEXT),
    PARAMETER: Known(Text("parameter", "参数"), Type.TEXT),
    VALUE: Known(Text("value", "值"), None),
    ADJUSTABLE: Known(
        Text("may be moved by branches", "分支可调方向"),
        Type.CODE,
        {
            "down": Text("down only", "只可调低"),
            "up": Text("up only", "只可调高"),
            "any": Text("either way", "可任意调整"),
        },
    ),
    KEY: Known(Text("key", "键"), Type.TEXT),
}


class Words:
    """The columns of one ruleset, by their header."""

    def __init__(self, root: YamlMapping, vocabulary: Vocabulary) -> None:
        kind = root.get("kind")
        found = find_kind(kind.value) if isinstance(kind, Scalar) else None
        self._known = dict(_OWN)
        for name, word in vocabulary.words.items():
            self._known.setdefault(name, Known(word.label, word.type, word.values))
        for name, spec in ({} if found is None else found.outputs).items():
            self._known.setdefault(ARROW + name, Known(spec.label, spec.type, spec.values))

    def of(self, title: str, column: str) -> Known:
        """What is known of a column of a sheet; of an unknown one, and an organisation's, its
        name, and that any scalar may stand in it."""
        name = column.removeprefix(ARROW)
        free = title == PARAMETERS and column not in _OWN
        known = None if free else self._known.get(column)
        return Known(Text(name, name), None) if known is None else known

    def label(self, title: str, column: str) -> str:
        """The second header of a column."""
        said = self.of(title, column).label
        return said.en if said.en == said.zh else f"{said.en} / {said.zh}"
