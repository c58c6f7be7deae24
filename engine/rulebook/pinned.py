"""Decides by the rulesets of one revision; a request or a run keeps the one it began with."""

from __future__ import annotations

import datetime as dt
import keyword
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Protocol

from sqlmodel import Session

from engine.base.text import Text
from engine.rulebook.decision_log import DecisionIds, fact_types, facts_to_json
from engine.rulebook.errors import NoLiveRuleset, RulebookError, unknown_revision
from engine.rulebook.models import DecisionRow, Revision, VocabularyVersion
from engine.rulebook.revisions import current_revision, items_of
from engine.rulebook.texts import ruleset_of, vocabulary_of
from engine.rules import (
    Decision,
    Evaluator,
    branch_params,
    compile_ruleset,
    find_kind,
    outcome_to_json,
)
from engine.rules.kind import FactValue, Kind
from engine.rules.model import Derive, Ruleset, Type, Value, Vocabulary

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


Org = str
OrgPath = tuple[Org, ...]
"""Organisation codes from the root to the matter's own: ("GROUP", "SH", "SH01")."""


@dataclass(frozen=True, slots=True)
class Matter:
    """What a decision is about: ("document", "4711")."""

    kind: str
    id: str


class WindowSource(Protocol):
    """Counts windows over earlier matters; the treasury implements it in SQL."""

    def values(self, derive: Derive, facts: DataclassInstance, matter: Matter) -> FactValue:
        """The window's value for `matter` (money in minor units)."""


@dataclass(frozen=True, slots=True)
class Considered:
    """What a ruleset says about a matter; nothing is recorded yet."""

    rows: tuple[str, ...]
    outcomes: tuple[DataclassInstance, ...]
    """One per hit row under collect-like policies, else at most one; the kind's own class."""
    live: LiveRuleset
    org_path: OrgPath
    on: dt.date
    facts: Mapping[str, FactValue]
    decision: Decision


@dataclass(frozen=True, slots=True)
class Recorded:
    """A decision that stands in the log (with the transaction's commit)."""

    decision_id: int
    rows: tuple[str, ...]
    outcomes: tuple[DataclassInstance, ...]
    ruleset: str
    version: int
    hash: str


@dataclass(slots=True)
class LiveRuleset:
    """A ruleset of a revision with its compiled evaluators, one per distinct parameter set."""

    ruleset: Ruleset
    kind: Kind
    types: Mapping[str, Type]
    since: int
    _by_params: dict[tuple[tuple[str, Value], ...], Evaluator] = field(default_factory=dict)
    _by_path: dict[OrgPath, Evaluator] = field(default_factory=dict)

    def evaluator(self, org_path: OrgPath) -> Evaluator:
        """The compiled ruleset under the parameters of `org_path`."""
        found = self._by_path.get(org_path)
        if found is None:
            params = branch_params(self.ruleset, org_path)
            key = tuple(sorted(params.items()))
            found = self._by_params.get(key)
            if found is None:
                found = compile_ruleset(self.ruleset, params)
                self._by_params[key] = found
            self._by_path[org_path] = found
        return found

    def outcomes(self, decision: Decision) -> tuple[DataclassInstance, ...]:
        """The decision's outcomes as the kind's own class; outputs not given are None."""
        make = self.kind.outcome
        names = [f.name for f in fields(make)]
        columns = {(f"{c}_" if keyword.iskeyword(c) else c): c for c in self.kind.outputs}
        return tuple(
            make(**{name: outcome.get(columns[name]) for name in names})
            for outcome in decision.outcomes
        )


