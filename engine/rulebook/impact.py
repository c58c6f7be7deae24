"""How many documents of the last months a planned version would have sent another way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from sqlmodel import Session

from engine.base.text import SluiceError, Text
from engine.rulebook.history import LoadedHistories, preview_draft, since, valid_draft
from engine.rulebook.pinned import Pinned
from engine.rulebook.planning import Plan

DAYS = 90
"""How far back the impact of a plan is looked for."""

MOST = 5
"""Versions whose impact is told at once; each is a preview of the whole history."""


@dataclass(frozen=True, slots=True)
class Impact:
    """Documents that were compared, those with another outcome, and their sum."""

    documents: int
    changed: int
    amount: int
    """Minor units of `currency`."""
    currency: str
    made_up: int
    """How many of the documents are a demo's and were never decided."""


def impacts(
    session: Session,
    plan: Plan,
    pinned: Pinned,
    histories: LoadedHistories,
    today: dt.date,
    *,
    visible: Callable[[str], Collection[str]] | None = None,
    most: int = MOST,
) -> Mapping[str, Impact | Text]:
    """Impact by the hash of the first `most` versions that would come; a sentence where there is
    none to tell: no history, or nothing to compare. The others are not in the answer: ask for
    them by a plan of their own. `visible` says by kind the organisations whose documents count
    (None: all)."""
    found: dict[str, Impact | Text] = {}
    for one in plan.changes:
        if one.new is None:
            continue
        if len(found) >= most:
            break
        try:
            draft = valid_draft(session, pinned, one.new.file, one.new.text, on=today)
            first = since(f"live:{DAYS}d", today)
            loaded = histories.since(one.new.kind, one.new.subject, first)
            orgs = None if visible is None else visible(one.new.kind)
            seen = preview_draft(draft, loaded, visible=orgs, largest=0)
        except SluiceError as error:
            found[one.new.hash] = error.text
            continue
        found[one.new.hash] = Impact(
            seen.documents, seen.changed, seen.changed_amount, seen.currency, seen.made_up
        )
    return found
