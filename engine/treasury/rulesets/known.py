"""Who knew what when: which rulesets ruled an organisation on a date, as known at an instant."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlmodel import Session

from engine.rulebook import Rulebook
from engine.rulebook.models import Revision, RulesetVersion
from engine.rulebook.standing import runs_since
from engine.treasury.organisations.tree import path_of
from engine.treasury.rulesets.visible import ruling, version_for


@dataclass(frozen=True, slots=True)
class Ruled:
    """A version that ruled, and the revision with which its run up to then began."""

    version: RulesetVersion
    since: Revision


@dataclass(frozen=True, slots=True)
class Known:
    """The revision that was live at the instant (0: none yet), and what ruled by it."""

    revision: int
    made: Revision | None
    rulesets: tuple[Ruled, ...]


def known(
    session: Session,
    user_id: str,
    rulebook: Rulebook,
    kind: str,
    *,
    org: str,
    on: dt.date,
    at: dt.datetime,
    subject: str | None = None,
) -> Known:
    """What ruled `org` on business date `on`, as it was known at `at`; of organisations whose
    rules the user may read. Raises OrganisationError ORGANISATION_UNKNOWN."""
    pinned = rulebook.known_at(session, at)
    seen = ruling(session, user_id)
    found = pinned.effective(kind, org_path=path_of(session, org), on=on, subject=subject)
    versions = [
        version_for(session, user_id, one.hash)
        for one in found
        if seen.has(one.scope_org, one.kind)
    ]
    since = runs_since(session, pinned.revision, [one.hash for one in versions])
    return Known(
        pinned.revision,
        session.get(Revision, pinned.revision),
        tuple(
            Ruled(one, made)
            for one in versions
            if (made := session.get(Revision, since[one.hash])) is not None
        ),
    )
