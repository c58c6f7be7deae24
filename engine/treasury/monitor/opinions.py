"""Asking a second engine, which may crash: what it killed the process with three times, it is
not given again.

Before a ruleset is given to the engine that is written down and committed; when it is done, so
is that. Whatever still stands as begun when the process starts anew has killed it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.text import SluiceError, Text
from engine.rules import Decision, Evaluator, FactValue, branch_params, compile_ruleset
from engine.rules.model import Ruleset, Value
from engine.runtime.db import transaction

MOST_CRASHES = 3
"""So often a ruleset may end the process before it goes on without the second engine for it."""


class Opinion(Protocol):
    """One ruleset under one set of parameters, as the second engine decides it."""

    def decide(self, facts: Mapping[str, FactValue]) -> Decision | None:
        """Its decision; None when it has no opinion on these facts. Raises DecisionRefused."""
        ...

    def retire(self) -> None:
        """Give its memory back."""
        ...


class SecondEngine(Protocol):
    """An engine that is not ours."""

    def opinion(self, ruleset: Ruleset, params: Mapping[str, Value]) -> Opinion:
        """Load a ruleset. Raises SluiceError when it cannot be given this one."""
        ...

    def probe(self, ruleset: Ruleset, params: Mapping[str, Value]) -> Text | None:
        """Try a ruleset in a process of its own; why it must not be loaded here, else None."""
        ...


@dataclass(frozen=True, slots=True)
class Crash:
    """A ruleset with which the second engine killed the process again and again."""

    ruleset: str
    version: int
    hash: str
    org_id: str


_Key = tuple[str, int, tuple[tuple[str, Value], ...]]
"""Ruleset, its typed form (the words of its revision), parameters."""


def _key(ruleset: Ruleset, params: Mapping[str, Value]) -> _Key:
    return ruleset.hash, id(ruleset), tuple(sorted(params.items()))


_KEPT = 200
"""Loaded rulesets at most: one per version and set of parameters."""


class Opinions:
    """Which rulesets the second engine is asked about, and its opinions on them."""

    def __init__(self, db: sa.Engine, second: SecondEngine | None) -> None:
        self._db = db
        self._second = second
        self._states: dict[str, str] = {}
        self._loaded: dict[_Key, Opinion | None] = {}
        self._first: dict[_Key, Evaluator] = {}
        if second is not None:
            with transaction(db) as session:
                session.execute(_CONDEMN, {"most": MOST_CRASHES})
                rows = session.execute(sa.text("SELECT ruleset_hash, state FROM second_opinion"))
                self._states = {str(row.ruleset_hash): str(row.state) for row in rows}

    def prepare(self, ruleset: Ruleset, org_path: tuple[str, ...]) -> bool:
        """Whether the engine may be given the ruleset; tried in another process when new."""
        if self._second is None:
            return False
        state = self._states.get(ruleset.hash)
        if state is None or state == "new":
            why = self._second.probe(ruleset, branch_params(ruleset, org_path))
            state = "good" if why is None else "refused"
            with transaction(self._db) as session:
                session.execute(
                    _JUDGED,
                    {"hash": ruleset.hash, "state": state, "why": None if why is None else why.en},
                )
            self._states[ruleset.hash] = state
        return state == "good"

    @contextmanager
    def trying(self, ruleset: Ruleset) -> Iterator[None]:
        """Everything asked of the engine about one ruleset."""
        self._write(_BEGIN, ruleset)
        yield
        self._write(_END, ruleset)

    def of(self, ruleset: Ruleset, org_path: tuple[str, ...]) -> Opinion | None:
        """The engine's own view of the ruleset at an organisation; None when it has none."""
        assert self._second is not None
        params = branch_params(ruleset, org_path)
        key = _key(ruleset, params)
        if key not in self._loaded:
            while len(self._loaded) >= _KEPT:
                oldest = self._loaded.pop(next(iter(self._loaded)))
                if oldest is not None:
                    oldest.retire()
            try:
                self._loaded[key] = self._second.opinion(ruleset, params)
            except SluiceError:  # what holds of one set of parameters need not of another
                self._loaded[key] = None
        return self._loaded[key]

    def first(self, ruleset: Ruleset, org_path: tuple[str, ...]) -> Evaluator:
        """The first evaluator, compiled anew in this process."""
        params = branch_params(ruleset, org_path)
        key = _key(ruleset, params)
        if key not in self._first:
            while len(self._first) >= _KEPT:
                self._first.pop(next(iter(self._first)))
            self._first[key] = compile_ruleset(ruleset, params)
        return self._first[key]

    def _write(self, statement: sa.TextClause, ruleset: Ruleset) -> None:
        with transaction(self._db) as session:
            session.execute(statement, {"hash": ruleset.hash})


_CONDEMN = sa.text(
    "UPDATE second_opinion SET state = 'crashed', tries = 0, "
    "why = 'the process ended ' || tries || ' times while it was asked' "
    "WHERE tries >= :most AND state <> 'crashed'"
)
_JUDGED = sa.text("""
INSERT INTO second_opinion (ruleset_hash, org_id, state, why)
SELECT hash, org_id, :state, :why FROM ruleset_version WHERE hash = :hash
ON CONFLICT (ruleset_hash) DO UPDATE SET state = excluded.state, why = excluded.why""")
_BEGIN = sa.text("UPDATE second_opinion SET tries = tries + 1 WHERE ruleset_hash = :hash")
_END = sa.text("UPDATE second_opinion SET tries = 0 WHERE ruleset_hash = :hash")


def crashes(session: Session) -> list[Crash]:
    """Every ruleset the second engine is not given because it killed the process."""
    rows = session.execute(
        sa.text("""
            SELECT v.name, v.version, v.hash, v.org_id FROM second_opinion s
            JOIN ruleset_version v ON v.hash = s.ruleset_hash WHERE s.state = 'crashed'""")
    )
    return [Crash(row.name, row.version, row.hash, row.org_id) for row in rows]
