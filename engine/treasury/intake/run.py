"""What one pass over documents works with: session, pinned rules, the time, the tree."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from engine.base.text import Text
from engine.rulebook import Pinned, Rulebook
from engine.runtime.clock import business_date_of
from engine.treasury.documents import course
from engine.treasury.documents.models import Document
from engine.treasury.organisations.models import Organisation
from engine.treasury.organisations.tree import organisations

SYSTEM = "system"
"""Actor of steps that rules decide."""

BASE_CURRENCY = "CNY"
"""Rules compare amounts in this currency; there are no exchange rates yet."""


@dataclass(frozen=True, slots=True)
class Run:
    """One pass. A pass decides by one revision only (invariant I18)."""

    session: Session
    pinned: Pinned
    now: dt.datetime
    tree: dict[str, Organisation]

    @property
    def today(self) -> dt.date:
        """The business date."""
        return business_date_of(self.now)

    def path(self, org_id: str) -> tuple[str, ...]:
        """Codes from the root to the organisation."""
        return tuple(self.tree[org_id].path.split("/"))

    def level(self, org_id: str) -> str:
        """head_office | branch | sub_branch"""
        return self.tree[org_id].level

    def documents(self, ids: Sequence[int]) -> list[Document]:
        """The documents as they stand, in order of their ids."""
        return list(
            self.session.exec(
                select(Document)
                .where(col(Document.id).in_(ids))
                .order_by(col(Document.id))
                .execution_options(populate_existing=True)
            )
        )


def start(session: Session, rulebook: Rulebook, now: dt.datetime) -> Run:
    """Begin a pass by the revision that is live now (`now`: UTC)."""
    return Run(session, rulebook.at(session), now, organisations(session))


def key(document: Document) -> int:
    """The id of a stored document."""
    if document.id is None:
        raise AssertionError("the document is not stored")
    return document.id


class Waiting:
    """Documents that cannot go on, gathered by reason and written at once."""

    def __init__(self) -> None:
        self._by_reason: dict[tuple[str, Text], list[int]] = {}

    def add(self, document: Document, code: str, text: Text) -> None:
        """`document` waits: a stable code and a sentence."""
        self._by_reason.setdefault((code, text), []).append(key(document))

    def write(self, run: Run) -> None:
        """Write it into the documents."""
        for (code, text), ids in self._by_reason.items():
            course.wait(run.session, ids, code, text)
