"""Asking a second engine, which may crash: what it killed the process with three times, it is
not given again.

Before a ruleset is given to the engine that is written down and committed; when it is done, so
is that. Whatever still stands as begun when the process starts anew has killed it. All of this
is known of a variant: a ruleset with its parents and one set of parameters. A variant is tried
again once its alert MONITOR_CRASHED is resolved.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.text import SluiceError, Text
from engine.rules import Decision, Evaluator, FactValue, branch_params, compile_ruleset
from engine.rules.extending import composition
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
    key: str
    """Of its alert."""


_Key = tuple[str, int, tuple[tuple[str, Value], ...]]
"""Ruleset, its typed form (the words of its revision), parameters."""


def _key(ruleset: Ruleset, params: Mapping[str, Value]) -> _Key:
    return ruleset.hash, id(ruleset), tuple(sorted(params.items()))


def variant_of(ruleset: Ruleset, org_path: tuple[str, ...]) -> str:
    """What identifies the ruleset with its parents and parameters at an organisation."""
    params = sorted(branch_params(ruleset, org_path).items())
    return hashlib.sha256(f"{composition(ruleset)} {params!r}".encode()).hexdigest()


_KEPT = 200
"""Loaded rulesets at most: one per version and set of parameters."""


class Opinions:
    """Which rulesets the second engine is asked about, and its opinions on them."""

    def __init__(self, db: sa.Engine, second: SecondEngine | None) -> None:
        self._db = db
        self._second = second
        self._states: dict[tuple[str, str], str] = {}
        self._loaded: dict[_Key, Opinion | None] = {}
        self._first: dict[_Key, Evaluator] = {}
        if second is not None:
            with transaction(db) as session:
                session.execute(_CONDEMN, {"most": MOST_CRASHES})
                rows = session.execute(
                    sa.text("SELECT ruleset_hash, variant, state FROM second_opinion")
                )
                self._states = {
                    (str(row.ruleset_hash), str(row.variant)): str(row.state) for row in rows
                }

    def prepare(self, ruleset: Ruleset, org_path: tuple[str, ...]) -> bool:
        """Whether the engine may be given the ruleset; tried in another process when new."""
        if self._second is None:
            return False
        key = ruleset.hash, variant_of(ruleset, org_path)
        state = self._states.get(key)
        if state is None or state == "new" or (state == "crashed" and self._forgiven(key)):
            why = self._probed(ruleset, branch_params(ruleset, org_path))
            state = "good" if why is None else "refused"
            self._write(_JUDGED, key, state=state, why=None if why is None else why.en)
            self._states[key] = state
        return state == "good"

    def _probed(self, ruleset: Ruleset, params: Mapping[str, Value]) -> Text | None:
        assert self._second is not None
        try:
            return self._second.probe(ruleset, params)
        except Exception as error:  # noqa: BLE001 - the ruleset goes on without this engine
            return Text(f"it could not be tried: {error}", f"无法试用:{error}")

    @contextmanager
    def trying(self, ruleset: Ruleset, org_path: tuple[str, ...]) -> Iterator[None]:
        """Everything asked of the engine about one variant of a ruleset."""
        key = ruleset.hash, variant_of(ruleset, org_path)
        self._write(_BEGIN, key)
        yield
        self._write(_END, key)

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

    def _forgiven(self, key: tuple[str, str]) -> bool:
        """Whether somebody has resolved the variant's alert: it begins anew."""
        return self._write(_FORGIVE, key) > 0

    def _write(self, statement: sa.TextClause, key: tuple[str, str], **values: str | None) -> int:
        """Rows changed."""
        given = {"hash": key[0], "variant": key[1], **values}
        with transaction(self._db) as session:
            done = session.execute(statement, given)
            assert isinstance(done, sa.CursorResult)
            return done.rowcount


CRASHED = "MONITOR_CRASHED"

_CONDEMN = sa.text(
    "UPDATE second_opinion SET state = 'crashed', tries = 0, condemned = condemned + 1, "
    "why = 'the process ended ' || tries || ' times while it was asked' "
    "WHERE tries >= :most AND state <> 'crashed'"
)
_JUDGED = sa.text("""
INSERT INTO second_opinion (ruleset_hash, variant, org_id, state, why)
SELECT hash, :variant, org_id, :state, :why FROM ruleset_version WHERE hash = :hash
ON CONFLICT (ruleset_hash, variant) DO UPDATE SET state = excluded.state, why = excluded.why""")
_ONE = "WHERE ruleset_hash = :hash AND variant = :variant"
_BEGIN = sa.text(f"UPDATE second_opinion SET tries = tries + 1 {_ONE}")  # noqa: S608 - constants
_END = sa.text(f"UPDATE second_opinion SET tries = 0 {_ONE}")  # noqa: S608
_ALERT = f"'{CRASHED}:' || ruleset_hash || ':' || variant || ':' || condemned"
_FORGIVE = sa.text(f"""
UPDATE second_opinion SET state = 'new', why = NULL {_ONE} AND state = 'crashed'
AND EXISTS (SELECT 1 FROM alert WHERE dedupe_key = {_ALERT} AND alert.state = 'resolved')
""")  # noqa: S608


def crashes(session: Session) -> list[Crash]:
    """Every variant the second engine is not given because it killed the process."""
    rows = session.execute(
        sa.text(f"""
            SELECT v.name, v.version, v.hash, v.org_id, {_ALERT} AS key FROM second_opinion s
            JOIN ruleset_version v ON v.hash = s.ruleset_hash
            WHERE s.state = 'crashed'""")  # noqa: S608
    )
    return [Crash(row.name, row.version, row.hash, row.org_id, row.key) for row in rows]
