"""Decides recorded decisions again from what is stored, and names every difference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from engine.base.text import SluiceError
from engine.rulebook.models import DecisionRow
from engine.rulebook.texts import StoredRulesets
from engine.rules import (
    Evaluator,
    branch_params,
    compile_ruleset,
    facts_from_json,
    outcome_to_json,
)
from engine.rules.extending import composition
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
    evaluators: dict[tuple[int, str, str], tuple[Ruleset, Evaluator]] = {}
    stored = StoredRulesets(session)
    found = []
    for row in _stored(session, decision_ids):
        ruleset = stored.ruleset(row.revision_id, row.ruleset_hash, row.business_date)
        key = (row.revision_id, composition(ruleset), row.org_path)
        if key not in evaluators:
            params = branch_params(ruleset, row.org_path.split("/"))
            evaluators[key] = (ruleset, compile_ruleset(ruleset, params))
        difference = _compare(row, *evaluators[key])
        if difference is not None:
            found.append(difference)
    return found


def _stored(session: Session, ids: Sequence[int]) -> Iterator[DecisionRow]:
    for start in range(0, len(ids), CHUNK):
        yield from session.exec(
            select(DecisionRow)
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
