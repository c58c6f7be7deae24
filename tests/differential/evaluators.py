"""All evaluators of one ruleset, asked the same question and compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal

from engine.rules import Decision, DecisionRefused, compile_ruleset
from engine.rules.columns import ColumnsEvaluator, facts_of
from engine.rules.model import Duration, Ruleset, Value
from engine.rules.rete import NoSecondOpinion, ReteEvaluator, build_rete, unavailable
from tests.differential.plain import PARAMS, Facts, Plan, Refused, decide
from tests.rules.given import load

Params = Mapping[str, Value]
Told = tuple[tuple[str, ...], list[dict[str, object]]] | str
"""Rows and outcomes, or the code of a refusal."""
NO_OPINION = "RETE_FACT"


def ruleset_of(plan: Plan) -> Ruleset:
    """The plan's text, loaded."""
    loaded = load(plan.table(), policy=plan.policy, more=plan.envelope())
    assert loaded.ruleset is not None, [one.message.en for one in loaded.findings]
    return loaded.ruleset


def params_of(ruleset: Ruleset) -> Params:
    """The parameters' values, known beforehand."""
    return {name: PARAMS[name][1] for name in ruleset.params}


def exactly(value: object) -> object:
    """A value that differs from every other: True is not 1, and a duration is its seconds."""
    if isinstance(value, Duration):
        return "duration", value.seconds
    return type(value).__name__, value


def told(rows: Sequence[str], outcomes: Sequence[Mapping[str, object]]) -> Told:
    """A decision to compare."""
    return tuple(rows), [{k: exactly(v) for k, v in outcome.items()} for outcome in outcomes]


def by_reference(plan: Plan, facts: Facts) -> Told:
    """What the language's description says."""
    try:
        return told(*decide(plan, facts))
    except Refused as refused:
        return refused.code


def answered(decide_: Callable[[Facts], Decision], facts: Facts) -> Told:
    """What an evaluator says."""
    try:
        decision = decide_(facts)
    except DecisionRefused as refused:
        return refused.code
    except NoSecondOpinion as none:
        return none.code
    return told(decision.rows, decision.outcomes)


@contextmanager
def second_opinion(ruleset: Ruleset, params: Params) -> Iterator[ReteEvaluator | None]:
    """The second engine with the ruleset in it, or None on a machine where it cannot be."""
    if unavailable() is not None:
        yield None
        return
    evaluator = build_rete(ruleset, params)
    try:
        yield evaluator
    finally:
        evaluator.retire()


def beyond_limits(facts: Facts) -> bool:
    """Whether some fact is one the second engine must not be given."""
    return any(_beyond(value) for value in facts.values())


def _beyond(value: object) -> bool:
    if isinstance(value, Decimal):
        exponent = value.normalize().as_tuple().exponent
        return isinstance(exponent, int) and exponent < -9
    if isinstance(value, str):
        return len(value) > 4_096
    return isinstance(value, int) and abs(value) >= 2**53


def by_compiled(ruleset: Ruleset, params: Params, some: Sequence[Facts]) -> list[Told]:
    """What the compiled function says."""
    evaluator = compile_ruleset(ruleset, params)
    return [answered(evaluator.decide, facts) for facts in some]


def by_columns(ruleset: Ruleset, params: Params, some: Sequence[Facts]) -> list[Told]:
    """What the columns evaluator says, of all facts at once."""
    evaluator = ColumnsEvaluator(compile_ruleset(ruleset, params))
    decided = evaluator.decide(facts_of(ruleset, some))
    each: list[Told] = [
        one.code if isinstance(one, DecisionRefused) else told(one.rows, one.outcomes)
        for one in decided.decisions
    ]
    return [each[code] for code in decided.codes]


def by_rete(ruleset: Ruleset, params: Params, some: Sequence[Facts]) -> list[Told]:
    """What durable-rules says; NO_OPINION of facts beyond its limits, or where it is not here."""
    with second_opinion(ruleset, params) as second:
        if second is None:
            return [NO_OPINION for _ in some]
        return [answered(second.decide, facts) for facts in some]


Ask = Callable[[Ruleset, Params, Sequence[Facts]], list[Told]]
EVALUATORS: Mapping[str, Ask] = {"compiled": by_compiled, "columns": by_columns, "rete": by_rete}


def compare(
    ruleset: Ruleset,
    params: Params,
    some: Sequence[Facts],
    wanted: Sequence[Told],
    evaluators: Mapping[str, Ask] = EVALUATORS,
) -> None:
    """Assert that all evaluators say what is wanted of all facts, each with its own code."""
    for name, ask in evaluators.items():
        for facts, said, want in zip(some, ask(ruleset, params, some), wanted, strict=True):
            if said == NO_OPINION and (unavailable() is not None or beyond_limits(facts)):
                continue
            assert said == want, f"{name} disagrees\n{ruleset.text}\n{facts}"
