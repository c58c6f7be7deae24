"""A plan as a page shows it: sentences of each change, findings, what would become live."""

from __future__ import annotations

from dataclasses import dataclass

from api.pages.diff_counts import Counts, counts_of
from api.pages.ruleset_view import ShownFinding, shown_finding
from engine.base.text import Lang, Text
from engine.rulebook.planning import Plan, Planned
from engine.rules.diff_sentences import diff_sentences

SENTENCES = 8
"""Sentences of a change that are shown; all of them are on the page of changes."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A planned change as it is shown."""

    planned: Planned
    sentences: tuple[Text, ...]
    more: int
    """Sentences that are left out."""
    counts: Counts | None


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan ready for its page."""

    plan: Plan
    changes: tuple[Shown, ...]
    findings: tuple[ShownFinding, ...]

    @property
    def coming(self) -> list[str]:
        """Hashes of the versions that would become live by it."""
        return [
            one.planned.new.hash
            for one in self.changes
            if one.planned.new is not None and one.planned.new != one.planned.old
        ]


def view_of(plan: Plan, lang: Lang) -> PlanView:
    """Sentences and findings of a plan."""
    return PlanView(
        plan,
        tuple(_shown(one) for one in plan.changes),
        tuple(shown_finding(one, lang) for one in plan.findings),
    )


def _shown(one: Planned) -> Shown:
    if one.diff is None or one.old_ruleset is None or one.new_ruleset is None:
        return Shown(one, (), 0, None)
    said = diff_sentences(one.old_ruleset, one.new_ruleset, one.diff)
    more = max(0, len(said) - SENTENCES)
    return Shown(one, tuple(said[:SENTENCES]), more, counts_of(one.diff))
