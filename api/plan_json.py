"""A plan as JSON: the same for the command line and the API. Stable; other programs read it."""

from __future__ import annotations

from collections.abc import Mapping

from engine.base.money import format_major
from engine.base.text import Text
from engine.rulebook.impact import Impact
from engine.rulebook.models import RulesetVersion
from engine.rulebook.planning import Plan, Planned, PlannedWords
from engine.rulebook.texts import vocabulary_of
from engine.rules.words import word_diff


def plan_json(plan: Plan, impacts: Mapping[str, Impact | Text] | None = None) -> dict[str, object]:
    """{"revision", "changes": [...], "unsigned", "scheduled": [...]}; findings are added by the
    caller, in his form. `impact` of a change is null where there is no history to tell, and where
    it was left out: `impacts_left_out` says how many were, as each is a preview of its own."""
    told = impacts or {}
    return {
        "revision": plan.revision,
        "impacts_left_out": left_out(plan, told),
        "changes": [_change(one, told) for one in plan.changes],
        "vocabulary_changes": plan.new_words,
        "vocabulary": None if plan.words is None else _words(plan.words),
        "broken": plan.broken,
        "unsigned": plan.unsigned,
        "scheduled": [
            {
                "id": one.id,
                "hashes": list(one.hashes),
                "activate_at": one.activate_at.isoformat(),
                "by": one.requested_by,
                "reason": one.reason,
            }
            for one in plan.scheduled
        ],
    }


def left_out(plan: Plan, impacts: Mapping[str, Impact | Text]) -> int:
    """Versions that would come and whose impact was not looked for."""
    return sum(one.new is not None and one.new.hash not in impacts for one in plan.changes)


def _change(one: Planned, impacts: Mapping[str, Impact | Text]) -> dict[str, object]:
    version = one.version
    impact = impacts.get(version.hash)
    return {
        "change": one.change,
        "kind": version.kind,
        "name": version.name,
        "subject": version.subject,
        "organisation": version.org_id,
        "old": _version(one.old),
        "new": _version(one.new),
        "diff": None if one.diff is None else one.diff.to_json(),
        "impact": {
            "documents": impact.documents,
            "changed": impact.changed,
            "amount_changed": format_major(impact.amount, impact.currency),
            "currency": impact.currency,
            "made_up": impact.made_up,
        }
        if isinstance(impact, Impact)
        else None,
    }


def _words(words: PlannedWords) -> dict[str, object]:
    old, new = vocabulary_of(words.old.text), vocabulary_of(words.new.text)
    return {
        "old": words.old.hash,
        "new": words.new.hash,
        "author": words.new.author,
        "reviewer": words.new.reviewer,
        "reason": words.new.reason,
        "diff": word_diff(old, new).to_json(),
    }


def _version(version: RulesetVersion | None) -> dict[str, object] | None:
    if version is None:
        return None
    return {
        "version": version.version,
        "hash": version.hash,
        "author": version.author,
        "reviewer": version.reviewer,
        "reason": version.reason,
        "effective_from": version.effective_from.isoformat(),
        "effective_to": None if version.effective_to is None else version.effective_to.isoformat(),
    }
