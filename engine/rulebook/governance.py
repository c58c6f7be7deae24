"""One person proposes a ruleset, another one makes it live."""

from __future__ import annotations

import datetime as dt

from sqlmodel import Session

from engine.rulebook.revisions import activate
from engine.rulebook.versions import propose, review

__all__ = ["approve", "propose"]


def approve(session: Session, hash: str, *, reviewer: str, now: dt.datetime) -> int:
    """Sign the proposed ruleset `hash` and make it live; returns the revision.

    Raises RulebookError FOUR_EYES when the reviewer wrote it, REVIEWED, UNKNOWN_RULESET,
    SUPERSEDED when a higher version is live, and RulesetRefused when the set would break: then it
    stays proposed.
    """
    with session.begin_nested():
        version = review(session, hash, reviewer=reviewer, now=now)
        return activate(
            session,
            [version.hash],
            activated_by=version.author,
            approved_by=reviewer,
            reason=version.reason,
            now=now,
        )
