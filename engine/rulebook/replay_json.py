"""Differences of a replay as JSON: the stable form of the command line and the API."""

from __future__ import annotations

from engine.base.text import Lang
from engine.rulebook.replay import Difference


def difference_json(one: Difference, lang: Lang) -> dict[str, object]:
    """A decision that came out otherwise; `error` says why it could not be decided, `told` whether
    the reader may read the rulesets: if not, rows are left out."""
    return {
        "decision": one.decision_id,
        "kind": one.kind,
        "matter": one.matter,
        "ruleset": one.ruleset,
        "ruleset_now": one.ruleset_now,
        "rows": list(one.rows),
        "rows_now": list(one.rows_now),
        "outcome": one.outcome,
        "outcome_now": one.outcome_now,
        "error": None if one.error is None else one.error.say(lang),
        "told": one.told,
    }
