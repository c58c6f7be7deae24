"""Decides recorded decisions again from what is stored, and names every difference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from engine.base.text import SluiceError
from engine.rulebook.models import DecisionRow, Revision, RulesetVersion, VocabularyVersion
from engine.rulebook.texts import ruleset_of
from engine.rules import (
    Evaluator,
    branch_params,
    compile_ruleset,
    facts_from_json,
    outcome_to_json,
)
from engine.rules.model import Ruleset

CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Difference:
    """A decision that does not come out as recorded; `error` when it cannot be decided."""

    decision_id: int
    rows: tuple[str, ...]
    rows_now: tuple[str, ...]
    outcome: object
    outcome_now: object
    error: str | None = None


def replay(session: Session, decision_ids: Sequence[int]) -> list[Difference]:
    """Re-decide from the stored facts (windows among them), the stored text, its revision's
    vocabulary and the parameters of the stored organisation path. Empty when all agree."""
    evaluators: dict[tuple[str, str, str], tuple[Ruleset, Evaluator]] = {}
    found = []
    for row, version, words in _stored(session, decision_ids):
        key = (row.ruleset_hash, words.hash, row.org_path)
        if key not in evaluators:
            ruleset = ruleset_of(version.file, version.text, words.text)
            params = branch_params(ruleset, row.org_path.split("/"))
            evaluators[key] = (ruleset, compile_ruleset(ruleset, params))
        difference = _compare(row, *evaluators[key])
        if difference is not None:
            found.append(difference)
    return found


def _stored(
    session: Session, ids: Sequence[int]
) -> Iterator[tuple[DecisionRow, RulesetVersion, VocabularyVersion]]:
    for start in range(0, len(ids), CHUNK):
        yield from session.exec(
            select(DecisionRow, RulesetVersion, VocabularyVersion)
            .join(RulesetVersion, col(RulesetVersion.hash) == col(DecisionRow.ruleset_hash))
            .join(Revision, col(Revision.id) == col(DecisionRow.revision_id))
            .join(VocabularyVersion, col(VocabularyVersion.hash) == col(Revision.vocabulary_hash))
            .where(col(DecisionRow.id).in_(ids[start : start + CHUNK]))
            .order_by(col(DecisionRow.id))
        )


def _compare(row: DecisionRow, ruleset: Ruleset, evaluator: Evaluator) -> Difference | None:
    rows, outcome = tuple(row.rows), row.outcome
    asked = {name: value for name, value in row.facts.items() if name in ruleset.facts}
    try:
        decision = evaluator.decide(facts_from_json(ruleset, asked))
        now = outcome_to_json(ruleset, decision)["outcome"]
    except SluiceError as error:
        return Difference(row.id, rows, (), outcome, None, str(error))
    if decision.rows == rows and now == outcome:
        return None
    return Difference(row.id, rows, decision.rows, outcome, now)
