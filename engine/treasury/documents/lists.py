"""Lists of documents: filters, pages, totals; always within what the user may see."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import Session, col, select

from engine.treasury.documents.errors import unknown
from engine.treasury.documents.models import Document
from engine.treasury.organisations.grants import visible_orgs
from engine.treasury.organisations.permissions import Permission

PERMISSION: Permission = "documents.read"


@dataclass(frozen=True, slots=True)
class Filter:
    """What to show; None or empty does not narrow. Amounts in minor units, ends inclusive."""

    states: Collection[str] = ()
    org_ids: Collection[str] = ()
    direction: str | None = None
    channel: str | None = None
    business_type: str | None = None
    currency: str | None = None
    waiting_code: str | None = None
    document_batch_id: int | None = None
    account_id: int | None = None
    amount_from: int | None = None
    amount_to: int | None = None
    from_date: dt.date | None = None
    to_date: dt.date | None = None
    """Business dates."""
    text: str | None = None
    """Part of document number, source number, reference, counterparty's name or account."""


@dataclass(frozen=True, slots=True)
class Total:
    """Count and sum (minor units) of one state, direction and currency."""

    state: str
    direction: str
    currency: str
    count: int
    amount: int


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, how many there are in all, and their sum per currency."""

    rows: tuple[Document, ...]
    count: int
    sums: dict[str, int]


def find(
    session: Session, user_id: str, wanted: Filter, *, limit: int = 50, offset: int = 0
) -> Page:
    """Documents the user may see, newest first."""
    condition = _condition(session, user_id, wanted)
    sums = session.execute(
        sa.select(col(Document.currency), sa.func.count(), sa.func.sum(col(Document.amount)))
        .where(condition)
        .group_by(col(Document.currency))
    ).all()
    rows = session.exec(
        select(Document)
        .where(condition)
        .order_by(col(Document.id).desc())
        .limit(limit)
        .offset(offset)
    ).all()
    return Page(
        tuple(rows),
        sum(int(count) for _, count, _ in sums),
        {str(currency): int(total) for currency, _, total in sums},
    )


def totals(session: Session, user_id: str, wanted: Filter | None = None) -> list[Total]:
    """Count and sum by state, direction and currency of what the user may see."""
    rows = session.execute(
        sa.select(
            col(Document.state),
            col(Document.direction),
            col(Document.currency),
            sa.func.count(),
            sa.func.sum(col(Document.amount)),
        )
        .where(_condition(session, user_id, wanted or Filter()))
        .group_by(col(Document.state), col(Document.direction), col(Document.currency))
        .order_by(col(Document.state), col(Document.direction), col(Document.currency))
    ).all()
    return [Total(str(s), str(d), str(c), int(n), int(a)) for s, d, c, n, a in rows]


def get(session: Session, user_id: str, document_no: str) -> Document:
    """One document by its number; DocumentError DOCUMENT_UNKNOWN, also when it is not his."""
    found = session.exec(select(Document).where(Document.document_no == document_no)).first()
    if found is None or found.org_id not in visible_orgs(session, user_id, PERMISSION):
        raise unknown(document_no)
    return found


def ids(session: Session, user_id: str, numbers: Iterable[str]) -> list[int]:
    """Ids of documents by their numbers, in order; DocumentError DOCUMENT_UNKNOWN as `get`."""
    found = (get(session, user_id, one).id for one in numbers)
    return [one for one in found if one is not None]


def numbered(
    session: Session, user_id: str, beginning: str, *, limit: int
) -> tuple[tuple[Document, ...], int]:
    """Documents whose number begins so, by number, and how many there are in all."""
    condition = sa.and_(
        col(Document.org_id).in_(visible_orgs(session, user_id, PERMISSION)),
        col(Document.document_no).startswith(beginning.upper(), autoescape=True),
    )
    count = session.execute(sa.select(sa.func.count(col(Document.id))).where(condition))
    rows = session.exec(
        select(Document).where(condition).order_by(col(Document.document_no)).limit(limit)
    ).all()
    return tuple(rows), int(count.scalar_one())


def _condition(session: Session, user_id: str, wanted: Filter) -> ColumnElement[bool]:
    parts: list[ColumnElement[bool]] = [
        col(Document.org_id).in_(visible_orgs(session, user_id, PERMISSION))
    ]
    if wanted.states:
        parts.append(col(Document.state).in_(wanted.states))
    if wanted.org_ids:
        parts.append(col(Document.org_id).in_(wanted.org_ids))
    for column, value in (
        (Document.direction, wanted.direction),
        (Document.channel, wanted.channel),
        (Document.business_type, wanted.business_type),
        (Document.currency, wanted.currency),
        (Document.waiting_code, wanted.waiting_code),
        (Document.document_batch_id, wanted.document_batch_id),
        (Document.account_id, wanted.account_id),
    ):
        if value is not None:
            parts.append(col(column) == value)
    if wanted.amount_from is not None:
        parts.append(col(Document.amount) >= wanted.amount_from)
    if wanted.amount_to is not None:
        parts.append(col(Document.amount) <= wanted.amount_to)
    if wanted.from_date is not None:
        parts.append(col(Document.business_date) >= wanted.from_date)
    if wanted.to_date is not None:
        parts.append(col(Document.business_date) <= wanted.to_date)
    if wanted.text:
        parts.append(
            sa.or_(
                *(
                    col(column).icontains(wanted.text, autoescape=True)
                    for column in (
                        Document.document_no,
                        Document.source_document_no,
                        Document.business_reference,
                        Document.counterparty_name,
                        Document.counterparty_account,
                    )
                )
            )
        )
    return sa.and_(*parts)
