"""A plan as JSON: the same for the command line and the API. Stable; other programs read it."""

from __future__ import annotations

from engine.rulebook.models import RulesetVersion
from engine.rulebook.planning import Plan, Planned


def plan_json(plan: Plan) -> dict[str, object]:
    """{"revision", "changes": [...], "unsigned", "scheduled": [...]}; findings are added by the
    caller, in his form."""
    return {
        "revision": plan.revision,
        "changes": [_change(one) for one in plan.changes],
        "vocabulary_changes": plan.new_words,
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


def _change(one: Planned) -> dict[str, object]:
    version = one.version
    return {
        "change": one.change,
        "kind": version.kind,
        "name": version.name,
        "subject": version.subject,
        "organisation": version.org_id,
        "old": _version(one.old),
        "new": _version(one.new),
        "diff": None if one.diff is None else one.diff.to_json(),
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
