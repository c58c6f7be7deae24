"""The second opinion itself: facts in, the rows durable-rules says hit, and their decision."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock

from engine.rules.decide import Decision, check_fact
from engine.rules.model import Ruleset, Value
from engine.rules.rete.availability import unavailable
from engine.rules.rete.engine import LaneEngine
from engine.rules.rete.messages import Facts, Told
from engine.rules.rete.outcomes import Outcomes
from engine.rules.rete.program import ReteProgram
from engine.rules.rete.refusals import NotTranslatable, no_opinion
from engine.rules.rete.translate import translate


class ReteEvaluator:
    """Decides facts by one ruleset under one set of parameters, in durable-rules.

    Calls are serialised: the engine keeps no lock of its own. Call `retire` when done, or its
    memory stays taken.
    """

    def __init__(self, program: ReteProgram) -> None:
        """Build the lanes. Raises NoSecondOpinion RETE_UNAVAILABLE or RETE_ENGINE."""
        why = unavailable()
        if why is not None:
            raise no_opinion("RETE_UNAVAILABLE", why.en, why.zh)
        self.program = program
        self._lock = Lock()
        self._outcomes = Outcomes(program.ruleset, program.params)
        self._lanes = [(lane, LaneEngine(lane)) for lane in program.lanes]
        self._retired = False

    def rows(self, facts: Facts) -> tuple[str, ...]:
        """Return the ids of all rows that hit, in table order, before the hit policy.

        Raises DecisionRefused for facts no evaluator takes, and NoSecondOpinion.
        """
        table = self.program.ruleset.table
        return tuple(table.rows[row].id for row in self._hits(facts))

    def decide(self, facts: Facts) -> Decision:
        """Return the decision. Raises DecisionRefused as every evaluator, and NoSecondOpinion."""
        return self._outcomes.decision(self._hits(facts), facts)

    def _hits(self, facts: Facts) -> list[int]:
        ruleset = self.program.ruleset
        checked = {
            name: check_fact(ruleset.facts[name], facts.get(name), ruleset.currency, lenient=False)
            for name in self.program.checked
        }
        told = Told(self.program, checked)
        with self._lock:
            if self._retired:
                raise no_opinion(
                    "RETE_RETIRED", "this evaluator has been retired", "该求值器已停用"
                )
            hits: set[int] = set()
            for lane, engine in self._lanes:
                hits |= engine.rows(told.message(lane))
        return sorted(hits)

    def retire(self) -> None:
        """Free the engine's memory; further calls raise NoSecondOpinion RETE_RETIRED."""
        with self._lock:
            if not self._retired:
                self._retired = True
                for _, engine in self._lanes:
                    engine.retire()


def build_rete(ruleset: Ruleset, params: Mapping[str, Value]) -> ReteEvaluator:
    """Translate and build in one step. Raises NoSecondOpinion."""
    program = translate(ruleset, params)
    if isinstance(program, NotTranslatable):
        raise program.refusal()
    return ReteEvaluator(program)
