"""What a changed vocabulary does to the rulesets that are live or wait."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal

from sqlmodel import Session

from engine.base.findings import Finding, Severity
from engine.base.text import Text
from engine.rulebook.checking import check_text, failed
from engine.rulebook.errors import RulesetRefused
from engine.rulebook.families import check_stored, newest_sources, org_tree
from engine.rulebook.models import RulesetVersion
from engine.rulebook.planning import waiting_versions
from engine.rulebook.revisions import current_revision, items_of
from engine.rulebook.texts import Source, live_sources, read_all, vocabulary_of
from engine.rulebook.versions import pending
from engine.rules.diff import diff_rulesets
from engine.rules.model import Ruleset
from engine.rules.words import WordDiff, word_diff


@dataclass(frozen=True, slots=True)
class Effect:
    """What becomes of one ruleset.

    `same`: it asks about none of the changed words. `words`: it does, and decides as before.
    `broken`: it could not be read, or would not decide as before; `why` says it.
    """

    version: RulesetVersion
    live: bool
    result: Literal["same", "words", "broken"]
    words: tuple[str, ...]
    """The changed words it asks about."""
    why: tuple[Text, ...] = ()
    findings: tuple[Finding, ...] = ()


def words_used(ruleset: Ruleset) -> frozenset[str]:
    """The words of the vocabulary that a ruleset asks about, in its table and in its windows."""
    counted = {word for one in ruleset.derive.values() for word in one.words}
    return frozenset({*ruleset.facts, *counted} - set(ruleset.derive))


def effects(session: Session, old: str, new: str) -> list[Effect]:
    """What the vocabulary text `new` in the place of `old` does, by kind and name: the live
    rulesets, then those that are proposed or signed and wait. Both texts can be read."""
    diff = word_diff(vocabulary_of(old), vocabulary_of(new))
    live = [item.version for item in items_of(session, current_revision(session) or 0)]
    held = {one.hash for one in live}
    waiting = (*pending(session), *waiting_versions(session))
    judge = _Judge(session, old, new, diff, live_sources(session))
    found = [judge.effect(one, live=True) for one in live]
    found += [judge.effect(one, live=False) for one in waiting if one.hash not in held]
    return found


def broken(found: Collection[Effect]) -> list[str]:
    """The names of the rulesets that break, each with version and organisation."""
    return [
        f"{one.version.name} {one.version.version} ({one.version.org_id})"
        for one in found
        if one.result == "broken"
    ]


@dataclass(frozen=True, slots=True)
class _Judge:
    session: Session
    old: str
    new: str
    diff: WordDiff
    among: list[Source]

    def effect(self, version: RulesetVersion, *, live: bool) -> Effect:
        before = self._read(version, self.old, live=live)
        if before is None:
            # Not the vocabulary's doing: it could not be read before either.
            return Effect(version, live, "same", ())
        touched = tuple(sorted(words_used(before) & self.diff.words))
        if not touched:
            return Effect(version, live, "same", ())
        findings = self._errors(version, live=live)
        why = [one.message for one in findings] + self._types(touched)
        after = None if why else self._read(version, self.new, live=live)
        if after is not None:
            changed = replace(diff_rulesets(before, after), vocabulary={})
            if not changed.empty:
                why.append(Text("its rows would mean something else", "其规则行的含义将改变"))
        result: Literal["words", "broken"] = "broken" if why else "words"
        return Effect(version, live, result, touched, tuple(why), tuple(findings))

    def _types(self, touched: Collection[str]) -> list[Text]:
        """A word that is asked about keeps its type, whatever its cells say."""
        return [
            Text(
                f"it asks about {word}, whose type would change",
                f"其使用的词 {word} 的类型将改变",
            )
            for word in touched
            if f"{word}.type" in self.diff.changed
        ]

    def _errors(self, version: RulesetVersion, *, live: bool) -> list[Finding]:
        if live:
            words, orgs = vocabulary_of(self.new), org_tree(self.session)
            checked = check_text(version.file, version.text, words, among=self.among, orgs=orgs)
        else:
            checked = check_stored(self.session, version.file, version.text, self.new)
        if not failed(checked.findings):
            return []
        return [one for one in checked.findings if one.severity is Severity.ERROR]

    def _read(self, version: RulesetVersion, words: str, *, live: bool) -> Ruleset | None:
        places = [self.among]
        if not live:
            places.append(newest_sources(self.session, version.kind))
        for among in places:
            try:
                return read_all(version.file, version.text, among, words)[0]
            except RulesetRefused:
                continue
        return None
