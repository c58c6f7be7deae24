"""The rulesets on the shelf: what is live and since when, every stored version, what changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from engine.base.text import Text
from engine.rulebook.errors import RulebookError, RulesetRefused, unknown_ruleset
from engine.rulebook.families import newest_sources
from engine.rulebook.models import Revision, RevisionItem, RulesetVersion, VocabularyVersion
from engine.rulebook.revisions import current_revision, items_of
from engine.rulebook.standing import runs_since
from engine.rulebook.texts import (
    Readable,
    Source,
    current_vocabulary,
    everything,
    live_sources,
    read_all,
)
from engine.rules.model import Ruleset


@dataclass(frozen=True, slots=True)
class Shelved:
    """A stored version, its typed form, and since which revision it rules.

    `since` begins the unbroken run of a live version, and the first run of one that was live.
    `ruleset` is None when the text cannot be read with the words it was activated with.
    """

    version: RulesetVersion
    ruleset: Ruleset | None
    since: Revision | None
    live: bool


def live_rulesets(session: Session, readable: Readable = everything) -> list[Shelved]:
    """The rulesets of the live revision, by kind and name; empty before the first activation.

    Those that are `readable` alone.
    """
    number = current_revision(session)
    if number is None:
        return []
    words = current_vocabulary(session).text
    every = items_of(session, number)
    items = [one for one in every if readable(one.version.org_id, one.version.kind)]
    among = live_sources(session, number)
    since = runs_since(session, number, [item.version.hash for item in items])
    revisions = {
        one.id: one
        for one in session.exec(select(Revision).where(col(Revision.id).in_(set(since.values()))))
    }
    return [
        Shelved(
            item.version,
            _read(item.version, words, among),
            revisions.get(since[item.version.hash]),
            True,
        )
        for item in items
    ]


def named(session: Session, name: str, readable: Readable = everything) -> Shelved:
    """The live ruleset called `name`, the one activated last if there are several.

    Only among those that are `readable`. Raises RulebookError UNKNOWN_RULESET.
    """
    found = [one for one in live_rulesets(session, readable) if one.version.name == name]
    if not found:
        raise RulebookError(
            "UNKNOWN_RULESET",
            Text(
                f"no live ruleset is called {name}; look at the list of rulesets",
                f"没有名为 {name} 的生效规则集;请查看规则列表",
            ),
        )
    return max(found, key=lambda one: (one.since.id or 0) if one.since is not None else 0)


def shelved(session: Session, hash: str) -> Shelved:
    """One stored version by its hash, or by the beginning of it if that is unique.

    Raises RulebookError UNKNOWN_RULESET.
    """
    found = session.exec(
        select(RulesetVersion)
        .where(col(RulesetVersion.hash).startswith(hash, autoescape=True))
        .limit(2)
    ).all()
    if len(found) != 1 or len(hash) < 8:
        raise unknown_ruleset(hash)
    version = found[0]
    live = current_revision(session)
    row = session.exec(
        select(Revision, VocabularyVersion.text)
        .join(RevisionItem, col(RevisionItem.revision_id) == col(Revision.id))
        .join(VocabularyVersion, col(VocabularyVersion.hash) == col(Revision.vocabulary_hash))
        .where(RevisionItem.ruleset_hash == version.hash)
        .order_by(col(Revision.id))
        .limit(1)
    ).first()
    words = row[1] if row is not None else current_vocabulary(session).text
    held = live is not None and session.get(RevisionItem, (live, version.hash)) is not None
    since = row[0] if row is not None else None
    among = live_sources(session, None if held or since is None else since.id)
    ruleset = _read(version, words, among)
    if ruleset is None and since is None:
        # An extension that waits together with its parent.
        ruleset = _read(version, words, newest_sources(session, version.kind))
    if live is not None and held:
        since = session.get(Revision, runs_since(session, live, [version.hash])[version.hash])
    return Shelved(version, ruleset, since, held)


def revision_of(session: Session, number: int) -> Revision | None:
    """Who activated a revision, who approved it, when and why."""
    return session.get(Revision, number)


def versions_of(session: Session, kind: str, name: str) -> list[RulesetVersion]:
    """Every stored version of a ruleset, newest first."""
    return list(
        session.exec(
            select(RulesetVersion)
            .where(RulesetVersion.kind == kind, RulesetVersion.name == name)
            .order_by(col(RulesetVersion.version).desc())
        )
    )


def _read(version: RulesetVersion, words: str, among: Sequence[Source]) -> Ruleset | None:
    try:
        return read_all(version.file, version.text, among, words)[0]
    except RulesetRefused:
        return None
