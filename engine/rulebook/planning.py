"""What a reload would make live: computed as the reload computes it, and nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlmodel import Session, col, func, select

from engine.base.findings import Finding
from engine.rulebook.composing import Composed, Live, compose_set, ruling
from engine.rulebook.errors import RulesetRefused
from engine.rulebook.families import extending, org_tree
from engine.rulebook.models import (
    Revision,
    RevisionItem,
    RulesetVersion,
    ScheduledActivation,
    VocabularyVersion,
)
from engine.rulebook.revisions import current_revision, items_of, signed_version
from engine.rulebook.texts import Source, current_vocabulary, read_all
from engine.rulebook.versions import pending
from engine.rulebook.words.errors import superseded_words
from engine.rulebook.words.standing import builds_on_live, signed_words, waiting_words
from engine.rules.diff import Diff, diff_rulesets
from engine.rules.model import Ruleset


@dataclass(frozen=True, slots=True)
class Planned:
    """One ruleset that would change. `diff` is None where one of both is not there."""

    change: Literal["added", "changed", "leaving"]
    old: RulesetVersion | None
    new: RulesetVersion | None
    old_ruleset: Ruleset | None
    new_ruleset: Ruleset | None
    diff: Diff | None

    @property
    def version(self) -> RulesetVersion:
        """The version that comes, or the one that leaves."""
        found = self.new or self.old
        if found is None:
            raise AssertionError("a change is of some version")
        return found


@dataclass(frozen=True, slots=True)
class PlannedWords:
    """The vocabulary that would change."""

    old: VocabularyVersion
    new: VocabularyVersion


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a reload is asked to make live."""

    versions: list[RulesetVersion]
    words: VocabularyVersion | None
    """A vocabulary that was signed; None: the live one stays."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What would become live over revision `revision` (0: the first one).

    With an error among `findings` the reload would change nothing.
    """

    revision: int
    changes: tuple[Planned, ...]
    findings: tuple[Finding, ...]
    broken: bool
    unsigned: int
    """Proposed versions that still wait for a second person."""
    scheduled: tuple[ScheduledActivation, ...]
    """What becomes live by itself later."""
    words: PlannedWords | None = None
    """The vocabulary, if it changes as well."""

    @property
    def new_words(self) -> bool:
        """Whether the vocabulary changes as well."""
        return self.words is not None

    @property
    def empty(self) -> bool:
        """Whether a reload would change nothing."""
        return not self.changes and not self.new_words


_RULESET = col(RulesetVersion.kind), col(RulesetVersion.name), col(RulesetVersion.org_id)


def waiting_versions(session: Session) -> list[RulesetVersion]:
    """Signed versions that never ruled and wait for a reload, oldest first.

    Not among them: what is older than a version that was live already, and what a timed
    activation will take.
    """
    versions = session.exec(
        select(RulesetVersion)
        .where(
            col(RulesetVersion.reviewer).is_not(None),
            col(RulesetVersion.hash).not_in(select(RevisionItem.ruleset_hash)),
        )
        .order_by(col(RulesetVersion.kind), col(RulesetVersion.name), col(RulesetVersion.version))
    ).all()
    highest = {
        (kind, name, org_id): int(top)
        for kind, name, org_id, top in session.exec(
            select(*_RULESET, func.max(RulesetVersion.version))
            .join(RevisionItem, col(RevisionItem.ruleset_hash) == col(RulesetVersion.hash))
            .group_by(*_RULESET)
        )
    }
    timed = {hash for one in scheduled(session) for hash in one.hashes}
    return [
        one
        for one in versions
        if one.version > highest.get((one.kind, one.name, one.org_id), 0) and one.hash not in timed
    ]


def scheduled(session: Session, *, state: str | None = "waiting") -> list[ScheduledActivation]:
    """Timed activations in a state (None: in any), by their time."""
    query = select(ScheduledActivation).order_by(
        col(ScheduledActivation.activate_at), col(ScheduledActivation.id)
    )
    if state is not None:
        query = query.where(ScheduledActivation.state == state)
    return list(session.exec(query))


