"""What an undo would bring back: computed as the undo computes it, and nothing is written."""

from __future__ import annotations

from sqlmodel import Session

from engine.rulebook.composing import Composed
from engine.rulebook.planning import Plan, PlannedWords, changes_of, live_words
from engine.rulebook.reloading import undo_target
from engine.rulebook.revisions import current_revision, items_of


def plan_undo(session: Session, to: int | None = None) -> tuple[int, Plan]:
    """The revision an undo goes to (None: the one before the live one), and what it changes.

    An undo checks nothing but whether the texts can be read, so the plan has no findings.
    Raises RulebookError UNKNOWN_REVISION, NOTHING_TO_UNDO, UNDONE_ALREADY.
    """
    before = current_revision(session) or 0
    target = undo_target(session, to, before)
    live, wanted = items_of(session, before), items_of(session, target)
    held = {item.version.hash for item in live}
    kept = {item.version.hash for item in wanted}
    composed = Composed(
        kept=tuple(item for item in wanted if item.version.hash in held),
        new=tuple(item.version for item in wanted if item.version.hash not in held),
        leaving=tuple(item for item in live if item.version.hash not in kept),
        findings=(),
    )
    old, new = live_words(session, before), live_words(session, target)
    return target, Plan(
        revision=before,
        changes=changes_of(composed, live, old, new),
        findings=(),
        broken=False,
        unsigned=0,
        scheduled=(),
        words=None if old.hash == new.hash else PlannedWords(old, new),
    )
