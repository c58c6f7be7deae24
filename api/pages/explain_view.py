"""One decision as the Explain page shows it: its grid of cells, and another ruleset beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from api.access import unmasked_orgs
from api.masking import hiding
from api.other_rules import other_rules
from engine.base.text import Text
from engine.rulebook import current_revision
from engine.rulebook.models import RulesetDraft, RulesetVersion
from engine.rulebook.standing import standings
from engine.rulebook.under_words import OutcomePair, side_by_side, under_text
from engine.rulebook.why import Under, Why, decision
from engine.rules.diff import diff_rulesets
from engine.rules.diff_sentences import diff_sentences
from engine.rules.explaining import ColumnWhy, Explanation, RowWhy
from engine.treasury.rulesets import shelf, writing
from engine.treasury.rulesets.explaining import whys_for

FEW = 8
"""A table of so many rows is shown whole."""
NEAR = 12
"""Most rows shown that nearly matched."""
CHANGES = 12
"""Most sentences about what another ruleset changes."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of a ruleset under those of its columns that they ask about."""

    columns: tuple[ColumnWhy, ...]
    rows: tuple[RowWhy, ...]


@dataclass(frozen=True, slots=True)
class Cells:
    """Every row: what decided and nearly did, and the others."""

    shown: Grid
    folded: Grid


@dataclass(frozen=True, slots=True)
class Beside:
    """Another ruleset beside the one that decided. `changed`: rows that say something else in it,
    or are new."""

    name: Text
    under: Under
    sentence: Text
    pairs: tuple[OutcomePair, ...]
    changes: tuple[Text, ...]
    hidden: int
    changed: frozenset[str]
    cells: Cells | None


@dataclass(frozen=True, slots=True)
class Choices:
    """Drafts and versions of a ruleset that a decision can be put under, and the open drafts the
    user may add examples to."""

    drafts: tuple[RulesetDraft, ...]
    versions: tuple[RulesetVersion, ...]
    standings: dict[str, str]
    editable: tuple[RulesetDraft, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One decision on the page."""

    found: Why
    cells: Cells
    beside: Beside | None
    choices: Choices


def steps_of(
    session: Session,
    user_id: str,
    org_id: str,
    decision_ids: Sequence[int],
    *,
    reference: str | None = None,
    text: str | None = None,
) -> list[Step]:
    """The decisions about a matter of `org_id`, in the order they were made.

    With a reference or a text only those that ruleset could have made. Whether the user may see
    the matter is the caller's question. Raises as `other_rules` and `whys_for`.
    """
    rows = [decision(session, one) for one in decision_ids]
    other = other_rules(session, user_id, org_id, rows, reference=reference, text=text)
    hide = hiding(org_id, unmasked_orgs(session, user_id))
    name = None if other is None else _name(reference if text is None else None, other.title)
    offered: dict[tuple[str, str], Choices] = {}
    steps = []
    for found in whys_for(session, user_id, decision_ids, hide, under=other):
        key = (found.stored.kind, found.stored.ruleset)
        if key not in offered:
            offered[key] = _choices(session, user_id, *key)
        beside = None if name is None or found.under is None else _beside(found, found.under, name)
        steps.append(Step(found, cells_of(found.explanation), beside, offered[key]))
    return steps


def cells_of(found: Explanation) -> Cells:
    """Rows that decided, those that missed by one condition while another held, the others."""
    rows = found.nearest_first()
    first = [one for one in rows if one.hit]
    near = [one for one in rows if one.missed == 1 and len(one.cells) > 1]
    shown = rows if len(rows) <= FEW else first + near[:NEAR]
    names = {one.row for one in shown}
    folded = [one for one in rows if one.row not in names]
    return Cells(_grid(found, shown), _grid(found, folded))


def _grid(found: Explanation, rows: Sequence[RowWhy]) -> Grid:
    asked = {cell.column for row in rows for cell in row.cells}
    return Grid(tuple(one for one in found.columns if one.column in asked), tuple(rows))


def _name(reference: str | None, title: Text) -> Text:
    if reference is None:
        return Text("the pasted text", "粘贴的文本")
    number = reference.strip().removeprefix("draft:")
    if number != reference.strip():
        return Text(f"draft {number}", f"草稿 {number}")
    return title


def _beside(found: Why, under: Under, name: Text) -> Beside:
    if under.ruleset.title == name:
        number = under.ruleset.version
        name = Text(f"{name.en} v{number}", f"{name.zh} v{number}")
    diff = diff_rulesets(found.ruleset, under.ruleset)
    changes = [] if diff.empty else diff_sentences(found.ruleset, under.ruleset, diff)
    said = {row.row: row.sentence for row in found.explanation.rows}
    rows = () if under.explanation is None else under.explanation.rows
    return Beside(
        name=name,
        under=under,
        sentence=under_text(found, under, name),
        pairs=side_by_side(found, under),
        changes=tuple(changes[:CHANGES]),
        hidden=max(0, len(changes) - CHANGES),
        changed=frozenset(row.row for row in rows if said.get(row.row) != row.sentence),
        cells=None if under.explanation is None else cells_of(under.explanation),
    )


def _choices(session: Session, user_id: str, kind: str, name: str) -> Choices:
    drafts = tuple(
        one
        for one in writing.visible_drafts(session, user_id)
        if (one.kind, one.name) == (kind, name)
    )
    versions = shelf.versions_for(session, user_id, kind, name)
    return Choices(
        drafts,
        tuple(versions),
        standings(session, current_revision(session), versions),
        tuple(one for one in drafts if writing.may_edit(session, user_id, one)),
    )
