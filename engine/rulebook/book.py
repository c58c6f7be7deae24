"""Gives out the revisions a process decides by; a request or a run keeps the one it began with."""

from __future__ import annotations

import datetime as dt
import threading
from collections import OrderedDict
from weakref import WeakValueDictionary

from sqlmodel import Session

from engine.rulebook.decision_log import DecisionIds, fact_types
from engine.rulebook.errors import unknown_revision
from engine.rulebook.models import Revision, VocabularyVersion
from engine.rulebook.pinned import LiveRuleset, Pinned
from engine.rulebook.revisions import current_revision, items_of, known_revision
from engine.rulebook.texts import live_sources, read_all, vocabulary_of
from engine.rules import find_kind
from engine.rules.model import Vocabulary

KEPT = 8
"""Revisions a process keeps at hand besides those in use."""


class Rulebook:
    """Gives out pinned revisions; keeps the ones used last, since revisions never change.

    A revision that somebody still works with is the same object for all, however old it is;
    nobody's is lost by making room. Safe between threads.
    """

    def __init__(self, kept: int = KEPT) -> None:
        self._ids = DecisionIds()
        self._lock = threading.Lock()
        self._most = kept
        self._recent: OrderedDict[int, Pinned] = OrderedDict()
        self._in_use: WeakValueDictionary[int, Pinned] = WeakValueDictionary()

    def at(self, session: Session, revision: int | None = None) -> Pinned:
        """The live revision, or the one named. One small query when it was read before."""
        number = revision if revision is not None else (current_revision(session) or 0)
        with self._lock:
            found = self._in_use.get(number)
            if found is not None:
                return self._keep(number, found)
        read = self._read(session, number)
        with self._lock:
            return self._keep(number, self._in_use.get(number) or read)

    def known_at(self, session: Session, instant: dt.datetime) -> Pinned:
        """The revision that was live at `instant`: what was known then, for any date."""
        return self.at(session, known_revision(session, instant) or 0)

    def held(self) -> frozenset[int]:
        """The revisions in memory."""
        with self._lock:
            return frozenset(self._in_use.keys())

    def _known(self) -> dict[int, LiveRuleset]:
        """The rulesets of the revisions at hand by identity: a text read with the same words and
        parent is one object, so that a reload compiles only what has changed."""
        with self._lock:
            return {id(live.ruleset): live for one in self._recent.values() for live in one.live()}

    def _keep(self, number: int, pinned: Pinned) -> Pinned:
        """Note the use of `pinned`, and let go of what was used longest ago."""
        self._in_use[number] = pinned
        self._recent[number] = pinned
        self._recent.move_to_end(number)
        while len(self._recent) > self._most:
            self._recent.popitem(last=False)
        return pinned

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
        known = self._known()
        among = live_sources(session, number)
        for item in items_of(session, number):
            for ruleset in read_all(item.version.file, item.version.text, among, words.text):
                kind = find_kind(ruleset.kind)
                if kind is None:
                    raise AssertionError(f"a live ruleset has the unknown kind {ruleset.kind}")
                types = fact_types(ruleset, vocabulary)
                live = LiveRuleset(ruleset, kind, types, item.since)
                same = known.get(id(ruleset))
                rulesets.append(live if same is None else live.compiled_as(same))
        return Pinned(number, vocabulary, tuple(rulesets), self._ids)
