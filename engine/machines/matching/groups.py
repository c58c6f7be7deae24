"""Writing match groups and retiring them; the database holds the rest (migration 0009)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.base.money import format_major
from engine.base.text import SluiceError, Text
from engine.machines.matching.models import MatchGroup, MatchItem
from engine.machines.matching.numbers import next_numbers
from engine.runtime.clock import business_date_of


class MatchError(SluiceError):
    """A match that cannot be made or undone."""


@dataclass(frozen=True, slots=True)
class Member:
    """A document, a bounced document, a bank fee or a statement line. `amount` in minor units."""

    kind: str
    ref_id: int
    amount: int


@dataclass(frozen=True, slots=True)
class GroupDraft:
    """Items and lines that belong together. items = lines + difference, in minor units."""

    org_id: str
    kind: str
    """arrival | bounce | fee"""
    account_id: int
    currency: str
    booking_date: dt.date
    items: tuple[Member, ...]
    line_ids: tuple[tuple[int, int], ...]
    """(statement line id, amount)"""
    matched_by: str
    rule_row: str | None = None
    decision_id: int | None = None
    difference: int = 0
    difference_name: str | None = None


@dataclass(frozen=True, slots=True)
class Matched:
    """A group that was written."""

    group_id: int
    match_no: str
    draft: GroupDraft = field(compare=False)


def create_groups(
    session: Session, drafts: Sequence[GroupDraft], now: dt.datetime
) -> list[Matched]:
    """Write the groups with new match numbers of today's business date, in the order given.

    MatchError MATCH_SUMS_DIFFER, or ALREADY_MATCHED when a document or line is in a live group:
    nothing must be committed then.
    """
    if not drafts:
        return []
    for draft in drafts:
        _check_sums(draft)
    numbers = next_numbers(session, business_date_of(now), len(drafts))
    groups = [
        MatchGroup(
            org_id=draft.org_id,
            match_no=number,
            kind=draft.kind,
            account_id=draft.account_id,
            currency=draft.currency,
            booking_date=draft.booking_date,
            difference=draft.difference,
            difference_name=draft.difference_name,
            rule_row=draft.rule_row,
            decision_id=draft.decision_id,
            matched_by=draft.matched_by,
            matched_at=now,
        )
        for draft, number in zip(drafts, numbers, strict=True)
    ]
    session.add_all(groups)
    session.flush()
    written = [
        Matched(group.id or 0, group.match_no, draft)
        for group, draft in zip(groups, drafts, strict=True)
    ]
    _insert_members(session, written)
    return written


def retire(session: Session, match_no: str, *, user: str, reason: str, now: dt.datetime) -> None:
    """Take a match apart for good; its number is never used again, its members are free.

    MatchError MATCH_UNKNOWN, MATCH_RETIRED, REASON_MISSING, FOUR_EYES (the one who matched).
    What follows from it (document, voucher, source) is the caller's, in the same transaction.
    """
    group = session.exec(
        select(MatchGroup).where(col(MatchGroup.match_no) == match_no).with_for_update()
    ).first()
    if group is None:
        raise MatchError(
            "MATCH_UNKNOWN",
            Text(
                f"there is no match number {match_no}; check the number",
                f"没有核对批号 {match_no};请核对号码",
            ),
        )
    if group.state == "retired":
        raise MatchError(
            "MATCH_RETIRED",
            Text(
                f"{match_no} was retired by {group.retired_by}; nothing is left to undo",
                f"{match_no} 已由 {group.retired_by} 撤销;无需再次撤销",
            ),
        )
    if not reason.strip():
        raise MatchError(
            "REASON_MISSING", Text("undoing a match needs a reason", "撤销匹配须填写原因")
        )
    if group.matched_by == user:
        raise MatchError(
            "FOUR_EYES",
            Text(
                f"{user} made this match; another person has to undo it",
                f"{user} 是匹配人;须由他人撤销",
            ),
        )
    group.state = "retired"
    group.retired_by, group.retired_at, group.retire_reason = user, now, reason.strip()
    session.add(group)
    session.flush()


def members_of(session: Session, group_id: int) -> list[MatchItem]:
    """Everything in a group, items first."""
    return list(
        session.exec(
            select(MatchItem)
            .where(col(MatchItem.group_id) == group_id)
            .order_by(col(MatchItem.side), col(MatchItem.id))
        )
    )


def _check_sums(draft: GroupDraft) -> None:
    items = sum(member.amount for member in draft.items)
    lines = sum(amount for _, amount in draft.line_ids)
    if items != lines + draft.difference or not draft.items or not draft.line_ids:
        ours = format_major(items, draft.currency, grouped=True)
        banks = format_major(lines, draft.currency, grouped=True)
        raise MatchError(
            "MATCH_SUMS_DIFFER",
            Text(
                f"items are {draft.currency} {ours}, lines {draft.currency} {banks}; choose "
                "items and lines of equal sums",
                f"单据合计 {draft.currency} {ours},明细合计 {draft.currency} {banks};"
                "请选择合计相等的单据与明细",
            ),
        )


_INSERT = sa.text(
    """
    INSERT INTO match_item (org_id, group_id, side, kind, ref_id, amount)
    SELECT * FROM unnest(CAST(:orgs AS text[]), CAST(:groups AS bigint[]),
        CAST(:sides AS text[]), CAST(:kinds AS text[]), CAST(:refs AS bigint[]),
        CAST(:amounts AS bigint[]))
    ON CONFLICT DO NOTHING
    RETURNING kind, ref_id
    """
)


def _insert_members(session: Session, groups: Sequence[Matched]) -> None:
    rows: list[tuple[str, int, str, str, int, int]] = []
    for group in groups:
        org = group.draft.org_id
        rows += [
            (org, group.group_id, "item", m.kind, m.ref_id, m.amount) for m in group.draft.items
        ]
        rows += [
            (org, group.group_id, "line", "statement_line", line, amount)
            for line, amount in group.draft.line_ids
        ]
    orgs, ids, sides, kinds, refs, amounts = map(list, zip(*rows, strict=True))
    inserted = {
        (row.kind, int(row.ref_id))
        for row in session.execute(
            _INSERT,
            {
                "orgs": orgs,
                "groups": ids,
                "sides": sides,
                "kinds": kinds,
                "refs": refs,
                "amounts": amounts,
            },
        )
    }
    taken = [(row[3], row[4]) for row in rows if (row[3], row[4]) not in inserted]
    if taken or len(inserted) != len(rows):
        named = ", ".join(f"{kind} {ref}" for kind, ref in taken[:5]) or "a member named twice"
        raise MatchError(
            "ALREADY_MATCHED",
            Text(
                f"{named}: in a live match already; undo that match first",
                f"{named}:已在有效匹配中;请先撤销原匹配",
            ),
        )
