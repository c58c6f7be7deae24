"""The rule language: ruleset text to a checked, typed table to decisions.

Pure: no database, no web, no clock, nothing of ours except engine.base.

    vocabulary, findings = load_vocabulary(path)
    loaded = load_ruleset(file, text, vocabulary)
    evaluator = compile_ruleset(loaded.ruleset, branch_params(loaded.ruleset, ("GROUP", "SH")))
    decision = evaluator.decide({"amount": 4_999_999, "creditor_type": "agent"})
"""

from engine.base.findings import Finding, Severity, Span
from engine.rules.compile import compile_ruleset
from engine.rules.decide import (
    Decision,
    DecisionRefused,
    Outcome,
    check_fact,
    facts_from_json,
    outcome_to_json,
)
from engine.rules.envelope import content_hash
from engine.rules.evaluator import Evaluator
from engine.rules.examples import needed_facts, run_example, wanted_outcomes
from engine.rules.kind import FactValue, Kind, OutputSpec
from engine.rules.load import Loaded, load_ruleset
from engine.rules.params import branch_params, distinct_params
from engine.rules.registry import all_kinds, find_kind
from engine.rules.schema import envelope_schema
from engine.rules.suggest import nearest
from engine.rules.values import value_text
from engine.rules.vocabulary import load_vocabulary, parse_vocabulary

__all__ = [
    "Decision",
    "DecisionRefused",
    "Evaluator",
    "FactValue",
    "Finding",
    "Kind",
    "Loaded",
    "Outcome",
    "OutputSpec",
    "Severity",
    "Span",
    "all_kinds",
    "branch_params",
    "check_fact",
    "compile_ruleset",
    "content_hash",
    "distinct_params",
    "envelope_schema",
    "facts_from_json",
    "find_kind",
    "load_ruleset",
    "load_vocabulary",
    "nearest",
    "needed_facts",
    "outcome_to_json",
    "parse_vocabulary",
    "run_example",
    "value_text",
    "wanted_outcomes",
]
