"""The matching rulesets as the kernel asks them: pure while pairing, recorded once per match."""

from __future__ import annotations

import datetime as dt
from dataclasses import astuple

from sqlmodel import Session

from engine.matching import PairFacts, Verdict
from engine.rulebook import Considered, Matter, Pinned
from engine.rules.kinds import matching
from engine.treasury.arrivals.items import LineWords

UNMATCHED = Verdict("unmatched", None, None, 1 << 20)


class MatchingRules:
    """The live matching ruleset of one organisation on one date."""

    def __init__(self, pinned: Pinned, org_path: tuple[str, ...], on: dt.date) -> None:
        """Raises NoLiveRuleset: then nothing is matched and the lines wait."""
        self.pinned = pinned
        """The revision of the run: whatever the run decides, it decides by this one."""
        self._path = org_path
        self._on = on
        self._known: dict[PairFacts, Considered] = {}
        ruleset = pinned.find("matching", "arrival", org_path=org_path, on=on).ruleset
        self._ranks = {row.id: place for place, row in enumerate(ruleset.table.rows)}
        self.words = LineWords(
            _lower(ruleset.extras.get("return_words")), _lower(ruleset.extras.get("fee_words"))
        )
        self.interchangeable = ruleset.extras.get("interchangeable") is True

    def decide(self, facts: PairFacts) -> Verdict:
        """The verdict about a pair; a row's rank is its place in the table."""
        considered = self._consider(facts)
        for outcome in considered.outcomes:
            if isinstance(outcome, matching.Match) and considered.rows:
                row = considered.rows[0]
                return Verdict(outcome.outcome, outcome.cardinality, row, self._ranks[row])
        return UNMATCHED

    def record(self, session: Session, facts: PairFacts, matter: Matter, now: dt.datetime) -> int:
        """Write the decision behind a match into the log; its id."""
        considered = self._consider(facts)
        return self.pinned.record(session, considered, matter=matter, now=now).decision_id

    def _consider(self, facts: PairFacts) -> Considered:
        found = self._known.get(facts)
        if found is None:
            found = self._known[facts] = self.pinned.consider(
                "matching",
                "arrival",
                matching.Pair(*astuple(facts)),
                org_path=self._path,
                on=self._on,
            )
        return found


def _lower(words: object) -> tuple[str, ...]:
    """The envelope's words; its schema has checked what they are."""
    return tuple(str(word).lower() for word in words) if isinstance(words, list | tuple) else ()
