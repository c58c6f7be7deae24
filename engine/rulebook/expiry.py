"""Until when a live version is in force, and what decides after it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from engine.rulebook.models import RulesetVersion

SOON = dt.timedelta(days=30)
"""How long before its last day a version's end is warned of."""


class Force(StrEnum):
    """How a live version stands to a business date."""

    IN_FORCE = "in_force"
    ENDS_SOON = "ends_soon"
    ENDED = "ended"
    NOT_YET = "not_yet"


@dataclass(frozen=True, slots=True)
class Expiry:
    """A version's force on a day; `then` and `above` say what decides after its last day."""

    force: Force
    then: RulesetVersion | None = None
    """A signed or live version of the same name that follows without a gap."""
    above: RulesetVersion | None = None
    """Where none follows: the live ruleset of an organisation above that decides instead."""

    @property
    def gap(self) -> bool:
        """Whether it ends, or has ended, and nothing decides after it: matters would wait."""
        ends = self.force in {Force.ENDS_SOON, Force.ENDED}
        return ends and self.then is None and self.above is None


def expiry(
    version: RulesetVersion,
    today: dt.date,
    *,
    coming: Iterable[RulesetVersion],
    above: Sequence[RulesetVersion],
) -> Expiry:
    """How a live `version` stands today.

    `coming`: live and signed versions of any name; `above`: live rulesets of the same kind and
    subject of organisations above, the nearest first.
    """
    last = version.effective_to
    if version.effective_from > today:
        return Expiry(Force.NOT_YET)
    if last is None or last > today + SOON:
        return Expiry(Force.IN_FORCE)
    force = Force.ENDED if last < today else Force.ENDS_SOON
    after = last + dt.timedelta(days=1)
    follows = [
        one
        for one in coming
        if (one.kind, one.name) == (version.kind, version.name)
        and one.hash != version.hash
        and _on(one, after)
    ]
    if follows:
        return Expiry(force, then=max(follows, key=lambda one: one.version))
    return Expiry(force, above=next((one for one in above if _on(one, after)), None))


def _on(version: RulesetVersion, day: dt.date) -> bool:
    ends = version.effective_to
    return version.effective_from <= day and (ends is None or day <= ends)
