"""The second opinion: rulesets evaluated by durable-rules, an engine nobody here wrote.

    why_not = unavailable()                     # None where it runs
    program = translate(ruleset, params)        # or NotTranslatable
    trouble = probe(program)                    # a throw-away process tries it first
    second = ReteEvaluator(program)
    second.rows(facts), second.decide(facts)    # DecisionRefused, NoSecondOpinion
    second.retire()

Reads the typed table by itself and shares no code with the compiled evaluator but the reading of
facts. Importing it never fails, whether or not durable-rules is installed.
"""

from engine.rules.rete.availability import unavailable
from engine.rules.rete.evaluator import ReteEvaluator, build_rete
from engine.rules.rete.probe import probe
from engine.rules.rete.program import ReteProgram
from engine.rules.rete.refusals import NoSecondOpinion, NotTranslatable
from engine.rules.rete.translate import translate

__all__ = [
    "NoSecondOpinion",
    "NotTranslatable",
    "ReteEvaluator",
    "ReteProgram",
    "build_rete",
    "probe",
    "translate",
    "unavailable",
]
