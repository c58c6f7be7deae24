"""Why a cell does not take a fact, in words: "49,000 is below 50,000 (small)"."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.base.text import Lang
from engine.rules.kind import FactValue
from engine.rules.masks import operand_value, other_columns
from engine.rules.model import (
    Cell,
    Column,
    ColumnRef,
    Compare,
    Not,
    NullCell,
    OneOf,
    Operand,
    Range,
    Ruleset,
    TextTest,
    Type,
    Value,
    WhenCell,
)
from engine.rules.show import listed
from engine.rules.speaker import Speaker, either
from engine.rules.values import value_text
from engine.rules.wording import REFUSED, text_test_text

Hide = Callable[[str, str], str]
"""(word, text) -> the text as the reader may see it: account numbers may be masked."""


def open_text(_word: str, text: str) -> str:
    """Hide nothing."""
    return text


class Reasons:
    """Says facts, and why cells do not take them, in one language.

    It only puts into words what the evaluator has decided: nothing here decides a cell.
    """

    def __init__(
        self,
        ruleset: Ruleset,
        params: Mapping[str, Value],
        facts: Mapping[str, FactValue],
        speaker: Speaker,
        hide: Hide,
    ) -> None:
        self._ruleset = ruleset
        self._params = params
        self._facts = facts
        self._hide = hide
        self.speaker = speaker

    def fact(self, column: Column) -> str:
        """The fact of `column` as people read it: labels of codes, amounts grouped."""
        value = self._facts.get(column.name)
        if isinstance(value, str):
            value = self._hide(column.name, value)
        return self.speaker.fact(value, column)

    def named(self, name: str) -> str:
        """A fact by its word."""
        column = self._ruleset.facts.get(name)
        return self.speaker.say("missing", "缺失") if column is None else self.fact(column)

    def seen(self, column: Column, cell: Cell) -> str:
        """What the cell looked at: its own fact, and those of the columns it names."""
        if isinstance(cell, WhenCell):
            return self._all_named(other_columns(cell))
        more = self._all_named([n for n in other_columns(cell) if n != column.name])
        return f"{self.fact(column)}{self._aside(more)}"

    def condition(self, column: Column, cell: Cell) -> str:
        """The cell as a whole condition."""
        return self.speaker.condition(column, cell)

    def test(self, column: Column, cell: Cell) -> str:
        """The condition under the head of its column, with the facts of the columns it names."""
        if isinstance(cell, WhenCell):
            return f"{self.condition(column, cell)}{self._aside(self.seen(column, cell))}"
        others = self._all_named([n for n in other_columns(cell) if n != column.name])
        return f"{self.speaker.test(column, cell)}{self._aside(others)}"

    def raw(self, name: str) -> str:
        """A fact as a template writes it: without labels and quotes."""
        column, value = self._ruleset.facts[name], self._facts.get(name)
        if value is None:
            return ""
        return self._hide(name, value_text(value, column.type, self._ruleset.currency))

    def _aside(self, said: str) -> str:
        return self.speaker.say(f" ({said})", f"（{said}）") if said else ""

    def _all_named(self, names: list[str]) -> str:
        said = [
            f"{self.speaker.name(name)}{self.speaker.say(' ', '：')}{self.named(name)}"
            for name in dict.fromkeys(names)
        ]
        return self.speaker.say(", ", "，").join(said)

    def missed(self, column: Column, cell: Cell) -> str:
        """Why `cell` does not take the fact."""
        say = self.speaker.say
        if isinstance(cell, WhenCell):
            shown = self.speaker.condition(column, cell)
            seen = self.seen(column, cell)
            return say(f"{shown} does not hold ({seen})", f"“{shown}”不成立（{seen}）")
        value = self._facts.get(column.name)
        fact = self.fact(column)
        if value is None:
            return say("it is missing", "该值缺失")
        if isinstance(cell, NullCell):
            return say(f"{fact} is given, and the row wants none", f"已有值{fact}，而该行要求为空")
        if isinstance(cell, TextTest):
            return f"{fact}{say(' ', '')}{text_test_text(cell, self._lang, negated=True)}"
        if column.type is Type.BOOL:
            return say(f"it is {fact}", f"其值为{fact}")
        if isinstance(cell, Not):
            return self._excluded(cell.item, fact)
        if isinstance(cell, Compare):
            return self._compared(column, cell.op, cell.operand, fact)
        if isinstance(cell, Range):
            return self._outside(column, cell, value, fact)
        return self._none_of(column, cell, fact)

    @property
    def _lang(self) -> Lang:
        return self.speaker.lang

    def _excluded(self, item: Cell, fact: str) -> str:
        if isinstance(item, TextTest):
            return f"{fact}{self.speaker.say(' ', '')}{text_test_text(item, self._lang)}"
        return self.speaker.say(f"{fact} is excluded", f"{fact}被排除在外")

    def _compared(self, column: Column, op: str, operand: Operand, fact: str) -> str:
        if isinstance(operand, ColumnRef) and self._facts.get(operand.name) is None:
            label = self.speaker.name(operand.name)
            return self.speaker.say(f"{label} is missing", f"{label}缺失")
        said = REFUSED[op].say(column.type, self._lang)
        other = self._operand(operand, column)
        return self.speaker.say(f"{fact} is {said} {other}", f"{fact}{said}{other}")

    def _operand(self, operand: Operand, column: Column) -> str:
        shown = self.speaker.operand(operand, column)
        if not isinstance(operand, ColumnRef):
            return shown
        value = self.named(operand.name)
        return self.speaker.say(f"{shown} ({value})", f"{shown}（{value}）")

    def _outside(self, column: Column, cell: Range, value: FactValue, fact: str) -> str:
        """Name the end of the range that the fact lies beyond."""
        for operand, below, closed in (
            (cell.low, True, cell.low_closed),
            (cell.high, False, cell.high_closed),
        ):
            end = self._end(operand)
            if end is None:
                return self._compared(column, ">=", operand, fact)
            beyond = value < end if below else value > end  # type: ignore[operator]
            if beyond or (value == end and not closed):
                op = (">=" if closed else ">") if below else ("<=" if closed else "<")
                return self._compared(column, op, operand, fact)
        raise AssertionError(f"{value!r} lies inside {cell!r}")

    def _end(self, operand: Operand) -> FactValue:
        if isinstance(operand, ColumnRef):
            return self._facts.get(operand.name)
        end = operand_value(operand, self._params)
        return None if isinstance(end, tuple) else end

    def _none_of(self, column: Column, cell: Cell, fact: str) -> str:
        items = cell.items if isinstance(cell, OneOf) else (cell,)
        said = [self.speaker.test(column, item) for item in items]
        if all(isinstance(item, Compare) and item.op == "=" for item in items):
            none = listed(said, "nor")
            return self.speaker.say(
                f"{fact} is {'neither' if len(said) > 1 else 'not'} {none}",
                f"{fact}不是{either([one.removeprefix('为') for one in said])}",
            )
        return self.speaker.say(
            f"{fact} is neither {listed(said, 'nor')}", f"{fact}不满足“{'或'.join(said)}”"
        )
