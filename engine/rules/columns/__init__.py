"""Decide many documents at once, column by column, as the compiled evaluator decides each.

facts = read_facts(table, ruleset)            # an Arrow table
decided = ColumnsEvaluator(evaluator).decide(facts)
decided.decisions[decided.codes[17]]          # document 17
"""

from engine.rules.columns.evaluate import ColumnsEvaluator, Decided
from engine.rules.columns.facts import FactColumns, facts_of

__all__ = ["ColumnsEvaluator", "Decided", "FactColumns", "facts_of"]
