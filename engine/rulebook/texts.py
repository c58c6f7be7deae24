"""Reads stored texts back into rulesets; the same text is parsed once per process."""

from __future__ import annotations

from functools import lru_cache

from sqlmodel import Session, col, select

from engine.base.text import Text
from engine.rulebook.errors import (
    RulebookError,
    RulesetRefused,
    unknown_revision,
    unknown_ruleset,
)
from engine.rulebook.models import Revision, RulesetVersion, VocabularyVersion
from engine.rules import load_ruleset, parse_vocabulary
from engine.rules.model import Ruleset, Vocabulary


@lru_cache(maxsize=32)
def vocabulary_of(text: str) -> Vocabulary:
    """The vocabulary in `text`. Raises RulesetRefused with its findings."""
    vocabulary, findings = parse_vocabulary("vocabulary.yaml", text)
    if vocabulary is None:
        raise RulesetRefused(findings)
    return vocabulary


@lru_cache(maxsize=1024)
def ruleset_of(file: str, text: str, vocabulary_text: str) -> Ruleset:
    """The ruleset in `text`, read with that vocabulary. Raises RulesetRefused with findings."""
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


def ruleset_in(session: Session, revision: int, hash: str) -> Ruleset:
    """The ruleset `hash` as it decides in `revision`: with that revision's vocabulary.

    Raises RulebookError UNKNOWN_REVISION or UNKNOWN_RULESET.
    """
    words = session.exec(
        select(VocabularyVersion.text)
        .join(Revision, col(Revision.vocabulary_hash) == col(VocabularyVersion.hash))
        .where(Revision.id == revision)
    ).first()
    if words is None:
        raise unknown_revision(revision)
    version = session.get(RulesetVersion, hash)
    if version is None:
        raise unknown_ruleset(hash)
    return ruleset_of(version.file, version.text, words)
