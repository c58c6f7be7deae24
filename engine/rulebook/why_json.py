"""Explained decisions as JSON: the stable form of the command line and the API."""

from __future__ import annotations

from engine.base.text import Lang
from engine.rulebook.explain import Explained, OutcomeLine
from engine.rulebook.why import Under, Why
from engine.rules.explaining_text import explanation_json


def why_json(found: Why, lang: Lang) -> dict[str, object]:
    """One decision; `under` is null where nothing else was asked for."""
    return {
        **summary_json(found.stored, lang),
        **explanation_json(found.explanation, lang),
        "under": None if found.under is None else _under_json(found.under, lang),
    }


def summary_json(stored: Explained, lang: Lang) -> dict[str, object]:
    """By what a decision was made, what fired and what came out; no facts. `told` is false where
    the reader may not read the ruleset: then nothing is said of what fired."""
    return {
        "id": stored.id,
        "kind": stored.kind,
        "subject": stored.subject,
        "ruleset": stored.ruleset,
        "version": stored.version,
        "hash": stored.hash,
        "revision": stored.revision,
        "author": stored.author,
        "reviewer": stored.reviewer,
        "organisation": stored.org_id,
        "decided_at": stored.at.isoformat(),
        "fired": list(stored.rows),
        "sentences": [one.say(lang) for one in stored.sentences],
        "outcome": _lines(stored.outcome),
        "told": stored.told,
    }


def _under_json(under: Under, lang: Lang) -> dict[str, object]:
    said = {} if under.explanation is None else explanation_json(under.explanation, lang)
    return {
        "ruleset": under.ruleset.name,
        "version": under.ruleset.version,
        "hash": under.ruleset.hash,
        "differs": under.differs,
        "fired": list(under.rows),
        "outcome": _lines(under.outcome),
        "notes": [one.say(lang) for one in under.notes],
        **said,
    }


def _lines(outcome: tuple[OutcomeLine, ...]) -> list[dict[str, str]]:
    return [dict(line) for line in outcome]
