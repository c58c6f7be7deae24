"""Every evening each source is asked what it sent and received; that is compared with ours."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.base.money import MoneyError, parse_major
from engine.base.text import Text
from engine.runtime import actions, db
from engine.runtime.actions import TELLING, ActionContext, Done, Outcome, Registry, Retry
from engine.runtime.clock import BUSINESS_ZONE
from engine.runtime.jsontypes import JsonError, JsonObject, JsonValue
from engine.runtime.schedules import Schedule
from engine.treasury.incidents import raise_incident
from engine.treasury.organisations.grants import visible_orgs
from engine.treasury.organisations.models import UserAccount
from engine.treasury.sources.comparing import Difference, Sent, compare_sent, compare_told, totals
from engine.treasury.sources.models import SourceDay
from engine.treasury.sources.sender import SourceSender, Unasked

ALL = "sources.day_end"
"""Kind of the action that asks for a comparison with every source."""
ONE = "sources.compare"
"""Kind of the action that compares one day with one source."""
SCHEDULE = Schedule(ALL, "30 20 * * mon-sun", ALL)
"""Every evening; by hand it runs like any schedule."""
AGAIN = dt.timedelta(minutes=10)
"""A source that does not answer is asked again after this long."""
PATIENCE = 6
"""Tries after which silence is told as a difference."""


def register(registry: Registry, sender: SourceSender) -> None:
    """Handle both actions."""

    def ask_all(context: ActionContext, payload: JsonObject) -> Outcome:
        with db.transaction(context.engine) as session:
            context.guard(session)
            sources = session.exec(
                select(UserAccount.id).where(col(UserAccount.endpoint).is_not(None))
            )
            for source in sorted(sources):
                actions.enqueue(
                    session,
                    ONE,
                    f"{ONE}:{source}:{context.key}",
                    {"source": source, "date": payload["business_date"]},
                )
        return Done()

    def ask_one(context: ActionContext, payload: JsonObject) -> Outcome:
        source, date = str(payload["source"]), dt.date.fromisoformat(str(payload["date"]))
        said = sender.day(source, date)
        if isinstance(said, Unasked) and said.again and context.attempts < PATIENCE:
            return Retry(AGAIN, said.reason)
        with db.transaction(context.engine) as session:
            context.guard(session)
            compare(session, source, date, said, context.clock.now())
        return Done()

    registry.register(ALL, ask_all, lane=TELLING)
    registry.register(ONE, ask_one, lane=TELLING)


def compare(
    session: Session, source: str, date: dt.date, said: JsonObject | Unasked, now: dt.datetime
) -> SourceDay:
    """Store the comparison of `date` with what the source said of it; an alert where it differs."""
    error: str | None = None
    differences: list[Difference] = []
    summed: list[dict[str, JsonValue]] = []
    if isinstance(said, Unasked):
        error = said.reason
    else:
        try:
            theirs, received = _theirs(said)
        except (JsonError, MoneyError, KeyError, TypeError) as problem:
            error = f"its answer cannot be read: {problem}"
        else:
            ours = _ours(session, source, date, list(theirs))
            acked, waiting = _told(session, source, date)
            differences = compare_sent(ours, theirs) + compare_told(acked, waiting, received)
            summed = totals(ours, theirs)
            summed.append(_messages(len(acked), len(received)))
    found = SourceDay(
        org_id=session.get_one(UserAccount, source).org_id,
        source=source,
        business_date=date,
        compared_at=now,
        equal=error is None and not differences,
        totals=[dict(one) for one in summed],
        differences=[dict(one.to_json()) for one in differences],
        error=error,
    )
    session.add(found)
    session.flush()
    if not found.equal:
        _tell(session, found, now)
    return found


def days(session: Session, user_id: str | None, limit: int = 60) -> Sequence[SourceDay]:
    """The latest comparison of every day and source the user may see, newest day first; None is
    who holds the workspace and sees all."""
    seen = None if user_id is None else sorted(visible_orgs(session, user_id, "operations.read"))
    latest = (
        select(sa.func.max(SourceDay.id))
        .group_by(col(SourceDay.source), col(SourceDay.business_date))
        .scalar_subquery()
    )
    query = select(SourceDay).where(col(SourceDay.id).in_(latest))
    if seen is not None:
        query = query.where(col(SourceDay.org_id).in_(seen))
    ordered = query.order_by(col(SourceDay.business_date).desc(), col(SourceDay.source))
    return session.exec(ordered.limit(limit)).all()


def _theirs(said: JsonObject) -> tuple[dict[str, Sent], frozenset[str]]:
    """{"sent": [{"source_document_no", "direction", "currency", "amount", "taken"}], "received":
    [message id]}"""
    sent, received = said["sent"], said["received"]
    if not isinstance(sent, list) or not isinstance(received, list):
        raise TypeError("sent and received are lists")
    found = {}
    for one in sent:
        if not isinstance(one, dict):
            raise TypeError("sent holds objects")
        currency = str(one["currency"])
        number = str(one["source_document_no"])
        amount = parse_major(str(one["amount"]), currency)
        taken = one["taken"] is True
        found[number] = Sent(number, str(one["direction"]), currency, amount, taken)
    return found, frozenset(str(one) for one in received)


_OURS = sa.text("""
SELECT source_document_no AS number, direction, currency, amount FROM document
WHERE source_system = :source
  AND (business_date = :date OR source_document_no = ANY(:numbers))
""")


def _ours(session: Session, source: str, date: dt.date, numbers: list[str]) -> dict[str, Sent]:
    """Documents of the day, and those the source counts to it though we took them on another."""
    rows = session.execute(_OURS, {"source": source, "date": date, "numbers": numbers}).mappings()
    return {row["number"]: Sent(**row) for row in rows}


_TOLD = sa.text("""
SELECT message_id, state, aggregate || ' ' || coalesce(body ->> 'status', kind) AS said
FROM outbox_message WHERE destination = :source
  AND (acked_at >= :start AND acked_at < :end OR state <> 'acked' AND created_at < :end)
""")


def _told(session: Session, source: str, date: dt.date) -> tuple[dict[str, str], dict[str, str]]:
    """What the source acknowledged on the day, and what waits for it at its end, by message id."""
    start = dt.datetime.combine(date, dt.time(), BUSINESS_ZONE)
    end = start + dt.timedelta(days=1)
    rows = session.execute(_TOLD, {"source": source, "start": start, "end": end}).all()
    acked = {row.message_id: row.said for row in rows if row.state == "acked"}
    waiting = {row.message_id: f"{row.said} ({row.state})" for row in rows if row.state != "acked"}
    return acked, waiting


def _messages(ours: int, theirs: int) -> dict[str, JsonValue]:
    return {
        "way": "told",
        "direction": "",
        "currency": "",
        "ours": ours,
        "theirs": theirs,
        "our_amount": "",
        "their_amount": "",
    }


def _tell(session: Session, found: SourceDay, now: dt.datetime) -> None:
    named = ", ".join(f"{one['number']} {one['code']}" for one in found.differences[:5])
    more = len(found.differences) - 5
    what = found.error or named + (f" +{more}" if more > 0 else "")
    raise_incident(
        session,
        org_id=found.org_id,
        code="SOURCE_DAY_DIFFERS",
        subject_kind="source_day",
        subject_id=f"{found.source}:{found.business_date}",
        message=Text(
            f"{found.source} and we differ about {found.business_date}: {what}; see Operations, "
            "Sources",
            f"与来源系统 {found.source} 在 {found.business_date} 的数据不一致:{what};"
            "请查看“运维 → 来源对账”",
        ),
        now=now,
    )
