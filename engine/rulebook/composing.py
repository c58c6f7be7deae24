"""The set of rulesets an activation would leave live: composed and checked, nothing is written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from engine.base.findings import Finding
from engine.rulebook.check_once import check_once
from engine.rulebook.checking import disputes, failed
from engine.rulebook.errors import RulesetRefused
from engine.rulebook.families import extending
from engine.rulebook.models import RulesetVersion, VocabularyVersion
from engine.rulebook.texts import Source, read_all
from engine.rules.params import OrgTree


@dataclass(frozen=True, slots=True)
class Live:
    """One ruleset version of a revision and since which revision it has been in."""

    version: RulesetVersion
    since: int


@dataclass(frozen=True, slots=True)
class Composed:
    """What would be live: `kept` of what is, and `new` beside it; `leaving` has no day left.

    With an error among `findings` it must not become live.
    """

    kept: tuple[Live, ...]
    new: tuple[RulesetVersion, ...]
    leaving: tuple[Live, ...]
    findings: tuple[Finding, ...]

    @property
    def broken(self) -> bool:
        """Whether there is an error."""
        return failed(self.findings)


def compose_set(
    live: Sequence[Live],
    new: Sequence[RulesetVersion],
    words: VocabularyVersion,
    *,
    recheck: bool,
    orgs: OrgTree | None = None,
) -> Composed:
    """`new` beside `live` under `words`. `recheck` checks what stays as well: the vocabulary, or
    the product, is not the one it was checked with.

    Of two versions for the same scope the later activated one rules the days on which it is
    effective; versions left without a day leave the set. A change to a ruleset checks every
    extension of it; `orgs` is the group's tree.
    """
    come = [
        one
        for one in new
        if not any(covers(other, one) for other in new if other.version > one.version)
    ]
    again = {one.hash for one in come}
    others = [item for item in live if item.version.hash not in again]
    leaving = [item for item in others if any(covers(one, item.version) for one in come)]
    kept = [item for item in others if item not in leaving]
    among = ruling(come, kept)
    touched = extending({one.name for one in come}, among)
    checked = [
        *come,
        *(i.version for i in kept if recheck or (i.version.file, i.version.text) in touched),
    ]
    findings = _broken(checked, among, words, orgs)
    if not findings:
        try:
            findings = disputes(
                [
                    read_all(one.file, one.text, among, words.text)[0]
                    for one in (*(item.version for item in kept), *come)
                ]
            )
        except RulesetRefused as refused:
            findings = list(refused.findings)
    return Composed(tuple(kept), tuple(come), tuple(leaving), tuple(findings))


def ruling(new: Sequence[RulesetVersion], kept: Sequence[Live]) -> list[Source]:
    """The texts of a set in the order of precedence: what became live last rules its days."""
    first = sorted(new, key=lambda one: -one.version)
    then = sorted(kept, key=lambda item: (-item.since, -item.version.version))
    return [(one.file, one.text) for one in (*first, *(item.version for item in then))]


def covers(one: RulesetVersion, other: RulesetVersion) -> bool:
    """Whether `one` leaves the other version of its ruleset no day of its own."""
    same = (one.kind, one.subject, one.org_id, one.name) == (
        other.kind,
        other.subject,
        other.org_id,
        other.name,
    )
    ends = one.effective_to or dt.date.max
    return (
        same
        and one.effective_from <= other.effective_from
        and ends >= (other.effective_to or dt.date.max)
    )


def _broken(
    versions: Sequence[RulesetVersion],
    among: Sequence[Source],
    words: VocabularyVersion,
    orgs: OrgTree | None,
) -> list[Finding]:
    found: list[Finding] = []
    for version in versions:
        checked = check_once(version.file, version.text, words.text, among=among, orgs=orgs)
        if failed(checked.findings):
            found += checked.findings
    return found
