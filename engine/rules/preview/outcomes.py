"""Outcomes as things to count: two decisions with the same outcome are one, whatever their rows."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from engine.base.text import Text
from engine.rules.decide import Decision, DecisionRefused, outcome_to_json
from engine.rules.model import Ruleset, Type, Value
from engine.rules.values import value_text

NOBODY = Text("(no ruleset)", "（无规则集）")
NOTHING = Text("(no row)", "（无命中）")


@dataclass(frozen=True, slots=True)
class Counted:
    """One outcome as people read it and as programs do."""

    label: Text
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
            return Answer(decision.rows, self._number("nothing", NOTHING, None))
        key = tuple(
            frozenset(item for item in outcome.items() if item[1] is not None)
            for outcome in decision.outcomes
        )
        number = self._numbers.get(key)
        if number is None:
            values = outcome_to_json(ruleset, decision)["outcome"]
            number = self._number(key, _label(ruleset, decision), values)
        return Answer(decision.rows, number)

    def refused(self, why: DecisionRefused) -> Answer:
        """The answer for documents that wait: undecided, never passed."""
        label = Text(f"(refused: {why.code})", f"（无法决策：{why.code}）")
        return Answer((), self._number(("refused", why.code), label, None), why)

    def nobody(self) -> Answer:
        """The answer where no ruleset decides."""
        return Answer((), self._number("nobody", NOBODY, None))

    def _number(self, key: Hashable, label: Text, values: object) -> int:
        number = self._numbers.setdefault(key, len(self.counted))
        if number == len(self.counted):
            self.counted.append(Counted(label, values))
        return number


def _label(ruleset: Ruleset, decision: Decision) -> Text:
    types = {column.name: column.type for column in ruleset.table.outputs}

    def written(name: str, value: Value) -> str:
        text = value_text(value, types[name], ruleset.currency)
        # A bare true, number or amount says nothing without its column's name.
        bare = types[name] in {Type.BOOL, Type.INT, Type.MONEY, Type.PERCENT}
        return f"{name} {text}" if bare else text

    said = "; ".join(
        " · ".join(written(name, value) for name, value in outcome.items() if value is not None)
        or "-"
        for outcome in decision.outcomes
    )
    return Text(said, said)
