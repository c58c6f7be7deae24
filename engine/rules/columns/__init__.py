"""Decide many documents at once, column by column, as the compiled evaluator decides each.

facts = read_facts(table, ruleset)            # an Arrow table
decided = ColumnsEvaluator(evaluator).decide(facts)
decided.decisions[decided.codes[17]]          # document 17
"""

from engine.rules.columns.errors import HistoryProblem, HistoryRefused
from engine.rules.columns.evaluate import ColumnsEvaluator, Decided
from engine.rules.columns.facts import FactColumns, facts_of
from engine.rules.columns.reading import CURRENCY_KEY, TYPE_KEY, read_facts

__all__ = [
    "CURRENCY_KEY",
    "TYPE_KEY",
    "ColumnsEvaluator",
    "Decided",
    "FactColumns",
    "HistoryProblem",
    "HistoryRefused",
    "facts_of",
    "read_facts",
]
