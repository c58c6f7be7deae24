"""The set of rulesets an activation would leave live: composed and checked, nothing is written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from engine.rulebook.checking import check_text, disputes, failed
from engine.rulebook.errors import RulesetRefused
from engine.rulebook.models import RulesetVersion, VocabularyVersion
from engine.rulebook.texts import ruleset_of, vocabulary_of
from engine.rules.findings import Finding


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
) -> Composed:
    """`new` beside `live` under `words`. `recheck` checks what stays as well: the vocabulary, or
    the product, is not the one it was checked with.

    Of two versions for the same scope the later activated one rules the days on which it is
    effective; versions left without a day leave the set.
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
    checked = [*come, *(item.version for item in kept if recheck)]
    findings = _broken(checked, words)
    if not findings:
        try:
            findings = disputes(
                [
                    ruleset_of(one.file, one.text, words.text)
                    for one in (*(item.version for item in kept), *come)
                ]
            )
        except RulesetRefused as refused:
            findings = list(refused.findings)
    return Composed(tuple(kept), tuple(come), tuple(leaving), tuple(findings))


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


def _broken(versions: Sequence[RulesetVersion], words: VocabularyVersion) -> list[Finding]:
    vocabulary = vocabulary_of(words.text)
    found: list[Finding] = []
    for version in versions:
        checked = check_text(version.file, version.text, vocabulary)
        if failed(checked.findings):
            found += checked.findings
    return found
