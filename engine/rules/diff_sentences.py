"""The differences of two versions as whole sentences, in English and Chinese."""

from __future__ import annotations

from collections.abc import Iterator

from engine.base.text import Lang, Text
from engine.rules.diff import Diff, Moved
from engine.rules.envelope_words import envelope_sentences
from engine.rules.model import (
    AnyCell,
    Cell,
    Column,
    NullOutput,
    Output,
    Row,
    Ruleset,
    WhenCell,
)
from engine.rules.params import branch_params
from engine.rules.sentences import row_sentences
from engine.rules.speaker import Speaker
from engine.rules.table import BASIS
from engine.rules.word_sentences import word_sentences

Cells = dict[str, tuple[Column, Cell]]
Outputs = dict[str, tuple[Column, Output]]


def diff_sentences(old: Ruleset, new: Ruleset, diff: Diff) -> list[Text]:
    """What changed, from the envelope to the rows; amounts and parameters are the group's."""
    if diff.empty:
        return [Text("Nothing differs in meaning.", "含义没有差异。")]
    return [
        *envelope_sentences(old, new, diff),
        *_columns(diff),
        *_come_and_gone(old, new, diff),
        *(_changed(old, new, row, tuple(columns)) for row, columns in diff.changed.items()),
        *(_moved(one) for one in diff.moved),
        *word_sentences(new, diff.vocabulary),
    ]


def _columns(diff: Diff) -> Iterator[Text]:
    for name in diff.columns[0]:
        yield Text(f"Column {name} is new.", f"新增列 {name}。")
    for name in diff.columns[1]:
        yield Text(f"Column {name} is gone.", f"删除列 {name}。")


def _come_and_gone(old: Ruleset, new: Ruleset, diff: Diff) -> Iterator[Text]:
    come = row_sentences(new, branch_params(new, ()))
    gone = row_sentences(old, branch_params(old, ()))
    for row in diff.added:
        en, zh = _bare(row, come[row])
        yield Text(f"Row {row} is new: {en}", f"新增行{row}：{zh}")
    for row in diff.removed:
        en, zh = _bare(row, gone[row])
        yield Text(f"Row {row} is gone; it said: {en}", f"删除行{row}，原为：{zh}")


def _bare(row: str, said: Text) -> tuple[str, str]:
    return said.en.removeprefix(f"{row}. "), said.zh.removeprefix(f"{row}. ")


def _moved(one: Moved) -> Text:
    can_en = "matters" if one.matters else "cannot matter"
    can_zh = "次序有影响" if one.matters else "次序不会有影响"
    return Text(
        f"{one.row} moved from place {one.old} to {one.new}; the order {can_en} because "
        f"{one.reason.en}.",
        f"{one.row}由第{one.old}位移至第{one.new}位；{can_zh}，因为{one.reason.zh}。",
    )


# --- changed rows


def _changed(old: Ruleset, new: Ruleset, row: str, columns: tuple[str, ...]) -> Text:
    was, now = _Side(old, row), _Side(new, row)

    def said(lang: Lang) -> list[str]:
        return [_change(was, now, name, lang) for name in columns]

    return Text(f"{row}: {'; '.join(said('en'))}.", f"{row}：{'；'.join(said('zh'))}。")


class _Side:
    """One version of a row, by column."""

    def __init__(self, ruleset: Ruleset, name: str) -> None:
        table = ruleset.table
        row: Row = next(one for one in table.rows if one.id == name)
        self.basis = row.basis
        self.cells: Cells = {
            column.name: (column, cell)
            for column, cell in zip(table.inputs, row.cells, strict=True)
        }
        self.outputs: Outputs = {
            column.name: (column, output)
            for column, output in zip(table.outputs, row.outputs, strict=True)
        }
        params = branch_params(ruleset, ())
        self.speakers: dict[Lang, Speaker] = {
            "en": Speaker(ruleset, params, "en"),
            "zh": Speaker(ruleset, params, "zh"),
        }

    def cell(self, name: str) -> tuple[Column, Cell] | None:
        """The cell of an input column; None where it asks nothing."""
        found = self.cells.get(name)
        return None if found is None or isinstance(found[1], AnyCell) else found

    def output(self, name: str) -> tuple[Column, Output] | None:
        """The cell of an output column; None where it gives nothing."""
        found = self.outputs.get(name)
        return None if found is None or isinstance(found[1], NullOutput) else found


def _change(old: _Side, new: _Side, name: str, lang: Lang) -> str:
    if name == BASIS:
        return _basis(old.basis, new.basis, lang)
    if name in old.cells or name in new.cells:
        return _cell(old, new, name, lang)
    return _output(old, new, name, lang)


def _cell(old: _Side, new: _Side, name: str, lang: Lang) -> str:
    was, now = old.cell(name), new.cell(name)
    before, after = old.speakers[lang], new.speakers[lang]
    if now is None:
        assert was is not None
        said = before.condition(*was)
        return Text(f"it no longer asks that {said}", f"不再要求{said}").say(lang)
    if was is None:
        said = after.condition(*now)
        return Text(f"it now also asks that {said}", f"新增要求{said}").say(lang)
    if isinstance(now[1], WhenCell) or isinstance(was[1], WhenCell):
        a, b = before.condition(*was), after.condition(*now)
        return Text(f'the condition is now "{b}" instead of "{a}"', f"条件由“{a}”改为“{b}”").say(
            lang
        )
    label = now[0].label.say(lang)
    a, b = before.test(*was), after.test(*now)
    return Text(f"{label} must now be {b} instead of {a}", f"{label}的条件由“{a}”改为“{b}”").say(
        lang
    )


def _output(old: _Side, new: _Side, name: str, lang: Lang) -> str:
    was, now = old.output(name), new.output(name)
    before, after = old.speakers[lang], new.speakers[lang]
    if now is None:
        assert was is not None
        label, said = was[0].label.say(lang), before.output(*was)
        return Text(f"it no longer gives {label} ({said})", f"不再给出{label}（{said}）").say(lang)
    label, b = now[0].label.say(lang), after.output(*now)
    if was is None:
        return Text(f"it now gives {label}: {b}", f"新增{label}：{b}").say(lang)
    a = before.output(*was)
    return Text(f"{label}: now {b} instead of {a}", f"{label}由“{a}”改为“{b}”").say(lang)


def _basis(was: str | None, now: str | None, lang: Lang) -> str:
    if now is None:
        return Text(f'the basis "{was}" is left out', f"删去依据“{was}”").say(lang)
    if was is None:
        return Text(f'the basis is given: "{now}"', f"补充依据“{now}”").say(lang)
    return Text(f'the basis is now "{now}" instead of "{was}"', f"依据由“{was}”改为“{now}”").say(
        lang
    )
