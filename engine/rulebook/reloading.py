"""Reload and undo: signed versions become live at once, or an earlier revision rules again.

Every version in a revision was written by one person and signed by another. One operator
therefore may make them live, and may go back to what ruled before.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, func, select

from engine.base.text import Text
from engine.rulebook.errors import (
    RulebookError,
    no_reason,
    unknown_revision,
)
from engine.rulebook.lock import lock_rulebook
from engine.rulebook.models import Revision
from engine.rulebook.planning import chosen, live_words
from engine.rulebook.revisions import (
    Cause,
    activate,
    current_revision,
    items_of,
    words_of,
    write_revision,
)
from engine.rulebook.texts import live_sources, read_all
from engine.rulebook.versions import ROOT
from engine.runtime import audit


@dataclass(frozen=True, slots=True)
class Reloaded:
    """The live revision after a reload or undo, and the one before; equal when nothing changed."""

    revision: int
    before: int
    changed: bool


def reload_signed(
    session: Session,
    hashes: Sequence[str] | None = None,
    *,
    by: str,
    reason: str,
    now: dt.datetime,
    approved_by: str | None = None,
    cause: Cause = "reload",
    over: int | None = None,
) -> Reloaded:
    """Make the signed versions and the vocabulary that `hashes` name (None: all that wait) live
    under one revision. A vocabulary alone leaves the rulesets as they are.

    `over`: the revision a plan was read over; PLAN_STALE when another one is live by now.

    Raises RulesetRefused when the set is broken, RulebookError NOT_SIGNED, RETURNED,
    UNKNOWN_RULESET, NO_REASON, and SUPERSEDED for a version below one that is live: then nothing
    has changed.
    """
    if not reason.strip():
        raise no_reason()
    lock_rulebook(session)
    before = current_revision(session) or 0
    _still_over(before, over)
    asked = chosen(session, hashes)
    if not asked.versions and asked.words is None:
        return Reloaded(before, before, changed=False)
    number = activate(
        session,
        [one.hash for one in asked.versions],
        vocabulary=asked.words,
        activated_by=by,
        approved_by=approved_by,
        reason=reason,
        now=now,
        cause=cause,
    )
    return Reloaded(number, before, changed=number != before)


def undo(
    session: Session,
    to: int | None = None,
    *,
    by: str,
    reason: str,
    now: dt.datetime,
    over: int | None = None,
) -> Reloaded:
    """Let the rulesets and the vocabulary of revision `to` (None: the one before) rule again.

    It is a new revision with exactly the items of the earlier one. Raises RulebookError
    UNKNOWN_REVISION, NOTHING_TO_UNDO, NO_REASON, UNDONE_ALREADY without `to` while an undo is live,
    PLAN_STALE when `over` is no longer live, and RulesetRefused when the product can no longer read
    what ruled then: nothing has changed in these cases. Nothing else stops it.
    """
    if not reason.strip():
        raise no_reason()
    lock_rulebook(session)
    before = current_revision(session) or 0
    _still_over(before, over)
    target = undo_target(session, to, before)
    items = items_of(session, target)
    words = words_of(session, target)
    same = {i.version.hash for i in items} == {i.version.hash for i in items_of(session, before)}
    if words is None or (same and words == words_of(session, before)):
        raise _nothing_to_undo(target)
    # It was checked when it became live. Going back must not fail for what the tree of
    # organisations has become since; only what cannot be read cannot rule.
    vocabulary, among = live_words(session, target).text, live_sources(session, target)
    for item in items:
        read_all(item.version.file, item.version.text, among, vocabulary)
    revision = Revision(
        org_id=ROOT,
        vocabulary_hash=words,
        activated_by=by,
        approved_by=None,
        reason=reason,
        activated_at=now,
        cause="undo",
        restores=target,
    )
    number = write_revision(session, revision, items, ())
    audit.record(
        session,
        actor=by,
        action="revision.undone",
        subject_kind="revision",
        subject_id=str(number),
        org_id=ROOT,
        before={"revision": before},
        after={"revision": number, "restores": target},
        reason=reason,
        now=now,
    )
    return Reloaded(number, before, changed=True)


def revisions(session: Session, *, limit: int = 100, offset: int = 0) -> list[Revision]:
    """The latest revisions, newest first, without the `offset` newest."""
    newest = select(Revision).order_by(col(Revision.id).desc())
    return list(session.exec(newest.offset(offset).limit(limit)))


def revision_count(session: Session) -> int:
    """How many revisions there are."""
    return session.exec(select(func.count()).select_from(Revision)).one()


def undo_target(session: Session, to: int | None, before: int) -> int:
    """The revision an undo of `before` goes to (`to` None: the one before it).

    Raises RulebookError UNKNOWN_REVISION, NOTHING_TO_UNDO, UNDONE_ALREADY.
    """
    if to is None:
        _refuse_again(session, before)
        found = session.exec(
            select(Revision.id).where(col(Revision.id) < before).order_by(col(Revision.id).desc())
        ).first()
        if found is None:
            raise RulebookError(
                "NOTHING_TO_UNDO",
                Text(
                    "there is no revision before the live one; write and activate another version",
                    "当前激活之前没有其他激活;请编写并激活新版本",
                ),
                409,
            )
        return found
    if session.get(Revision, to) is None:
        raise unknown_revision(to)
    return to


def _nothing_to_undo(target: int) -> RulebookError:
    return RulebookError(
        "NOTHING_TO_UNDO",
        Text(
            f"revision {target} has the rulesets that are live; name another one "
            "(`sluice rules revisions`)",
            f"第 {target} 次激活的规则集与当前生效的相同;请另指定(`sluice rules revisions`)",
        ),
        409,
    )


def _still_over(before: int, over: int | None) -> None:
    """What somebody confirms is the plan he has read."""
    if over is not None and over != before:
        raise RulebookError(
            "PLAN_STALE",
            Text(
                f"the plan was over revision {over}, and revision {before} is live by now; "
                "read the plan again",
                f"该计划基于第 {over} 次激活,现已生效第 {before} 次激活;请重新查看计划",
            ),
            409,
        )


def _refuse_again(session: Session, before: int) -> None:
    """Undoing an undo would bring back what somebody took away: that has to be named."""
    live = session.get(Revision, before)
    if live is None or live.cause != "undo":
        return
    raise RulebookError(
        "UNDONE_ALREADY",
        Text(
            f"revision {before} is an undo by {live.activated_by}: revision {live.restores} rules "
            "again; to go further, name the revision (`sluice rules revisions`)",
            f"第 {before} 次激活是 {live.activated_by} 的撤销:第 {live.restores} 次激活已重新生效;"
            "如需继续,请指定激活号(`sluice rules revisions`)",
        ),
        409,
    )
