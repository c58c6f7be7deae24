"""The rulesets of a group as a tree: by kind and subject, a branch's below the group's, and beside
what is live whatever is being written or waits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlmodel import Session

from engine.rulebook.draft_text import heading
from engine.rulebook.expiry import Expiry, Force, expiry
from engine.rulebook.library import Shelved
from engine.rulebook.models import RulesetDraft, RulesetVersion
from engine.rulebook.planning import scheduled, waiting_versions
from engine.rulebook.revisions import current_revision
from engine.rulebook.standing import standings
from engine.treasury.organisations.models import Organisation
from engine.treasury.organisations.tree import organisations
from engine.treasury.rulesets.shelf import live_for, stored_for
from engine.treasury.rulesets.writing import visible_drafts

STATES = ("live", "draft", "proposed", "returned", "signed", "timed", "undone", "expiring")
"""What a list may be narrowed to: `signed` waits for activation, `timed` becomes live by itself,
`undone` was taken back, `expiring` is not in force for the next 30 days."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What to show; None does not narrow. `org` means that organisation and everything below."""

    kind: str | None = None
    org: str | None = None
    state: str | None = None
    word: str | None = None
    """A word of the vocabulary, or an output, that the live ruleset names."""


@dataclass(frozen=True, slots=True)
class Newer:
    """A stored version above the live one, and how it stands.

    `how`: proposed, returned, signed (a reload takes it), timed (a timed activation does),
    undone (it was live and an undo took it back), passed (signed, and a later one was live
    before it).
    """

    version: RulesetVersion
    how: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One ruleset: its live version, and what is newer than that."""

    kind: str
    subject: str
    name: str
    org_id: str
    depth: int
    """How many rulesets of the same kind and subject stand above it."""
    live: Shelved | None
    expiry: Expiry | None
    """Of the live version."""
    drafts: tuple[RulesetDraft, ...]
    """Open ones, saved last first."""
    versions: tuple[Newer, ...]
    """Stored versions above the live one, newest first."""

    @property
    def states(self) -> frozenset[str]:
        """Those of STATES that it is in."""
        found = {one.how for one in self.versions}
        found |= {"live"} if self.live else set()
        found |= {"draft"} if self.drafts else set()
        if self.expiry is not None and self.expiry.force is not Force.IN_FORCE:
            found.add("expiring")
        return frozenset(found)

    @property
    def words(self) -> frozenset[str]:
        """Words and outputs the live ruleset names."""
        if self.live is None or self.live.ruleset is None:
            return frozenset()
        ruleset = self.live.ruleset
        return frozenset(ruleset.facts) | {one.name for one in ruleset.table.outputs}


def overview(session: Session, user_id: str, today: dt.date) -> list[Entry]:
    """Every ruleset the user sees, by kind and subject, parents before what stands below them;
    drafts whose kind cannot be read come last.

    A ruleset that was never live stands where its newest version, or its draft, says.
    """
    orgs = organisations(session)
    live, versions = live_for(session, user_id), stored_for(session, user_id)
    ruling = {one.version.hash for one in live}
    newer = _newer(session, live, [one for one in versions if one.hash not in ruling])
    entries = _entries(live, newer, visible_drafts(session, user_id), orgs, today)
    return sorted(
        entries, key=lambda one: (not one.kind, one.kind, one.subject, _path(orgs, one), one.name)
    )


def narrowed(entries: list[Entry], wanted: Filter, orgs: Mapping[str, Organisation]) -> list[Entry]:
    """Those of `entries` that `wanted` names."""
    return [
        one
        for one in entries
        if wanted.kind in (None, one.kind)
        and (wanted.org is None or wanted.org in _path(orgs, one))
        and (wanted.state is None or wanted.state in one.states)
        and (wanted.word is None or wanted.word in one.words)
    ]


def places(entries: list[Entry], orgs: Mapping[str, Organisation]) -> list[Organisation]:
    """The organisations that `entries` are made for, and those above them, parents first."""
    named = {code for one in entries for code in _path(orgs, one)}
    return [one for one in orgs.values() if one.id in named]


def _newer(session: Session, live: list[Shelved], versions: list[RulesetVersion]) -> list[Newer]:
    """Those of `versions` that are above what is live of their name."""
    top: dict[tuple[str, str], int] = {}
    for one in live:
        key = (one.version.kind, one.version.name)
        top[key] = max(top.get(key, 0), one.version.version)
    above = [one for one in versions if one.version > top.get((one.kind, one.name), 0)]
    stand = standings(session, current_revision(session), above)
    waits = {one.hash for one in waiting_versions(session)}
    timed = {hash for one in scheduled(session) for hash in one.hashes}

    def how(version: RulesetVersion) -> str:
        if version.hash in timed:
            return "timed"
        found = stand[version.hash]
        if found == "signed" and version.hash not in waits:
            return "passed"
        return "undone" if found == "past" else found

    return [Newer(one, how(one)) for one in above]


def _entries(
    live: list[Shelved],
    newer: list[Newer],
    drafts: list[RulesetDraft],
    orgs: Mapping[str, Organisation],
    today: dt.date,
) -> list[Entry]:
    ruling = [one.version for one in live]
    above = [one.version for one in newer]
    coming = [*ruling, *(one.version for one in newer if one.how in ("signed", "timed"))]
    taken = {(one.kind, one.subject, one.org_id) for one in (*ruling, *above)}
    found = []
    told: set[tuple[str, str]] = set()
    # Of several live versions of one name the highest carries what is being written.
    for one in sorted(live, key=lambda one: -one.version.version):
        version = one.version
        key, first = (version.kind, version.name), (version.kind, version.name) not in told
        told.add(key)
        found.append(
            Entry(
                *(version.kind, version.subject, version.name, version.org_id),
                _depth(orgs, taken, version.kind, version.subject, version.org_id),
                one,
                expiry(version, today, coming=coming, above=_above(orgs, ruling, version)),
                _named(drafts, key) if first else (),
                _newest(newer, key) if first else (),
            )
        )
    named = {(one.kind, one.name) for one in above} | {(one.kind, one.name) for one in drafts}
    for key in named - told:
        waiting, written = _newest(newer, key), _named(drafts, key)
        subject, org = _said(waiting, written)
        depth = _depth(orgs, taken, key[0], subject, org)
        found.append(Entry(key[0], subject, key[1], org, depth, None, None, written, waiting))
    return found


def _said(versions: tuple[Newer, ...], drafts: tuple[RulesetDraft, ...]) -> tuple[str, str]:
    """Subject and organisation of a ruleset that is not live."""
    if versions:
        return versions[0].version.subject, versions[0].version.org_id
    return heading(drafts[0].text).subject, drafts[0].org_id


def _named(drafts: list[RulesetDraft], key: tuple[str, str]) -> tuple[RulesetDraft, ...]:
    return tuple(one for one in drafts if (one.kind, one.name) == key)


def _newest(newer: list[Newer], key: tuple[str, str]) -> tuple[Newer, ...]:
    mine = [one for one in newer if (one.version.kind, one.version.name) == key]
    return tuple(sorted(mine, key=lambda one: -one.version.version))


def _above(
    orgs: Mapping[str, Organisation], live: list[RulesetVersion], version: RulesetVersion
) -> list[RulesetVersion]:
    line = _line(orgs, version.org_id)[:-1]
    same = [one for one in live if (one.kind, one.subject) == (version.kind, version.subject)]
    return [one for org in reversed(line) for one in same if one.org_id == org]


def _depth(
    orgs: Mapping[str, Organisation],
    taken: Collection[tuple[str, str, str]],
    kind: str,
    subject: str,
    org_id: str,
) -> int:
    return sum((kind, subject, above) in taken for above in _line(orgs, org_id)[:-1])


def _path(orgs: Mapping[str, Organisation], one: Entry) -> tuple[str, ...]:
    return _line(orgs, one.org_id)


def _line(orgs: Mapping[str, Organisation], org_id: str) -> tuple[str, ...]:
    """Codes from the root to the organisation."""
    found = orgs.get(org_id)
    return (org_id,) if found is None else tuple(found.path.split("/"))
