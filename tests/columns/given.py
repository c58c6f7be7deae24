"""Compare the columns evaluator with the compiled one, document by document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.rules import Decision, DecisionRefused, Evaluator, FactValue
from engine.rules.columns import ColumnsEvaluator, Decided, FactColumns, facts_of
from engine.rules.columns.facts import distinction

Facts = Mapping[str, FactValue]


def told(answer: Decision | DecisionRefused) -> object:
    """An answer as something that differs wherever a reader could see a difference."""
    if isinstance(answer, DecisionRefused):
        return answer.code, answer.text
    return answer.rows, [
        {
            name: value if isinstance(value, tuple) else distinction(value)
            for name, value in outcome.items()
        }
        for outcome in answer.outcomes
    ]


def one_by_one(evaluator: Evaluator, documents: Sequence[Facts]) -> list[object]:
    """What the compiled evaluator says of each document."""
    found: list[object] = []
    for facts in documents:
        try:
            found.append(told(evaluator.decide(facts)))
        except DecisionRefused as refused:
            found.append(told(refused))
    return found


def counted(evaluator: Evaluator, documents: Sequence[Facts]) -> dict[str, int]:
    """Documents per row whose every cell is satisfied, asked cell by cell."""
    table = evaluator.ruleset.table
    return {
        row.id: sum(
            all(evaluator.holds(at, column, facts) for column in range(len(table.inputs)))
            for facts in documents
        )
        for at, row in enumerate(table.rows)
    }


def answers(decided: Decided) -> list[object]:
    """What the columns evaluator says of each document."""
    each = [told(one) for one in decided.decisions]
    return [each[code] for code in decided.codes]


def check(
    evaluator: Evaluator, documents: Sequence[Facts], columns: FactColumns | None = None
) -> Decided:
    """Decide both ways and compare everything."""
    facts = facts_of(evaluator.ruleset, documents) if columns is None else columns
    decided = ColumnsEvaluator(evaluator).decide(facts)
    assert decided.codes.dtype == "int32"
    assert len(decided.codes) == len(documents)
    assert answers(decided) == one_by_one(evaluator, documents)
    assert len({repr(told(one)) for one in decided.decisions}) == len(decided.decisions)
    return decided