class Pinned:
    """The rulesets of one revision; 0 is the empty one before the first activation."""

    def __init__(
        self,
        revision: int,
        vocabulary: Vocabulary,
        rulesets: tuple[LiveRuleset, ...],
        ids: DecisionIds,
    ) -> None:
        self.revision = revision
        self.vocabulary = vocabulary
        self._rulesets = rulesets
        self._ids = ids
        self._index: dict[tuple[str, str, Org], list[LiveRuleset]] = {}
        for live in sorted(rulesets, key=lambda one: (-one.since, -one.ruleset.version)):
            one = live.ruleset
            self._index.setdefault((one.kind, one.subject, one.scope_org), []).append(live)

    def __iter__(self) -> Iterator[Ruleset]:
        return (live.ruleset for live in self._rulesets)

    def find(self, kind: str, subject: str, *, org_path: OrgPath, on: dt.date) -> LiveRuleset:
        """The ruleset of the nearest organisation, from leaf to root. Raises NoLiveRuleset."""
        for org in reversed(org_path):
            for live in self._index.get((kind, subject, org), ()):
                one = live.ruleset
                if one.effective_from <= on and (
                    one.effective_to is None or on <= one.effective_to
                ):
                    return live
        raise NoLiveRuleset(kind, subject, org_path[-1], on)

    def consider(
        self,
        kind: str,
        subject: str,
        facts: DataclassInstance,
        *,
        org_path: OrgPath,
        on: dt.date,
        matter: Matter | None = None,
        windows: WindowSource | None = None,
    ) -> Considered:
        """Decide without recording: for previews, and for pairs of which most come to nothing.

        `on` is the business date. Raises NoLiveRuleset, DecisionRefused, and RulebookError
        NO_WINDOWS when the ruleset counts windows that nobody can count here.
        """
        live = self.find(kind, subject, org_path=org_path, on=on)
        expected = live.kind.facts[subject]
        if type(facts) is not expected:
            raise TypeError(f"{kind} of {subject} takes {expected.__name__}, not {facts!r}")
        given: dict[str, FactValue] = {f.name: getattr(facts, f.name) for f in fields(facts)}
        for derive in live.ruleset.derive.values():
            if windows is None or matter is None:
                raise _no_windows(live.ruleset, derive)
            given[derive.name] = windows.values(derive, facts, matter)
        decision = live.evaluator(org_path).decide(given)
        return Considered(
            decision.rows, live.outcomes(decision), live, org_path, on, given, decision
        )

    def record(
        self, session: Session, considered: Considered, *, matter: Matter, now: dt.datetime
    ) -> Recorded:
        """Write what was considered into the decision log, in the session's transaction."""
        ruleset = considered.live.ruleset
        number = self._ids.take(session)
        session.add(
            DecisionRow(
                id=number,
                org_id=considered.org_path[-1],
                org_path="/".join(considered.org_path),
                revision_id=self.revision,
                ruleset_hash=ruleset.hash,
                ruleset=ruleset.name,
                version=ruleset.version,
                kind=ruleset.kind,
                subject=ruleset.subject,
                matter_kind=matter.kind,
                matter_id=matter.id,
                facts=facts_to_json(considered.facts, considered.live.types, ruleset.currency),
                rows=list(considered.rows),
                outcome=outcome_to_json(ruleset, considered.decision)["outcome"],
                business_date=considered.on,
                decided_at=now,
            )
        )
        return Recorded(
            number,
            considered.rows,
            considered.outcomes,
            ruleset.name,
            ruleset.version,
            ruleset.hash,
        )

    def decide(
        self,
        session: Session,
        kind: str,
        subject: str,
        facts: DataclassInstance,
        *,
        org_path: OrgPath,
        on: dt.date,
        matter: Matter,
        now: dt.datetime,
        windows: WindowSource | None = None,
    ) -> Recorded:
        """Decide and record. `facts` is the kind's own class for `subject`; `on` the business
        date; `now` the business instant. Raises as `consider`."""
        considered = self.consider(
            kind, subject, facts, org_path=org_path, on=on, matter=matter, windows=windows
        )
        return self.record(session, considered, matter=matter, now=now)


def _no_windows(ruleset: Ruleset, derive: Derive) -> RulebookError:
    return RulebookError(
        "NO_WINDOWS",
        Text(
            f"{ruleset.name} counts {derive.name!r} over earlier documents, which is not possible "
            "here; ask where the documents are",
            f"{ruleset.name} 需要统计历史单据({derive.name}),此处无法统计;请在有单据的流程中决策",
        ),
    )


class Rulebook:
    """Gives out pinned revisions; keeps what it has read, since revisions never change."""

    def __init__(self) -> None:
        self._ids = DecisionIds()
        self._pinned: dict[int, Pinned] = {}

    def at(self, session: Session, revision: int | None = None) -> Pinned:
        """The live revision, or the one named. One small query when it was read before."""
        number = revision if revision is not None else (current_revision(session) or 0)
        found = self._pinned.get(number)
        if found is None:
            found = self._read(session, number)
            self._pinned[number] = found
        return found

    def _read(self, session: Session, number: int) -> Pinned:
        if number == 0:
            return Pinned(0, Vocabulary({}, "vocabulary.yaml"), (), self._ids)
        revision = session.get(Revision, number)
        words = (
            None if revision is None else session.get(VocabularyVersion, revision.vocabulary_hash)
        )
        if words is None:
            raise unknown_revision(number)
        vocabulary = vocabulary_of(words.text)
        rulesets = []
        for item in items_of(session, number):
            ruleset = ruleset_of(item.version.file, item.version.text, words.text)
            kind = find_kind(ruleset.kind)
            if kind is None:
                raise AssertionError(f"a live ruleset has the unknown kind {ruleset.kind}")
            rulesets.append(LiveRuleset(ruleset, kind, fact_types(ruleset, vocabulary), item.since))
        return Pinned(number, vocabulary, tuple(rulesets), self._ids)
