"""Worlds: which ruleset decides where. A preview compares the live one with a draft put into it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.base.text import SluiceError
from engine.rules.model import Ruleset

OrgPath = tuple[str, ...]
"""Organisation codes from the root to the document's own: ("GROUP", "SH", "SH01")."""


class PreviewRefused(SluiceError):
    """A preview that would mislead is not given: DRAFT_HAS_ERRORS, OTHER_RULESET, NO_DOCUMENTS,
    DOCUMENT_COLUMN, BRANCH_COLUMN, WINDOW_CHANGED."""


@dataclass(frozen=True, slots=True)
class World:
    """Rulesets of one kind and subject by the organisation they are made for."""

    rulesets: Mapping[str, Ruleset]

    def ruleset_for(self, path: OrgPath) -> Ruleset | None:
        """The ruleset of the nearest organisation, from leaf to root, as decisions choose it."""
        for org in reversed(path):
            found = self.rulesets.get(org)
            if found is not None:
                return found
        return None

    def with_draft(self, draft: Ruleset) -> World:
        """The same world with `draft` in the place of what decides for its organisation."""
        return World({**self.rulesets, draft.scope_org: draft})
