"""What each revision changed: the versions that came, beside those they took over from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlmodel import Session, col, func, select

from engine.rulebook.models import Revision, RevisionItem, RulesetVersion


@dataclass(frozen=True, slots=True)
class VersionChange:
    """One ruleset of a revision: None where nothing was before, or nothing is after."""

    old: RulesetVersion | None
    new: RulesetVersion | None

    @property
    def version(self) -> RulesetVersion:
        """The version that came, or the one that left."""
        found = self.new or self.old
        if found is None:
            raise AssertionError("a change is of some version")
        return found


@dataclass(frozen=True, slots=True)
class RevisionChanges:
    """What differs from the revision before."""

    rulesets: tuple[VersionChange, ...]
    words: bool
    """Whether the vocabulary became another one."""


def revision_changes(session: Session, revisions: Collection[int]) -> dict[int, RevisionChanges]:
    """Revision -> what it changed against the one before, by kind and name."""
    before = {
        number: session.exec(
            select(func.max(Revision.id)).where(col(Revision.id) < number)
        ).one_or_none()
        for number in revisions
    }
    wanted = {*revisions, *(one for one in before.values() if one is not None)}
    held: dict[int, set[str]] = {one: set() for one in wanted}
    for number, hash in session.exec(
        select(RevisionItem.revision_id, RevisionItem.ruleset_hash).where(
            col(RevisionItem.revision_id).in_(wanted)
        )
    ):
        held[number].add(hash)
    words = dict(
        session.exec(
            select(Revision.id, Revision.vocabulary_hash).where(col(Revision.id).in_(wanted))
        ).all()
    )
    hashes = set().union(*held.values())
    versions = {
        one.hash: one
        for one in session.exec(select(RulesetVersion).where(col(RulesetVersion.hash).in_(hashes)))
    }
    found = {}
    for number in revisions:
        earlier = before[number]
        olds = set() if earlier is None else held[earlier]
        found[number] = RevisionChanges(
            tuple(_paired(olds, held[number], versions)),
            earlier is not None and words[earlier] != words[number],
        )
    return found


def _paired(
    olds: set[str], news: set[str], versions: Mapping[str, RulesetVersion]
) -> Iterable[VersionChange]:
    gone = {hash: versions[hash] for hash in olds - news}
    stays = [versions[hash] for hash in olds & news]
    come = sorted(
        (versions[hash] for hash in news - olds), key=lambda one: (one.kind, one.name, one.version)
    )
    for new in come:
        old = _highest(new, gone.values())
        if old is not None:
            del gone[old.hash]
        else:
            old = _highest(new, stays)  # it rules beside it, each its own days
        yield VersionChange(old, new)
    for old in sorted(gone.values(), key=lambda one: (one.kind, one.name, one.version)):
        yield VersionChange(old, None)


def _highest(new: RulesetVersion, among: Iterable[RulesetVersion]) -> RulesetVersion | None:
    same = [one for one in among if (one.kind, one.name) == (new.kind, new.name)]
    return max(same, key=lambda one: one.version, default=None)
