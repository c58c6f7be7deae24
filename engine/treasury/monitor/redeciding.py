"""Deciding again what was decided, by the second engine where it can, and comparing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.base.text import SluiceError
from engine.rules import Decision, facts_from_json, outcome_to_json
from engine.rules.model import Ruleset
from engine.treasury.monitor.opinions import Opinions, variant_of


@dataclass(frozen=True, slots=True)
class Question:
    """A decision as it was recorded, or as the first evaluator has just made it."""

    ruleset: Ruleset
    org_path: tuple[str, ...]
    facts: Mapping[str, object]
    """As in the decision log."""
    rows: tuple[str, ...]
    outcome: object
    recorded: bool
    """It stands in the log: without a second engine the first one decides it again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came out the second time. `error` when it could not be decided."""

    agrees: bool
    by_rete: bool
    rows: tuple[str, ...] = ()
    outcome: object = None
    error: str | None = None


_SHOWN = 300
"""Characters of an error in a finding."""


def reason(error: Exception) -> str:
    """Why a row could not be judged; of an error that is not ours its name too."""
    own = isinstance(error, SluiceError)
    return (str(error) if own else f"{type(error).__name__}: {error}")[:_SHOWN]


def ask(opinions: Opinions, questions: Sequence[Question]) -> list[Answer]:
    """One answer per question, in order. Variants are asked about one after the other, so that
    it is known which one killed the process."""
    groups: dict[tuple[int, str], list[int]] = {}
    variants: dict[tuple[int, tuple[str, ...]], str] = {}
    for place, one in enumerate(questions):
        at = id(one.ruleset), one.org_path
        if at not in variants:
            variants[at] = variant_of(one.ruleset, one.org_path)
        groups.setdefault((id(one.ruleset), variants[at]), []).append(place)
    answers: dict[int, Answer] = {}
    for places in groups.values():
        first = questions[places[0]]
        if opinions.prepare(first.ruleset, first.org_path):
            with opinions.trying(first.ruleset, first.org_path):
                for place in places:
                    answers[place] = _second(opinions, questions[place])
        else:
            for place in places:
                answers[place] = _again(opinions, questions[place])
    return [answers[place] for place in range(len(questions))]


def _second(opinions: Opinions, one: Question) -> Answer:
    try:
        opinion = opinions.of(one.ruleset, one.org_path)
        if opinion is None:
            return _again(opinions, one)
        decision = opinion.decide(facts_from_json(one.ruleset, one.facts))
        return _again(opinions, one) if decision is None else _compare(one, decision, by_rete=True)
    except Exception as error:  # noqa: BLE001 - told as its finding; those behind it go on
        return Answer(False, True, error=reason(error))


def _again(opinions: Opinions, one: Question) -> Answer:
    """The first evaluator once more: finds what was tampered with, not its own errors."""
    if not one.recorded:
        return Answer(True, False, one.rows, one.outcome)
    try:
        decision = opinions.first(one.ruleset, one.org_path).decide(
            facts_from_json(one.ruleset, one.facts)
        )
        return _compare(one, decision, by_rete=False)
    except Exception as error:  # noqa: BLE001 - told as its finding; those behind it go on
        return Answer(False, False, error=reason(error))


def _compare(one: Question, decision: Decision, *, by_rete: bool) -> Answer:
    outcome = outcome_to_json(one.ruleset, decision)["outcome"]
    agrees = decision.rows == one.rows and outcome == one.outcome
    return Answer(agrees, by_rete, decision.rows, outcome)
