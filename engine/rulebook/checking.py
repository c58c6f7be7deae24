"""What a ruleset must be beyond well written: decided from facts the product really supplies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from itertools import combinations

from engine.base.collector import Collector, Problem
from engine.base.findings import Finding, Severity, Span
from engine.base.text import Text
from engine.rules import find_kind, load_ruleset
from engine.rules.analysis.across import check_across
from engine.rules.check import check_ruleset
from engine.rules.extending import Family, Heading, heading_of, told
from engine.rules.extending.heading import may_extend
from engine.rules.load import Loaded
from engine.rules.model import Ruleset, Vocabulary
from engine.rules.params import OrgTree
from engine.rules.suggest import remedy


def supplied_words(kind: str, subject: str) -> frozenset[str]:
    """The facts the product supplies when it asks `kind` about `subject`; empty when it never
    does."""
    found = find_kind(kind)
    facts = found.facts.get(subject) if found is not None else None
    return frozenset() if facts is None else frozenset(f.name for f in fields(facts))


def unsupplied(ruleset: Ruleset) -> list[Finding]:
    """B101 for each word that nobody will ever supply to this table: it could not decide."""
    supplied = supplied_words(ruleset.kind, ruleset.subject)
    named: dict[str, Span] = {
        name: column.span for name, column in ruleset.facts.items() if name not in ruleset.derive
    }
    for derive in ruleset.derive.values():
        for word in derive.words:
            named.setdefault(word, derive.span)
    out = Collector(ruleset.file)
    for name, span in named.items():
        if name not in supplied:
            out.add(
                "B101",
                span,
                Text(
                    f"nobody supplies {name!r} to {ruleset.kind} of a {ruleset.subject}",
                    f"{ruleset.subject} 的 {ruleset.kind} 决策没有事实 {name!r}",
                ),
                remedy(name, sorted(supplied)),
            )
    return out.findings


def disputes(rulesets: Iterable[Ruleset]) -> list[Finding]:
    """R501 where two different rulesets would decide the same subject of one scope on one day.

    Versions of one name are no dispute: the one that was activated later rules.
    """
    return [
        finding
        for one, other in combinations(rulesets, 2)
        if one.name != other.name
        for finding in check_across((one, other))
    ]


def failed(findings: Iterable[Finding]) -> bool:
    """Whether there is an error among `findings`."""
    return any(finding.severity is Severity.ERROR for finding in findings)


@dataclass(frozen=True, slots=True)
class Checked:
    """A text and all that was found in it; `ruleset` is None when it could not be read."""

    ruleset: Ruleset | None
    findings: tuple[Finding, ...]


def check_text(
    file: str,
    text: str,
    vocabulary: Vocabulary,
    *,
    among: Iterable[tuple[str, str]] = (),
    orgs: OrgTree | None = None,
) -> Checked:
    """All findings of one ruleset text: reading, analysis, examples, and the supplied words.

    An extension is checked with every version of its parent in `among` (files and texts in the
    order of precedence); `orgs` is the group's tree, for the parameters of every branch.
    """
    heading = heading_of(file, text) if may_extend(text) else None
    if heading is None:
        return _checked([load_ruleset(file, text, vocabulary, orgs=orgs)], orgs)

    def load(one: Heading, parent: Ruleset | Problem | None) -> Loaded:
        return load_ruleset(one.file, one.text, vocabulary, orgs=orgs, parent=parent)

    known = [found for found in (heading_of(*source) for source in among) if found is not None]
    return _checked(Family(known, load).loaded(heading), orgs)


def _checked(texts: Iterable[Loaded], orgs: OrgTree | None) -> Checked:
    """What was found with each version of a parent, everything once."""
    findings: list[Finding] = []
    rulesets: list[Ruleset | None] = []
    for loaded in texts:
        rulesets.append(loaded.ruleset)
        found = list(loaded.findings)
        if loaded.ruleset is not None:
            found += check_ruleset(loaded.ruleset, orgs)
            found += [told(loaded.ruleset, one) for one in unsupplied(loaded.ruleset)]
        findings += [one for one in found if one not in findings]
    whole = None if any(one is None for one in rulesets) else rulesets[0]
    return Checked(whole, tuple(findings))
