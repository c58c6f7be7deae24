"""The second engine: durable-rules, where it can be used, and why not where it cannot."""

from __future__ import annotations

from collections.abc import Mapping

from engine.base.text import Text
from engine.rules import Decision, FactValue
from engine.rules.model import Ruleset, Value
from engine.rules.rete import (
    NoSecondOpinion,
    NotTranslatable,
    ReteEvaluator,
    build_rete,
    translate,
    unavailable,
)
from engine.rules.rete.probe import probe


class Rete:
    """engine.treasury.monitor.opinions.SecondEngine by durable-rules."""

    def opinion(self, ruleset: Ruleset, params: Mapping[str, Value]) -> ReteOpinion:
        """Load a ruleset. Raises NoSecondOpinion."""
        return ReteOpinion(build_rete(ruleset, params))

    def probe(self, ruleset: Ruleset, params: Mapping[str, Value]) -> Text | None:
        """Load and ask it in a process of its own first."""
        program = translate(ruleset, params)
        return program.reason if isinstance(program, NotTranslatable) else probe(program)


class ReteOpinion:
    """One loaded ruleset."""

    def __init__(self, evaluator: ReteEvaluator) -> None:
        self._evaluator = evaluator

    def decide(self, facts: Mapping[str, FactValue]) -> Decision | None:
        """Its decision; None when it does not answer for these facts. Raises DecisionRefused."""
        try:
            return self._evaluator.decide(facts)
        except NoSecondOpinion:
            return None

    def retire(self) -> None:
        """Give its memory back."""
        self._evaluator.retire()


def second_engine() -> tuple[Rete | None, Text | None]:
    """The engine, or None and why there is none."""
    why = unavailable()
    return (Rete(), None) if why is None else (None, why)
