"""Outcomes as things to count: two decisions with the same outcome are one, whatever their rows."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

from engine.base.text import Lang, Text
from engine.rules.decide import Decision, DecisionRefused, outcome_to_json
from engine.rules.model import Ruleset, Type, Value
from engine.rules.params import branch_params
from engine.rules.speaker import Speaker
from engine.rules.values import value_text

NOBODY = Text("(no ruleset)", "（无规则集）")
NOTHING = Text("(no row)", "（无命中）")


@dataclass(frozen=True, slots=True)
class Counted:
    """One outcome as it is written, as people say it and as programs read it."""

    label: Text
    """With the codes of the ruleset: "reviewer > cfo · 24h"."""
    said: Text
    """With their labels: "reviewer, then chief financial officer · 24 hours"."""
    values: object
    """As `sluice decide` writes it; None where nothing was decided."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one ruleset says: rows, the number of its outcome, or why it cannot be decided."""

    rows: tuple[str, ...]
    outcome: int
    refused: DecisionRefused | None = None


class Outcomes:
    """Numbers outcomes; the same one has the same number under the live ruleset and the draft."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self.counted: list[Counted] = []

    def answer(self, ruleset: Ruleset, decision: Decision | DecisionRefused) -> Answer:
        """The answer in `decision`. Documents refused for one code count as one outcome."""
        if isinstance(decision, DecisionRefused):
            return self.refused(decision)
        if not decision.outcomes:
            return Answer(decision.rows, self._number("nothing", NOTHING))
        key = tuple(
            frozenset(item for item in outcome.items() if item[1] is not None)
            for outcome in decision.outcomes
        )
        number = self._numbers.get(key)
        if number is None:
            values = outcome_to_json(ruleset, decision)["outcome"]
            number = self._numbered(
                key, lambda: Counted(_label(ruleset, decision), _said(ruleset, decision), values)
            )
        return Answer(decision.rows, number)

    def refused(self, why: DecisionRefused) -> Answer:
        """The answer for documents that wait: undecided, never passed."""
        label = Text(f"(refused: {why.code})", f"（无法决策：{why.code}）")
        return Answer((), self._number(("refused", why.code), label), why)

    def nobody(self) -> Answer:
        """The answer where no ruleset decides."""
        return Answer((), self._number("nobody", NOBODY))

    def _number(self, key: Hashable, label: Text) -> int:
        return self._numbered(key, lambda: Counted(label, label, None))

    def _numbered(self, key: Hashable, made: Callable[[], Counted]) -> int:
        number = self._numbers.setdefault(key, len(self.counted))
        if number == len(self.counted):
            self.counted.append(made())
        return number


_BARE = frozenset({Type.BOOL, Type.INT, Type.MONEY, Type.PERCENT})
"""Types whose values say nothing without the name of their column."""


def _label(ruleset: Ruleset, decision: Decision) -> Text:
    types = {column.name: column.type for column in ruleset.table.outputs}

    def written(name: str, value: Value) -> str:
        text = value_text(value, types[name], ruleset.currency)
        return f"{name} {text}" if types[name] in _BARE else text

    said = _listed(decision, written)
    return Text(said, said)


def _said(ruleset: Ruleset, decision: Decision) -> Text:
    columns = {column.name: column for column in ruleset.table.outputs}
    params = branch_params(ruleset, ())

    def said(lang: Lang) -> str:
        speaker = Speaker(ruleset, params, lang)

        def spoken(name: str, value: Value) -> str:
            column = columns[name]
            text = speaker.given(value, column)
            return f"{column.label.say(lang)} {text}" if column.type in _BARE else text

        return _listed(decision, spoken)

    return Text(said("en"), said("zh"))


def _listed(decision: Decision, say: Callable[[str, Value], str]) -> str:
    return "; ".join(
        " · ".join(say(name, value) for name, value in outcome.items() if value is not None) or "-"
        for outcome in decision.outcomes
    )
