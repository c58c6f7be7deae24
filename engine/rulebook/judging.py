"""Everything that would stand in the way of a text: its own findings, and its name and number."""

from __future__ import annotations

from dataclasses import replace

from sqlmodel import Session

from engine.rulebook.checking import Checked
from engine.rulebook.families import check_stored
from engine.rulebook.numbering import version_conflict
from engine.rulebook.texts import Readable, current_vocabulary, everything


def judge(session: Session, file: str, text: str, readable: Readable = everything) -> Checked:
    """All findings of a text that is to become a version; `ruleset` is None while unreadable.

    A parent that is not `readable` is as unknown as one that does not exist.
    """
    checked = check_stored(session, file, text, current_vocabulary(session).text, readable)
    conflict = None if checked.ruleset is None else version_conflict(session, checked.ruleset)
    return checked if conflict is None else replace(checked, findings=(*checked.findings, conflict))
