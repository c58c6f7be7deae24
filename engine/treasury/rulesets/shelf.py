"""The shelf as one user sees it: rulesets, what waits, files and why revisions were made."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.rulebook.folder import FileState, folder_state
from engine.rulebook.library import Shelved, live_rulesets, named, shelved, versions_of
from engine.rulebook.models import RulesetFile, RulesetVersion
from engine.rulebook.versions import pending, stored_versions
from engine.rules.findings import Finding
from engine.treasury.rulesets.visible import ruling_orgs, version_for

_TOUCHING = sa.text(
    """
    WITH step AS (
      SELECT id, vocabulary_hash AS words, lag(id) OVER w AS before,
             lag(vocabulary_hash) OVER w AS words_before
      FROM revision WINDOW w AS (ORDER BY id))
    SELECT id FROM step
    WHERE id = ANY(:revisions) AND (words IS DISTINCT FROM words_before OR EXISTS (
      SELECT 1 FROM revision_item one JOIN ruleset_version v ON v.hash = one.ruleset_hash
      WHERE one.revision_id IN (step.id, step.before) AND v.org_id = ANY(:seen)
      AND NOT EXISTS (
        SELECT 1 FROM revision_item other WHERE other.ruleset_hash = one.ruleset_hash
        AND other.revision_id IN (step.id, step.before)
        AND other.revision_id <> one.revision_id)))
    """
)


def shelved_for(session: Session, user_id: str, hash: str) -> Shelved:
    """A stored version as it decides. Raises as `version_for`."""
    return shelved(session, version_for(session, user_id, hash).hash)


def live_for(session: Session, user_id: str) -> list[Shelved]:
    """What is live and rules an organisation the user may see."""
    return live_rulesets(session, ruling_orgs(session, user_id))


def named_for(session: Session, user_id: str, name: str) -> Shelved:
    """The live ruleset called `name`. Raises RulebookError UNKNOWN_RULESET."""
    return named(session, name, ruling_orgs(session, user_id))


def versions_for(session: Session, user_id: str, kind: str, name: str) -> list[RulesetVersion]:
    """The stored versions of a ruleset that the user sees, newest first."""
    seen = ruling_orgs(session, user_id)
    return [one for one in versions_of(session, kind, name) if one.org_id in seen]


def stored_for(session: Session, user_id: str) -> list[RulesetVersion]:
    """Every stored version the user sees, by kind, name and version."""
    seen = ruling_orgs(session, user_id)
    return [one for one in stored_versions(session) if one.org_id in seen]


def pending_for(session: Session, user_id: str) -> list[RulesetVersion]:
    """The proposed versions the user sees, oldest first."""
    seen = ruling_orgs(session, user_id)
    return [one for one in pending(session) if one.org_id in seen]


def files_for(session: Session, user_id: str) -> list[FileState]:
    """The files of the folder that hold rules the user sees.

    A file that cannot be read belongs where its stored versions belong.
    """
    seen = ruling_orgs(session, user_id)
    owners: dict[str, set[str]] = {}
    for file, org in session.exec(select(RulesetVersion.file, RulesetVersion.org_id)):
        owners.setdefault(file, set()).add(org)
    mine = {
        file
        for file, org in session.exec(select(RulesetFile.file, RulesetFile.org_id))
        if org in seen and not owners.get(file, {org}).isdisjoint(seen)
    }
    return [one for one in folder_state(session) if one.file in mine]


def findings_for(
    found: Iterable[Finding], versions: Iterable[RulesetVersion], seen: Collection[str]
) -> tuple[Finding, ...]:
    """The findings of a set of `versions` that say nothing of a version outside `seen`."""
    hidden = [one for one in versions if one.org_id not in seen]
    files = {one.file for one in hidden}
    names = {one.name for one in hidden}
    return tuple(
        one
        for one in found
        if one.file not in files
        and not any(name in one.message.en or name in one.message.zh for name in names)
    )


def touching(session: Session, user_id: str, revisions: Collection[int]) -> frozenset[int]:
    """Those of `revisions` that changed the vocabulary or a ruleset the user sees."""
    asked = {"revisions": list(revisions), "seen": sorted(ruling_orgs(session, user_id))}
    return frozenset(session.execute(_TOUCHING, asked).scalars())


def hidden_hashes(session: Session, seen: Collection[str]) -> frozenset[str]:
    """The hashes of stored versions of organisations outside `seen`."""
    asked = select(RulesetVersion.hash).where(col(RulesetVersion.org_id).not_in(seen))
    return frozenset(session.exec(asked))
