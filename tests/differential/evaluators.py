"""All evaluators of one ruleset, asked the same question and compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal

from engine.rules import Decision, DecisionRefused, Evaluator, compile_ruleset
from engine.rules.columns import ColumnsEvaluator, facts_of
from engine.rules.model import Duration, Ruleset
from engine.rules.rete import NoSecondOpinion, ReteEvaluator, build_rete, unavailable
from tests.differential.plain import PARAMS, Facts, Plan, Refused, Value, decide
from tests.rules.given import load

Told = tuple[tuple[str, ...], list[dict[str, object]]] | str
"""Rows and outcomes, or the code of a refusal."""
NO_OPINION = "RETE_FACT"


def ruleset_of(plan: Plan) -> Ruleset:
    """The plan's text, loaded."""
    loaded = load(plan.table(), policy=plan.policy, more=plan.envelope())
    assert loaded.ruleset is not None, [one.message.en for one in loaded.findings]
    return loaded.ruleset


def params_of(ruleset: Ruleset) -> dict[str, Value]:
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


def by_columns(evaluator: Evaluator, some_facts: Sequence[Facts]) -> list[Told]:
    """What the columns evaluator says, of all facts at once."""
    decided = ColumnsEvaluator(evaluator).decide(facts_of(evaluator.ruleset, some_facts))
    each: list[Told] = [
        one.code if isinstance(one, DecisionRefused) else told(one.rows, one.outcomes)
        for one in decided.decisions
    ]
    return [each[code] for code in decided.codes]


@contextmanager
def second_opinion(ruleset: Ruleset, params: Mapping[str, Value]) -> Iterator[ReteEvaluator | None]:
    """The second engine with the ruleset in it, or None on a machine where it cannot be."""
    if unavailable() is not None:
        yield None
        return
    evaluator = build_rete(ruleset, params)  # type: ignore[arg-type]
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


def compare(
    ruleset: Ruleset,
    params: Mapping[str, Value],
    some_facts: Sequence[Facts],
    wanted: Sequence[Told] | None = None,
    compiled: Evaluator | None = None,
) -> int:
    """Assert that all evaluators say the same of all facts; return how often the second engine did.

    `wanted` is what they must say; without it, what the compiled evaluator says.
    """
    evaluator = compiled or compile_ruleset(ruleset, params)  # type: ignore[arg-type]
    first = [answered(evaluator.decide, facts) for facts in some_facts]
    wanted = first if wanted is None else wanted
    columns = by_columns(evaluator, some_facts)
    opinions = 0
    with second_opinion(ruleset, params) as second:
        for at, facts in enumerate(some_facts):
            where = f"\n{ruleset.text}\n{facts}"
            assert first[at] == wanted[at], f"compiled{where}"
            assert columns[at] == wanted[at], f"columns{where}"
            if second is None:
                continue
            opinion = answered(second.decide, facts)
            if opinion == NO_OPINION:
                assert beyond_limits(facts), f"rete gave no opinion{where}"
                continue
            assert opinion == wanted[at], f"rete{where}"
            opinions += 1
    return opinions
