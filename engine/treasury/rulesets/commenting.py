"""Comments as people see them: of those who may read the rules of that organisation."""

from __future__ import annotations

import datetime as dt

from sqlmodel import Session

from engine.rulebook.comments import comment, thread
from engine.rulebook.models import RulesetComment
from engine.rulebook.references import Located
from engine.treasury.organisations.rule_grants import not_permitted, rule_reach
from engine.treasury.rulesets.visible import READ, writers


def may_discuss(session: Session, user_id: str, subject: Located) -> bool:
    """Whether the user may read and write comments on what he sees: with rulesets.read for its
    organisation and kind, or when he has written at it. The rules of an organisation above are
    seen by all below it, what is said about them is not."""
    return rule_reach(session, user_id, READ).covers(subject) or user_id in writers(subject)


def comments_for(session: Session, user_id: str, subject: Located) -> list[RulesetComment]:
    """The thread, oldest first, without what was said where the user may not read.

    Raises NotPermitted.
    """
    _require(session, user_id, subject)
    seen = rule_reach(session, user_id, READ).of(subject.kind) | {subject.org_id}
    return [one for one in thread(session, subject) if one.org_id in seen]


def say(
    session: Session,
    user_id: str,
    subject: Located,
    text: str,
    now: dt.datetime,
    *,
    row: str | None = None,
) -> RulesetComment:
    """Add a comment. Raises NotPermitted, and as `comment`."""
    _require(session, user_id, subject)
    return comment(session, subject, text, author=user_id, now=now, row=row)


def _require(session: Session, user_id: str, subject: Located) -> None:
    if not may_discuss(session, user_id, subject):
        raise not_permitted(user_id, READ, subject.org_id, subject.kind)
