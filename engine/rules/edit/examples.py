"""Adding the table of examples to a text that has none."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.base.collector import Collector
from engine.base.text import Text
from engine.base.yaml_marks import Mapping, compose, plain
from engine.rules.edit.cells import as_cell
from engine.rules.edit.edits import AddExamples, TableName
from engine.rules.edit.errors import refused
from engine.rules.edit.source import Source
from engine.rules.edit.tables import Sheet
from engine.rules.lexer import cut
from engine.rules.samples import BRANCH
from engine.rules.table import BASIS, ID, WHEN

EXAMPLES = "examples"


def proposed_columns(rules: Sheet) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns examples of these rules commonly have: inputs, then the row and its outputs."""
    names, arrow = rules.columns, rules.arrow
    inputs = tuple(one for one in names[:arrow] if one not in {ID, WHEN}) or (BRANCH,)
    return inputs, (ID, *(one for one in names[arrow:] if one != BASIS))


def add_examples(
    source: Source, root: Mapping, sheet: Callable[[TableName], Sheet], edit: AddExamples
) -> None:
    """Write the header of `examples` at the end of the text. Raises EditRefused."""
    if EXAMPLES in root.entries:
        raise refused(
            "EDIT_KEY_EXISTS",
            Text("the text has examples", "文本中已有 examples"),
            Text("add rows and columns to them", "请在其中增加行和列"),
            root.entries[EXAMPLES].key.span.line,
        )
    inputs, outputs = edit.inputs, edit.outputs
    if inputs is None or outputs is None:
        proposed = proposed_columns(sheet("rules"))
        inputs = proposed[0] if inputs is None else inputs
        outputs = proposed[1] if outputs is None else outputs
    header = _header(inputs, outputs)
    at = len(source.lines)
    while at > 1 and not source.lines[at - 1].text.strip():
        at -= 1
    kept, before = source.kept(), dict(_without_end(root))
    source.insert(at, f"{EXAMPLES}: |")
    source.insert(at + 1, f"  {header}")
    now = compose(source.plain(), Collector(""))
    if now is None or dict(_without_end(now)) != before | {EXAMPLES: header}:
        source.restore(kept)
        raise refused(
            "EDIT_VALUE",
            Text("examples cannot be added at the end of this text", "无法在文末添加 examples"),
            Text(f"write `{EXAMPLES}: |` and a header in the text", "请在文本中写 examples 及表头"),
        )


def _header(inputs: tuple[str, ...], outputs: tuple[str, ...]) -> str:
    names = (*inputs, *outputs)
    cells = [as_cell(name, free=True, first=k == 0) for k, name in enumerate(names)]
    header = " => ".join([" | ".join(cells[: len(inputs)]), " | ".join(cells[len(inputs) :])])
    if not inputs or not outputs or not all(cells) or len(cut(header, 1).cells) != len(names):
        raise refused(
            "EDIT_COLUMN_NEEDED",
            Text("examples need a column on each side of =>", "示例的 => 两侧各至少一列"),
            Text("name facts before it, and id or outputs after it", "前写事实，后写 id 或输出"),
        )
    if len(set(cells)) != len(cells):
        twice = next(one for one in cells if cells.count(one) > 1)
        raise refused(
            "EDIT_COLUMN_EXISTS",
            Text(f"column {twice!r} is named twice", f"列 {twice!r} 重复"),
            Text("name it once", "请只写一次"),
        )
    return header


def _without_end(root: Mapping) -> Iterator[tuple[str, object]]:
    """The keys and values; texts without the line end that the last one may get."""
    for key, entry in root.entries.items():
        value = plain(entry.value)
        yield key, value.rstrip("\n") if isinstance(value, str) else value
