"""The rulesets of one revision, and deciding by them."""

from __future__ import annotations

import datetime as dt
import keyword
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Protocol

from sqlmodel import Session

from engine.base.text import Text
from engine.rulebook.decision_log import DecisionIds, facts_to_json
from engine.rulebook.errors import NoLiveRuleset, RulebookError
from engine.rulebook.models import DecisionRow
from engine.rules import (
    Decision,
    Evaluator,
    branch_params,
    compile_ruleset,
    outcome_to_json,
)
from engine.rules.extending import in_force
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
    """A ruleset of a revision with its compiled evaluators, one per distinct parameter set.

    An extension is there once for each version of its parent, in the order of precedence.
    """

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

    def compiled_as(self, other: LiveRuleset) -> LiveRuleset:
        """This one with the evaluators of `other`, which has the same ruleset."""
        return replace(self, _by_params=other._by_params, _by_path=other._by_path)

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

    def live(self) -> tuple[LiveRuleset, ...]:
        """The rulesets with their evaluators."""
        return self._rulesets

    def __iter__(self) -> Iterator[Ruleset]:
        return (live.ruleset for live in self._rulesets)

    def find(self, kind: str, subject: str, *, org_path: OrgPath, on: dt.date) -> LiveRuleset:
        """The ruleset of the nearest organisation, from leaf to root. Raises NoLiveRuleset."""
        for org in reversed(org_path):
            for live in self._index.get((kind, subject, org), ()):
                if in_force(live.ruleset, on):
                    return live
        raise NoLiveRuleset(kind, subject, org_path[-1], on)

    def prepare(self, paths: Iterable[OrgPath]) -> int:
        """Compile every ruleset for the organisations it may decide for; how many evaluators."""
        paths = list(paths)
        return sum(
            len({id(live.evaluator(path)) for path in paths if live.ruleset.scope_org in path})
            for live in self._rulesets
        )

    def effective(
        self, kind: str, *, org_path: OrgPath, on: dt.date, subject: str | None = None
    ) -> list[Ruleset]:
        """The rulesets that decide this kind on `on` for the organisation, one per subject."""
        subjects = {s for k, s, _ in self._index if k == kind and subject in (None, s)}
        found = []
        for one in sorted(subjects):
            try:
                found.append(self.find(kind, one, org_path=org_path, on=on).ruleset)
            except NoLiveRuleset:
                continue
        return found

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
