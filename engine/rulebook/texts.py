"""Reads stored texts back into rulesets; the same text is parsed once per process."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.base.collector import Problem
from engine.base.text import Text
from engine.rulebook.errors import (
    RulebookError,
    RulesetRefused,
    unknown_revision,
    unknown_ruleset,
)
from engine.rulebook.models import Revision, RevisionItem, RulesetVersion, VocabularyVersion
from engine.rules import load_ruleset, parse_vocabulary
from engine.rules.extending import Family, Heading, heading_of, in_force, sources
from engine.rules.extending.heading import may_extend
from engine.rules.load import Loaded
from engine.rules.model import Ruleset, Vocabulary

Source = tuple[str, str]
"""File and text."""
Readable = Callable[[str, str], bool]
"""(organisation, kind) -> whether somebody may read such rulesets: what he may not read is no
parent of a text of his, and no finding speaks of it."""


def everything(_org: str, _kind: str) -> bool:
    """Whoever asks may read it all."""
    return True


@lru_cache(maxsize=32)
def vocabulary_of(text: str) -> Vocabulary:
    """The vocabulary in `text`. Raises RulesetRefused with its findings."""
    vocabulary, findings = parse_vocabulary("vocabulary.yaml", text)
    if vocabulary is None:
        raise RulesetRefused(findings)
    return vocabulary


@lru_cache(maxsize=1024)
def ruleset_of(file: str, text: str, vocabulary_text: str) -> Ruleset:
    """The ruleset in `text`, read with that vocabulary. Raises RulesetRefused with findings.

    An extension is refused: it cannot be read without its parent (see read_all).
    """
    loaded = load_ruleset(file, text, vocabulary_of(vocabulary_text))
    if loaded.ruleset is None:
        raise RulesetRefused(loaded.findings)
    return loaded.ruleset


def current_vocabulary(session: Session) -> VocabularyVersion:
    """The live revision's vocabulary; before the first revision the one stored last.

    Raises RulebookError NO_VOCABULARY when there is none yet.
    """
    live = session.exec(
        select(VocabularyVersion)
        .join(Revision, col(Revision.vocabulary_hash) == col(VocabularyVersion.hash))
        .order_by(col(Revision.id).desc())
        .limit(1)
    ).first()
    if live is not None:
        return live
    stored = session.exec(
        select(VocabularyVersion).order_by(col(VocabularyVersion.created_at).desc()).limit(1)
    ).first()
    if stored is None:
        raise RulebookError(
            "NO_VOCABULARY",
            Text(
                "there is no vocabulary yet; publish vocabulary.yaml before any ruleset",
                "尚无词汇表;请先发布 vocabulary.yaml",
            ),
        )
    return stored


def read_all(file: str, text: str, among: Iterable[Source], vocabulary: str) -> tuple[Ruleset, ...]:
    """The ruleset in `text`, composed with each version of its parent among `among`.

    `among` is in the order of precedence, and so are the rulesets; one that extends nothing is
    read alone. Raises RulesetRefused with findings.
    """
    heading = heading_of(file, text) if may_extend(text) else None
    if heading is None or heading.extends is None:
        return (ruleset_of(file, text, vocabulary),)
    family = Family(headings(among), lambda one, parent: _loaded(one, parent, vocabulary))
    found = family.loaded(heading)
    for one in found:
        if one.ruleset is None:
            raise RulesetRefused(one.findings)
    return tuple(one.ruleset for one in found if one.ruleset is not None)


def headings(among: Iterable[Source]) -> list[Heading]:
    """The headings of texts, without those that have none."""
    return [one for one in (heading_of(*source) for source in among) if one is not None]


def _loaded(heading: Heading, parent: Ruleset | Problem | None, vocabulary: str) -> Loaded:
    try:
        if isinstance(parent, Ruleset):
            chain = ((heading.file, heading.text), *sources(parent))
            return Loaded(_composed(chain, vocabulary), [])
        if parent is None:
            return Loaded(ruleset_of(heading.file, heading.text, vocabulary), [])
    except RulesetRefused as refused:
        return Loaded(None, list(refused.findings))
    words = vocabulary_of(vocabulary)
    return load_ruleset(heading.file, heading.text, words, parent=parent)


@lru_cache(maxsize=1024)
def _composed(chain: tuple[Source, ...], vocabulary: str) -> Ruleset:
    """A ruleset with its parents, its own text first; the same texts are composed once."""
    (file, text), *above = chain
    if not above:
        return ruleset_of(file, text, vocabulary)
    parent = _composed(tuple(above), vocabulary)
    loaded = load_ruleset(file, text, vocabulary_of(vocabulary), parent=parent)
    if loaded.ruleset is None:
        raise RulesetRefused(loaded.findings)
    return loaded.ruleset


class StoredRulesets:
    """Rulesets as they decide in revisions; every revision is read once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._words: dict[int, str] = {}
        self._members: dict[int, list[Source]] = {}
        self._known: dict[tuple[int, str], tuple[Ruleset, ...]] = {}

    def ruleset(self, revision: int, hash: str, on: dt.date | None = None) -> Ruleset:
        """The ruleset `hash` as it decides in `revision` on business date `on`.

        The date chooses among versions of a parent that rule one after the other; without it,
        and for a day on which none is in force, it is the one activated last. Raises
        RulebookError UNKNOWN_REVISION, UNKNOWN_RULESET, and RulesetRefused for an extension whose
        parent is not in that revision.
        """
        found = self._known.get((revision, hash))
        if found is None:
            found = self._read(revision, hash)
            self._known[revision, hash] = found
        if on is None:
            return found[0]
        return next((one for one in found if in_force(one, on)), found[0])

    def _read(self, revision: int, hash: str) -> tuple[Ruleset, ...]:
        if revision not in self._words:
            self._words[revision] = self._vocabulary(revision)
        version = self._session.get(RulesetVersion, hash)
        if version is None:
            raise unknown_ruleset(hash)
        among: Sequence[Source] = ()
        if may_extend(version.text):
            if revision not in self._members:
                self._members[revision] = live_sources(self._session, revision)
            among = self._members[revision]
        return read_all(version.file, version.text, among, self._words[revision])

    def _vocabulary(self, revision: int) -> str:
        words = self._session.exec(
            select(VocabularyVersion.text)
            .join(Revision, col(Revision.vocabulary_hash) == col(VocabularyVersion.hash))
            .where(Revision.id == revision)
        ).first()
        if words is None:
            raise unknown_revision(revision)
        return words


def ruleset_in(session: Session, revision: int, hash: str, on: dt.date | None = None) -> Ruleset:
    """One ruleset as it decides in a revision (see StoredRulesets)."""
    return StoredRulesets(session).ruleset(revision, hash, on)


def live_sources(
    session: Session, revision: int | None = None, readable: Readable = everything
) -> list[Source]:
    """The texts of a revision (default: the live one) in the order of precedence, those that are
    `readable`."""
    number: object = revision
    if number is None:
        number = sa.select(sa.func.max(Revision.id)).scalar_subquery()
    rows = session.exec(
        select(RulesetVersion.file, RulesetVersion.text, RulesetVersion.org_id, RulesetVersion.kind)
        .join(RevisionItem, col(RevisionItem.ruleset_hash) == col(RulesetVersion.hash))
        .where(col(RevisionItem.revision_id) == number)
        .order_by(col(RevisionItem.since).desc(), col(RulesetVersion.version).desc())
    )
    return [(file, text) for file, text, org, kind in rows if readable(org, kind)]
