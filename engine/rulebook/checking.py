"""What a ruleset must be beyond well written: decided from facts the product really supplies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

from engine.base.text import Text
from engine.rules import distinct_params, find_kind, load_ruleset
from engine.rules.analysis import analyse
from engine.rules.collector import Collector
from engine.rules.findings import Finding, Severity, Span
from engine.rules.model import Ruleset, Vocabulary
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
        counted = () if derive.function == "count" else (derive.of,)
        for word in (*counted, *derive.same):
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
    """B104 where two different rulesets would decide the same subject of one scope on one day.

    Versions of one name are no dispute: the one that was activated later rules.
    """
    found: list[Finding] = []
    seen: list[Ruleset] = []
    for one in rulesets:
        found += [_dispute(one, other) for other in seen if _disputed(one, other)]
        seen.append(one)
    return found


def _disputed(one: Ruleset, other: Ruleset) -> bool:
    asked = (one.kind, one.subject, one.scope_org) == (other.kind, other.subject, other.scope_org)
    return asked and one.name != other.name and _overlap(one, other)


def _dispute(one: Ruleset, other: Ruleset) -> Finding:
    out = Collector(one.file)
    out.add(
        "B104",
        one.key_spans["name"],
        Text(
            f"{one.name} and {other.name} ({other.file}) both decide {one.kind} of {one.subject} "
            f"in {one.scope_org} on the same days",
            f"{one.name} 与 {other.name}({other.file})在同一时期都决定 {one.scope_org} 的 "
            f"{one.subject} {one.kind}",
        ),
        Text(
            "give them different scopes or effective dates, or remove one",
            "请使用不同的范围或生效日期,或删除其一",
        ),
    )
    return out.findings[0]


def _overlap(one: Ruleset, other: Ruleset) -> bool:
    starts_in_time = other.effective_to is None or one.effective_from <= other.effective_to
    ends_late_enough = one.effective_to is None or one.effective_to >= other.effective_from
    return starts_in_time and ends_late_enough


def failed(findings: Iterable[Finding]) -> bool:
    """Whether there is an error among `findings`."""
    return any(finding.severity is Severity.ERROR for finding in findings)


@dataclass(frozen=True, slots=True)
class Checked:
    """A text and all that was found in it; `ruleset` is None when it could not be read."""

    ruleset: Ruleset | None
    findings: tuple[Finding, ...]


def check_text(file: str, text: str, vocabulary: Vocabulary) -> Checked:
    """All findings of one ruleset text: reading, analysis, examples, and the supplied words."""
    loaded = load_ruleset(file, text, vocabulary)
    findings = list(loaded.findings)
    ruleset = loaded.ruleset
    kind = None if ruleset is None else find_kind(ruleset.kind)
    if ruleset is not None and kind is not None:
        findings += analyse(ruleset, distinct_params(ruleset))
        findings += (finding for check in kind.checks for finding in check(ruleset))
        findings += unsupplied(ruleset)
    return Checked(ruleset, tuple(findings))
