"""Reading statement lines: filters, pages, and the match each line belongs to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.machines.matching import MatchGroup, MatchItem
from engine.treasury.statements.models import Statement, StatementDecision, StatementLine


@dataclass(frozen=True, slots=True)
class LineFilter:
    """Which lines of an account; None does not narrow. Amounts in minor units, ends inclusive."""

    matched: bool | None = None
    direction: str | None = None
    from_date: dt.date | None = None
    to_date: dt.date | None = None
    amount_from: int | None = None
    amount_to: int | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class MatchedLine:
    """A line and the number of the live match it is in (None: open)."""

    line: StatementLine
    match_no: str | None


@dataclass(frozen=True, slots=True)
class LinePage:
    """One page of lines, newest first, and count and sums (minor units) of all of them."""

    rows: tuple[MatchedLine, ...]
    count: int
    debits: int
    credits: int


_MATCH = (
    select(MatchItem.ref_id, MatchGroup.match_no)
    .join(MatchGroup, col(MatchGroup.id) == col(MatchItem.group_id))
    .where(MatchItem.kind == "statement_line", col(MatchItem.live))
    .subquery()
)


def lines(
    session: Session, account_id: int, wanted: LineFilter, *, limit: int = 50, offset: int = 0
) -> LinePage:
    """Lines of an account; whether the user may see the account is the caller's question."""
    joined = sa.join(StatementLine, _MATCH, _MATCH.c.ref_id == col(StatementLine.id), isouter=True)
    condition = _condition(account_id, wanted)
    summed = session.execute(
        sa.select(col(StatementLine.direction), sa.func.count(), sa.func.sum(StatementLine.amount))
        .select_from(joined)
        .where(condition)
        .group_by(col(StatementLine.direction))
    ).all()
    sums = {str(direction): int(total) for direction, _, total in summed}
    rows = session.execute(
        sa.select(StatementLine, _MATCH.c.match_no)
        .select_from(joined)
        .where(condition)
        .order_by(col(StatementLine.booking_date).desc(), col(StatementLine.id).desc())
        .limit(limit)
        .offset(offset)
    ).all()
    return LinePage(
        tuple(MatchedLine(line, match_no) for line, match_no in rows),
        sum(int(count) for _, count, _ in summed),
        sums.get("debit", 0),
        sums.get("credit", 0),
    )


def line_of(session: Session, line_id: int) -> StatementLine | None:
    """One line by its id."""
    return session.get(StatementLine, line_id)


def last_statements(session: Session, account_ids: Collection[int]) -> dict[int, Statement]:
    """The newest accepted statement per account; accounts without one are missing."""
    place = sa.func.row_number().over(
        partition_by=col(Statement.account_id),
        order_by=(col(Statement.statement_date).desc(), col(Statement.id).desc()),
    )
    ranked = (
        select(Statement.id, place.label("place"))
        .where(col(Statement.account_id).in_(account_ids), Statement.state == "accepted")
        .subquery()
    )
    rows = session.exec(
        select(Statement).join(ranked, ranked.c.id == col(Statement.id)).where(ranked.c.place == 1)
    )
    return {row.account_id: row for row in rows}


def quarantined(session: Session, account_ids: Collection[int]) -> list[Statement]:
    """Statements that did not continue what is known and wait, newest first: neither taken since
    nor refused for good."""
    return list(
        session.exec(
            select(Statement)
            .where(col(Statement.account_id).in_(account_ids), Statement.state == "quarantined")
            .where(~_taken_since(), ~_refused_for_good())
            .order_by(col(Statement.id).desc())
        )
    )


def _taken_since() -> sa.ColumnElement[bool]:
    """Whether the very statement fitted later: then it is settled."""
    later = sa.orm.aliased(Statement)
    return sa.exists().where(
        col(later.account_id) == col(Statement.account_id),
        col(later.content_hash) == col(Statement.content_hash),
        col(later.state) == "accepted",
    )


def _refused_for_good() -> sa.ColumnElement[bool]:
    return sa.exists().where(
        col(StatementDecision.statement_id) == col(Statement.id),
        col(StatementDecision.wanted) == "refuse",
        col(StatementDecision.state) == "done",
    )


def _condition(account_id: int, wanted: LineFilter) -> sa.ColumnElement[bool]:
    parts: list[sa.ColumnElement[bool]] = [col(StatementLine.account_id) == account_id]
    if wanted.matched is not None:
        found = _MATCH.c.match_no
        parts.append(found.is_not(None) if wanted.matched else found.is_(None))
    if wanted.direction is not None:
        parts.append(col(StatementLine.direction) == wanted.direction)
    if wanted.from_date is not None:
        parts.append(col(StatementLine.booking_date) >= wanted.from_date)
    if wanted.to_date is not None:
        parts.append(col(StatementLine.booking_date) <= wanted.to_date)
    if wanted.amount_from is not None:
        parts.append(col(StatementLine.amount) >= wanted.amount_from)
    if wanted.amount_to is not None:
        parts.append(col(StatementLine.amount) <= wanted.amount_to)
    if wanted.text:
        columns: tuple[str | None, ...] = (
            StatementLine.bank_reference,
            StatementLine.our_reference,
            StatementLine.counterparty_name,
            StatementLine.counterparty_account,
            StatementLine.remittance,
        )
        found_text = [col(one).icontains(wanted.text, autoescape=True) for one in columns]
        found_text.append(_MATCH.c.match_no.icontains(wanted.text, autoescape=True))
        parts.append(sa.or_(*found_text))
    return sa.and_(*parts)