def chosen(session: Session, hashes: Sequence[str] | None) -> Chosen:
    """The signed versions and the vocabulary that `hashes` name; None: all that waits.

    Raises RulebookError as `signed_version`, and WORDS_SUPERSEDED for a vocabulary that does not
    build on the live one.
    """
    if hashes is None:
        return Chosen(waiting_versions(session), waiting_words(session))
    versions: list[RulesetVersion] = []
    words: VocabularyVersion | None = None
    for hash in dict.fromkeys(hashes):
        named = signed_words(session, hash)
        if named is None:
            versions.append(signed_version(session, hash))
        elif words is not None or not builds_on_live(session, named.hash):
            raise superseded_words(named.hash)
        else:
            words = named
    return Chosen(versions, words)


def plan_reload(session: Session, hashes: Sequence[str] | None = None) -> Plan:
    """What a reload of `hashes` (None: of all that waits) would change.

    Raises RulebookError as `activate` for versions that cannot be named.
    """
    number = current_revision(session) or 0
    live = items_of(session, number)
    asked = chosen(session, hashes)
    held = {item.version.hash for item in live}
    new = [one for one in asked.versions if one.hash not in held]
    old_words = current_vocabulary(session)
    words = asked.words or old_words
    changed = planned_words(old_words, words)
    composed = compose_set(live, new, words, recheck=changed is not None, orgs=org_tree(session))
    return Plan(
        number,
        changes_of(composed, live, old_words, words),
        composed.findings,
        composed.broken,
        len(pending(session)),
        tuple(scheduled(session)),
        changed,
    )


def planned_words(old: VocabularyVersion, new: VocabularyVersion) -> PlannedWords | None:
    """The change of the vocabulary; None where it stays."""
    return None if old.hash == new.hash else PlannedWords(old, new)


def changes_of(
    composed: Composed,
    live: Sequence[Live],
    old_words: VocabularyVersion,
    new_words: VocabularyVersion,
) -> tuple[Planned, ...]:
    """What a composed set changes, each version beside the one it takes over from.

    An extension that stays is among them where its parent's change reaches it.
    """
    paired: set[str] = set()
    found: list[Planned] = []
    before = _Shelf(ruling((), live), old_words.text)
    after = _Shelf(ruling(composed.new, composed.kept), new_words.text)
    for new in composed.new:
        old = _predecessor(new, live)
        if old is not None:
            paired.add(old.hash)
        found.append(_planned(old, new, before, after))
    found += [
        _planned(item.version, None, before, after)
        for item in composed.leaving
        if item.version.hash not in paired
    ]
    touched = extending({one.name for one in composed.new}, after.among)
    inherited = (
        _planned(item.version, item.version, before, after)
        for item in composed.kept
        if (item.version.file, item.version.text) in touched
    )
    found += [one for one in inherited if one.diff is None or not one.diff.empty]
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Shelf:
    """The texts of a set in the order of precedence, and the vocabulary they are read with."""

    among: list[Source]
    words: str

    def read(self, version: RulesetVersion | None) -> Ruleset | None:
        """The version as it decides in this set; None when it cannot be read."""
        if version is None:
            return None
        try:
            return read_all(version.file, version.text, self.among, self.words)[0]
        except RulesetRefused:
            return None


def live_words(session: Session, revision: int) -> VocabularyVersion:
    """The vocabulary of a revision; before the first the one stored last."""
    found = session.get(Revision, revision)
    words = None if found is None else session.get(VocabularyVersion, found.vocabulary_hash)
    return current_vocabulary(session) if words is None else words


def _predecessor(new: RulesetVersion, live: Sequence[Live]) -> RulesetVersion | None:
    same = [i for i in live if (i.version.kind, i.version.name) == (new.kind, new.name)]
    if not same:
        return None
    return max(same, key=lambda item: (item.since, item.version.version)).version


def _planned(
    old: RulesetVersion | None, new: RulesetVersion | None, before: _Shelf, after: _Shelf
) -> Planned:
    was, comes = before.read(old), after.read(new)
    diff = None if was is None or comes is None else diff_rulesets(was, comes)
    change: Literal["added", "changed", "leaving"] = "changed"
    if old is None or new is None:
        change = "added" if old is None else "leaving"
    return Planned(change, old, new, was, comes, diff)
