"""Recorded decisions as people read them: the rows that fired as sentences, and what came out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from sqlmodel import Session, col, select

from engine.base.text import Text
from engine.rulebook.masks import masked_text, masks_of
from engine.rulebook.models import DecisionRow, RulesetVersion
from engine.rulebook.texts import Readable, everything, ruleset_in
from engine.rules import branch_params
from engine.rules.decide import outcome_from_json
from engine.rules.model import Column, Ruleset, Type, Value
from engine.rules.reasons import Hide, open_text
from engine.rules.sentences import row_sentences
from engine.rules.speaker import Speaker

OutcomeLine = tuple[tuple[str, str], ...]
"""Output names and their values as text; outputs that were not given are left out."""


@dataclass(frozen=True, slots=True)
class Given:
    """One output as people read it: the label of its column, and what its value is called."""

    column: str
    label: Text
    value: Text


@dataclass(frozen=True, slots=True)
class Explained:
    """One decision. `sentences` follow `rows`; no row means the `otherwise` outcome, or none.

    `told`: whether the reader may read its ruleset. If not, rows and sentences are left out.
    """

    id: int
    kind: str
    subject: str
    ruleset: str
    version: int
    hash: str
    revision: int
    author: str
    reviewer: str | None
    org_id: str
    at: dt.datetime
    rows: tuple[str, ...]
    sentences: tuple[Text, ...]
    outcome: tuple[OutcomeLine, ...]
    given: tuple[tuple[Given, ...], ...]
    """The outcome as people read it, line by line."""
    title: Text
    """What people call the ruleset."""
    facts: tuple[tuple[str, str], ...]
    told: bool = True


def explain(
    session: Session,
    decision_ids: Iterable[int],
    *,
    hide: Hide = open_text,
    readable: Readable = everything,
) -> list[Explained]:
    """The decisions in the order they were made; `hide` may mask texts of facts, and rows are told
    of rulesets that are `readable`. Whether the user may see their matter is the caller's
    question."""
    rows = session.exec(
        select(DecisionRow, RulesetVersion)
        .join(RulesetVersion, col(RulesetVersion.hash) == col(DecisionRow.ruleset_hash))
        .where(col(DecisionRow.id).in_(set(decision_ids)))
        .order_by(col(DecisionRow.decided_at), col(DecisionRow.id))
    ).all()
    return [explained(session, row, version, hide, readable) for row, version in rows]


def decisions_about(session: Session, matter_kind: str, matter_id: str) -> list[int]:
    """Ids of every decision about a matter, oldest first."""
    return list(
        session.exec(
            select(DecisionRow.id)
            .where(DecisionRow.matter_kind == matter_kind, DecisionRow.matter_id == matter_id)
            .order_by(col(DecisionRow.decided_at), col(DecisionRow.id))
        )
    )


def explained(
    session: Session,
    row: DecisionRow,
    version: RulesetVersion,
    hide: Hide = open_text,
    readable: Readable = everything,
) -> Explained:
    """One stored decision and the version it was decided by, as people read it."""
    told = readable(version.org_id, version.kind)
    ruleset = ruleset_in(session, row.revision_id, row.ruleset_hash, row.business_date)
    said: Mapping[str, Text] = {}
    if told:
        said = row_sentences(ruleset, branch_params(ruleset, row.org_path.split("/")))
    return Explained(
        id=row.id,
        kind=row.kind,
        subject=row.subject,
        ruleset=row.ruleset,
        version=row.version,
        hash=row.ruleset_hash,
        revision=row.revision_id,
        author=version.author,
        reviewer=version.reviewer,
        org_id=row.org_id,
        at=row.decided_at,
        rows=tuple(row.rows) if told else (),
        sentences=tuple(said[one] for one in row.rows if one in said),
        outcome=outcome_lines(row.outcome, row.facts, hide),
        given=given_lines(ruleset, row.outcome, row.facts, hide),
        title=ruleset.title,
        facts=tuple(
            (name, hide(name, _text(value)))
            for name, value in row.facts.items()
            if value is not None
        ),
        told=told,
    )


def outcome_lines(
    outcome: object, facts: Mapping[str, object], hide: Hide
) -> tuple[OutcomeLine, ...]:
    """An outcome in its JSON form as names and texts, one line per outcome.

    Facts that `hide` masks are masked in texts they were written into as well.
    """
    masked = _masking(facts, hide)
    lines: Sequence[object] = outcome if isinstance(outcome, list) else [outcome]
    return tuple(
        tuple(
            (str(name), masked(_text(value))) for name, value in line.items() if value is not None
        )
        for line in lines
        if isinstance(line, Mapping)
    )


def given_lines(
    ruleset: Ruleset, outcome: object, facts: Mapping[str, object], hide: Hide
) -> tuple[tuple[Given, ...], ...]:
    """The same with labels of outputs and of their values; masked alike."""
    masked = _masking(facts, hide)
    english, chinese = Speaker(ruleset, {}, "en"), Speaker(ruleset, {}, "zh")

    def said(speaker: Speaker, column: Column, value: Value) -> str:
        plain = column.type is Type.TEXT and isinstance(value, str)
        return masked(str(value) if plain else speaker.given(value, column))

    return tuple(
        tuple(
            Given(
                column.name,
                column.label,
                Text(said(english, column, value), said(chinese, column, value)),
            )
            for column in ruleset.table.outputs
            if (value := line.get(column.name)) is not None
        )
        for line in outcome_from_json(ruleset, outcome)
    )


def _masking(facts: Mapping[str, object], hide: Hide) -> Callable[[str], str]:
    """Puts what `hide` leaves of facts in their place, in texts they were written into."""
    return partial(masked_text, masks=masks_of(facts, hide))


def _text(value: object) -> str:
    if isinstance(value, list | tuple):
        return " > ".join(str(one) for one in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
