"""The shelf as one user sees it: rulesets, what waits, files and why revisions were made."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlmodel import Session, select

from engine.base.findings import Finding
from engine.base.text import Text
from engine.rulebook.checking import failed
from engine.rulebook.errors import RulebookError, RulesetRefused
from engine.rulebook.folder import FileState, folder_state
from engine.rulebook.library import Shelved, live_rulesets, named, shelved, versions_of
from engine.rulebook.models import RulesetFile, RulesetVersion
from engine.rulebook.planning import waiting_versions
from engine.rulebook.revisions import current_revision, items_of
from engine.rulebook.versions import pending, stored_versions
from engine.rules.model import Ruleset
from engine.treasury.organisations.rule_grants import RuleReach
from engine.treasury.rulesets.visible import ruling, version_for

_TOUCHING = sa.text(
    """
    WITH step AS (
      SELECT id, vocabulary_hash AS words, lag(id) OVER w AS before,
             lag(vocabulary_hash) OVER w AS words_before
      FROM revision WINDOW w AS (ORDER BY id))
    SELECT id FROM step
    WHERE id = ANY(:revisions) AND (words IS DISTINCT FROM words_before OR EXISTS (
      SELECT 1 FROM revision_item one
      WHERE one.revision_id IN (step.id, step.before) AND NOT one.ruleset_hash = ANY(:hidden)
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
    return live_rulesets(session, ruling(session, user_id).has)


def signed_for(session: Session, user_id: str, kind: str, subject: str) -> list[Ruleset]:
    """What is live for a kind and subject, as far as the user may read it: two persons' word."""
    return [
        one.ruleset
        for one in live_for(session, user_id)
        if one.ruleset is not None and (one.ruleset.kind, one.ruleset.subject) == (kind, subject)
    ]


def named_for(session: Session, user_id: str, name: str) -> Shelved:
    """The live ruleset called `name`. Raises RulebookError UNKNOWN_RULESET."""
    return named(session, name, ruling(session, user_id).has)


def versions_for(session: Session, user_id: str, kind: str, name: str) -> list[RulesetVersion]:
    """The stored versions of a ruleset that the user sees, newest first."""
    seen = ruling(session, user_id)
    return [one for one in versions_of(session, kind, name) if seen.covers(one)]


def stored_for(session: Session, user_id: str) -> list[RulesetVersion]:
    """Every stored version the user sees, by kind, name and version."""
    seen = ruling(session, user_id)
    return [one for one in stored_versions(session) if seen.covers(one)]


def pending_for(session: Session, user_id: str) -> list[RulesetVersion]:
    """The proposed versions the user sees, oldest first."""
    seen = ruling(session, user_id)
    return [one for one in pending(session) if seen.covers(one)]


def files_for(session: Session, user_id: str) -> list[FileState]:
    """The files of the folder that hold rules the user sees.

    A file that cannot be read belongs where its stored versions belong; one without any is for who
    may read every kind.
    """
    seen = ruling(session, user_id)
    owners: dict[str, set[tuple[str, str]]] = {}
    stored = select(RulesetVersion.file, RulesetVersion.org_id, RulesetVersion.kind).distinct()
    for file, org, kind in session.exec(stored):
        owners.setdefault(file, set()).add((org, kind))
    files = session.exec(select(RulesetFile.file, RulesetFile.org_id, RulesetFile.kind))
    mine = {
        file
        for file, org, kind in files
        if (seen.has(org, kind) if kind else org in seen.anywhere)
        and any(seen.has(*one) for one in owners.get(file, {(org, kind)}))
    }
    return [one for one in folder_state(session) if one.file in mine]


def findings_for(
    found: Iterable[Finding], versions: Iterable[RulesetVersion], seen: RuleReach
) -> tuple[Finding, ...]:
    """The findings of a set of `versions` that say nothing of a version outside `seen`."""
    every = list(versions)
    hidden = [one for one in every if not seen.covers(one)]
    told = [one for one in every if seen.covers(one)]
    files = {one.file for one in hidden} - {one.file for one in told}
    names = {one.name for one in hidden} - {one.name for one in told}
    return tuple(
        one
        for one in found
        if one.file not in files
        and not any(name in one.message.en or name in one.message.zh for name in names)
    )


@contextmanager
def telling(session: Session, user_id: str, revision: int | None = None) -> Iterator[None]:
    """Let a refused set of rulesets tell no more than the user may read.

    `revision`: another set than the live one and what waits. Raises RulesetRefused with the
    findings that are his, or RulebookError RULESET_REFUSED where none of the errors is.
    """
    try:
        yield
    except RulesetRefused as refused:
        numbers = [one for one in (current_revision(session), revision) if one is not None]
        versions = [item.version for one in numbers for item in items_of(session, one)]
        versions += waiting_versions(session)
        found = findings_for(refused.findings, versions, ruling(session, user_id))
        if failed(found):
            raise RulesetRefused(found) from None
        raise RulebookError(
            "RULESET_REFUSED",
            Text(
                "nothing was activated: it does not go together with rulesets that you may not "
                "read; ask somebody who may read every kind of the whole group to look at the plan",
                "未激活任何规则集:与您无权查看的规则集有冲突;请由可查看集团所有种类规则集的人员"
                "查看激活计划",
            ),
            422,
        ) from None


def touching(session: Session, user_id: str, revisions: Collection[int]) -> frozenset[int]:
    """Those of `revisions` that changed the vocabulary or a ruleset the user sees."""
    hidden = sorted(hidden_hashes(session, ruling(session, user_id)))
    asked = {"revisions": list(revisions), "hidden": hidden}
    return frozenset(session.execute(_TOUCHING, asked).scalars())


def hidden_hashes(session: Session, seen: RuleReach) -> frozenset[str]:
    """The hashes of stored versions outside `seen`."""
    asked = select(RulesetVersion.hash, RulesetVersion.org_id, RulesetVersion.kind)
    return frozenset(hash for hash, org, kind in session.exec(asked) if not seen.has(org, kind))
