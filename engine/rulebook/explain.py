"""Recorded decisions as people read them: the rows that fired as sentences, and what came out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from engine.base.text import Text
from engine.rulebook.models import DecisionRow, Revision, RulesetVersion, VocabularyVersion
from engine.rulebook.texts import ruleset_of
from engine.rules import branch_params
from engine.rules.sentences import row_sentences

OutcomeLine = tuple[tuple[str, str], ...]
"""Output names and their values as text; outputs that were not given are left out."""


@dataclass(frozen=True, slots=True)
class Explained:
    """One decision. `sentences` follow `rows`; no row means the `otherwise` outcome, or none."""

    id: int
    kind: str
    subject: str
    ruleset: str
    version: int
    hash: str
    revision: int
    org_id: str
    at: dt.datetime
    rows: tuple[str, ...]
    sentences: tuple[Text, ...]
    outcome: tuple[OutcomeLine, ...]
    facts: tuple[tuple[str, str], ...]


def explain(session: Session, decision_ids: Iterable[int]) -> list[Explained]:
    """The decisions in order of their ids. Whether the user may see their matter is the
    caller's question."""
    rows = session.exec(
        select(DecisionRow, RulesetVersion, VocabularyVersion.text)
        .join(RulesetVersion, col(RulesetVersion.hash) == col(DecisionRow.ruleset_hash))
        .join(Revision, col(Revision.id) == col(DecisionRow.revision_id))
        .join(VocabularyVersion, col(VocabularyVersion.hash) == col(Revision.vocabulary_hash))
        .where(col(DecisionRow.id).in_(set(decision_ids)))
        .order_by(col(DecisionRow.decided_at), col(DecisionRow.id))
    ).all()
    return [_explained(row, version, words) for row, version, words in rows]


def decisions_about(session: Session, matter_kind: str, matter_id: str) -> list[int]:
    """Ids of every decision about a matter, oldest first."""
    return list(
        session.exec(
            select(DecisionRow.id)
            .where(DecisionRow.matter_kind == matter_kind, DecisionRow.matter_id == matter_id)
            .order_by(col(DecisionRow.decided_at), col(DecisionRow.id))
        )
    )


def _explained(row: DecisionRow, version: RulesetVersion, words: str) -> Explained:
    ruleset = ruleset_of(version.file, version.text, words)
    said = row_sentences(ruleset, branch_params(ruleset, row.org_path.split("/")))
    return Explained(
        id=row.id,
        kind=row.kind,
        subject=row.subject,
        ruleset=row.ruleset,
        version=row.version,
        hash=row.ruleset_hash,
        revision=row.revision_id,
        org_id=row.org_id,
        at=row.decided_at,
        rows=tuple(row.rows),
        sentences=tuple(said[one] for one in row.rows if one in said),
        outcome=tuple(_outcome(row.outcome)),
        facts=tuple((name, _text(value)) for name, value in row.facts.items() if value is not None),
    )


def _outcome(outcome: object) -> Iterable[OutcomeLine]:
    lines: Sequence[object] = outcome if isinstance(outcome, list) else [outcome]
    for line in lines:
        if isinstance(line, Mapping):
            yield tuple((str(name), _text(v)) for name, v in line.items() if v is not None)


def _text(value: object) -> str:
    if isinstance(value, list | tuple):
        return " > ".join(str(one) for one in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
