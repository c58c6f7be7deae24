"""Examples run against a compiled ruleset. They list only the facts their rows need."""

from __future__ import annotations

from collections.abc import Mapping

from engine.rules.compile import compile_ruleset
from engine.rules.decide import Decision, refuse
from engine.rules.evaluator import Evaluator
from engine.rules.kind import FactValue
from engine.rules.masks import reads
from engine.rules.model import Column, Example, HitPolicy, Ruleset, Value
from engine.rules.params import branch_params
from engine.rules.samples import wanted_values


def run_example(ruleset: Ruleset, example: Example, evaluator: Evaluator | None = None) -> Decision:
    """Decide the facts of an example under its branch's parameters.

    Inputs that are not listed are null. Raises DecisionRefused, with FACT_MISSING when a row
    cannot be judged without a required fact that is not listed. Outputs that read a fact that is
    not listed are left out of the outcome. `evaluator` (compiled lenient) saves compiling again.
    """
    if evaluator is None:
        path = () if example.branch is None else (example.branch,)
        evaluator = compile_ruleset(ruleset, branch_params(ruleset, path), lenient=True)
    facts = {name: value for name, value in example.given.items() if not isinstance(value, tuple)}
    missing = needed_facts(evaluator, facts)
    if missing is not None:
        row, column = missing
        raise refuse(
            "FACT_MISSING",
            f"row {row} needs {column.name}, which the example does not list; add the column",
            f"行 {row} 需要 {column.name}，示例未列出；请添加该列",
        )
    return evaluator.decide(facts)


def needed_facts(evaluator: Evaluator, facts: Mapping[str, FactValue]) -> tuple[str, Column] | None:
    """Return the first row (its id) that hangs on a required fact that is missing, and the fact.

    A row hangs on it when its other cells match and this one is not `-`. Under `first` rows
    after a certain hit do not count.
    """
    ruleset = evaluator.ruleset
    inputs = ruleset.table.inputs
    absent = {
        name: column
        for name, column in ruleset.facts.items()
        if not column.nullable and facts.get(name) is None
    }
    for index, row in enumerate(ruleset.table.rows):
        asked = [reads(column, cell) for column, cell in zip(inputs, row.cells, strict=True)]
        others = all(
            evaluator.holds(index, at, facts)
            for at, names in enumerate(asked)
            if names.isdisjoint(absent)
        )
        if not others:
            continue
        hangs_on = set().union(*asked) & set(absent)
        if hangs_on:
            return row.id, absent[min(hangs_on)]
        if ruleset.hit_policy is HitPolicy.FIRST:
            return None
    return None


def wanted_outcomes(ruleset: Ruleset, example: Example) -> dict[str, tuple[Value | None, ...]]:
    """Return the typed outputs an example wants: per output one value per row that hits.

    Loading has read them once, so they can be read here.
    """
    columns = {column.name: column for column in ruleset.table.outputs}
    return {
        name: wanted_values(written, columns[name], ruleset.currency)
        for name, written in example.want.items()
    }
