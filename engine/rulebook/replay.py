"""Decides recorded decisions again from what is stored, and names every difference.

Plain replay uses the text, the vocabulary and the parameters each decision was made by: nothing
may differ. As of a date and as known at an instant, it uses the rules that were live then, and
the differences are the answer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from engine.base.text import SluiceError, Text
from engine.rulebook.masks import masked_json, masked_text, masks_of
from engine.rulebook.models import DecisionRow
from engine.rulebook.pinned import Pinned
from engine.rulebook.texts import StoredRulesets
from engine.rules import Evaluator, branch_params, compile_ruleset, facts_from_json, outcome_to_json
from engine.rules.extending import composition
from engine.rules.model import Ruleset
from engine.rules.reasons import Hide, open_text

BATCH = 2000
"""Decisions read at a time."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A decision that does not come out as recorded; `error` when it cannot be decided."""

    decision_id: int
    rows: tuple[str, ...]
    rows_now: tuple[str, ...]
    outcome: object
    outcome_now: object
    error: Text | None = None
    kind: str = ""
    matter: str = ""
    """What it was about: "document 4711"."""
    ruleset: str = ""
    """Name and version it was decided by, and the one it was decided by now."""
    ruleset_now: str | None = None
    hash: str = ""
    """Of the text it was decided by, and of the one it was decided by now."""
    hash_now: str | None = None
    told: bool = True
    """Whether the reader may read both: if not, rows and `error` are left out."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which decisions: those with these ids, or all; of these kinds; made at or after `since`;
    of these organisations. None and () mean no limit."""

    ids: tuple[int, ...] | None = None
    kinds: tuple[str, ...] = ()
    since: dt.datetime | None = None
    orgs: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class AsOf:
    """The rules of `known`, a revision, on business date `on` (None: each decision's own)."""

    known: Pinned
    on: dt.date | None


@dataclass(frozen=True, slots=True)
class Replayed:
    """One batch: how many decisions were decided again, and what differed."""

    count: int
    differences: tuple[Difference, ...]


class Stored(NamedTuple):
    """A recorded decision as replay reads it."""

    id: int
    org_id: str
    kind: str
    subject: str
    matter_kind: str
    matter_id: str
    org_path: str
    revision_id: int
    ruleset_hash: str
    ruleset: str
    version: int
    facts: dict[str, object]
    rows: list[str]
    outcome: object
    business_date: dt.date


Chooser = Callable[[Stored], Evaluator]
HideIn = Callable[[str], Hide]
"""organisation -> how texts of facts of its matters are shown."""


def _open_everywhere(_org: str) -> Hide:
    return open_text


def replay(session: Session, decision_ids: Sequence[int]) -> list[Difference]:
    """Re-decide from the stored facts (windows among them), the stored text, its revision's
    vocabulary and the parameters of the stored organisation path. Empty when all agree."""
    wanted = Selection(ids=tuple(decision_ids))
    return [one for batch in replay_all(session, wanted) for one in batch.differences]


def count(session: Session, wanted: Selection) -> int:
    """How many decisions a replay would go through."""
    query = select(func.count()).select_from(DecisionRow).where(*_limits(wanted))
    return int(session.exec(query).one())


def replay_all(
    session: Session,
    wanted: Selection,
    as_of: AsOf | None = None,
    *,
    batch: int = BATCH,
    hide: HideIn = _open_everywhere,
) -> Iterator[Replayed]:
    """Decide again in batches by id, so that any number fits into memory. `hide` may mask texts of
    facts in what differs."""
    choose = _Recorded(session) if as_of is None else _Known(as_of)
    for rows in _batches(session, wanted, batch):
        found = [one for row in rows if (one := _again(row, choose, hide)) is not None]
        yield Replayed(len(rows), tuple(found))


def _again(row: Stored, choose: Chooser, hide: HideIn) -> Difference | None:
    ruleset: Ruleset | None = None
    try:
        evaluator = choose(row)
        ruleset = evaluator.ruleset
        asked = {name: value for name, value in row.facts.items() if name in ruleset.facts}
        decision = evaluator.decide(facts_from_json(ruleset, asked))
    except SluiceError as error:
        return _difference(row, (), None, ruleset, error.text, hide)
    outcome = outcome_to_json(ruleset, decision)["outcome"]
    if decision.rows == tuple(row.rows) and outcome == row.outcome:
        return None
    return _difference(row, decision.rows, outcome, ruleset, None, hide)


def _difference(
    row: Stored,
    rows: tuple[str, ...],
    outcome: object,
    now: Ruleset | None,
    error: Text | None,
    hide: HideIn,
) -> Difference:
    masks = masks_of(row.facts, hide(row.org_id))
    if error is not None:
        error = Text(masked_text(error.en, masks), masked_text(error.zh, masks))
    return Difference(
        row.id,
        tuple(row.rows),
        rows,
        masked_json(row.outcome, masks),
        masked_json(outcome, masks),
        error,
        row.kind,
        f"{row.matter_kind} {row.matter_id}",
        f"{row.ruleset} {row.version}",
        None if now is None else f"{now.name} {now.version}",
        row.ruleset_hash,
        None if now is None else now.hash,
    )


# --- which evaluator decides


class _Recorded:
    """The evaluator each decision was made by; compiled once per text and parameters."""

    def __init__(self, session: Session) -> None:
        self._stored = StoredRulesets(session)
        self._known: dict[tuple[int, str, str], Evaluator] = {}

    def __call__(self, row: Stored) -> Evaluator:
        ruleset = self._stored.ruleset(row.revision_id, row.ruleset_hash, row.business_date)
        key = (row.revision_id, composition(ruleset), row.org_path)
        found = self._known.get(key)
        if found is None:
            found = compile_ruleset(ruleset, branch_params(ruleset, row.org_path.split("/")))
            self._known[key] = found
        return found


class _Known:
    """The evaluator that would decide by one revision on one date."""

    def __init__(self, as_of: AsOf) -> None:
        self._as_of = as_of

    def __call__(self, row: Stored) -> Evaluator:
        path = tuple(row.org_path.split("/"))
        on = self._as_of.on or row.business_date
        found = self._as_of.known.find(row.kind, row.subject, org_path=path, on=on)
        return found.evaluator(path)


# --- reading


def _batches(session: Session, wanted: Selection, size: int) -> Iterator[list[Stored]]:
    if wanted.ids is not None:
        ids = sorted(set(wanted.ids))
        for start in range(0, len(ids), size):
            part = replace(wanted, ids=tuple(ids[start : start + size]))
            yield _read(session, part, -1, size)
        return
    last = -1
    while rows := _read(session, wanted, last, size):
        yield rows
        last = rows[-1].id


def _read(session: Session, wanted: Selection, last: int, size: int) -> list[Stored]:
    columns = [getattr(DecisionRow, name) for name in Stored._fields]
    query = (
        sa.select(*columns)
        .where(*_limits(wanted), col(DecisionRow.id) > last)
        .order_by(col(DecisionRow.id))
        .limit(size)
    )
    session.flush()
    return [Stored(*one) for one in session.execute(query)]


def _limits(wanted: Selection) -> list[sa.ColumnElement[bool]]:
    limits: list[sa.ColumnElement[bool]] = []
    if wanted.ids is not None:
        limits.append(col(DecisionRow.id).in_(wanted.ids))
    if wanted.kinds:
        limits.append(col(DecisionRow.kind).in_(wanted.kinds))
    if wanted.since is not None:
        limits.append(col(DecisionRow.decided_at) >= wanted.since)
    if wanted.orgs is not None:
        limits.append(col(DecisionRow.org_id).in_(wanted.orgs))
    return limits
