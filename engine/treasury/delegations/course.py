"""What dates do to delegations: they begin, end, and people come back; a schedule notices it.

Whether a delegation is in force is always asked of its dates. What happens here is the rest: what
waits for whom is looked at again, and an alert says when one ends while documents wait.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.base.text import Text
from engine.machines import approval
from engine.runtime.actions import ActionContext, Done, Outcome, Registry
from engine.runtime.clock import business_date_of
from engine.runtime.db import transaction
from engine.runtime.jsontypes import JsonObject
from engine.runtime.schedules import Schedule
from engine.treasury.alerts.board import AlertDraft, raise_alerts
from engine.treasury.approvals import desk
from engine.treasury.approvals.wiring import MACHINE
from engine.treasury.delegations.models import Delegation

SETTLE = "delegations.settle"
"""Kind of the action."""
SCHEDULE = Schedule(SETTLE, "*/5 * * * *", SETTLE)
SYSTEM = "system"

_DUE = {
    "began": "delegation_stands(d, :today)",
    "ended": "d.valid_until < :today AND delegation_stands(d, d.valid_until)",
    "returned": "d.away_until < :today",
}
"""What the date has brought about when this holds and it is not written down yet."""


def register(registry: Registry) -> None:
    """Handle SETTLE."""

    def handle(context: ActionContext, _: JsonObject) -> Outcome:
        with transaction(context.engine) as session:
            context.guard(session)
            settle(session, context.clock.now())
        return Done()

    registry.register(SETTLE, handle)


def settle(session: Session, now: dt.datetime) -> None:
    """Write down what has begun or ended by date, tell of what waits, and look at steps again."""
    today = business_date_of(now)
    touched: list[Delegation] = []
    for kind in _DUE:
        for one in _by_date(session, kind, today, now):
            touched.append(one)
            if kind == "ended":
                tell_ended(session, one, one.valid_until, now)
    look_again(session, touched, now)


def look_again(session: Session, touched: Sequence[Delegation], now: dt.datetime) -> None:
    """Give steps to whom they belong now, or block them with an alert.

    Only an absence changes who there is: a stand-in can do nothing that the principal could not.
    """
    principals = sorted({one.principal for one in touched})
    away = session.execute(
        sa.text(
            "SELECT EXISTS (SELECT 1 FROM delegation WHERE principal = ANY(:principals) "
            "AND away_until IS NOT NULL)"
        ),
        {"principals": principals},
    ).scalar_one()
    if away:
        desk.reassess(session, now)


def tell_ended(session: Session, one: Delegation, last_day: dt.date, now: dt.datetime) -> None:
    """Raise an alert when documents wait that the delegate could have decided on `last_day`.

    Asked before a revocation is written down, since it ends the delegation for every day.
    """
    waiting = [
        item
        for item in approval.worklist(session, MACHINE.directory, one.delegate, last_day)
        if item.right.delegation_id == one.id
    ]
    if not waiting:
        return
    count = len(waiting)
    raise_alerts(
        session,
        [
            AlertDraft(
                org_id=one.org_id,
                dedupe_key=f"delegation:{one.id}:ended",
                code="DELEGATION_ENDED",
                severity="medium",
                action="hint",
                subject_kind="delegation",
                subject_id=str(one.id),
                text=Text(
                    f"{one.delegate} no longer stands in for {one.principal} (delegation "
                    f"{one.id}) while {count} step(s) wait, the first of {waiting[0].subject_no}; "
                    f"{one.principal} decides them, or a new delegation is given",
                    f"{one.delegate} 代 {one.principal} 审批的授权(编号 {one.id})已终止,"
                    f"尚有 {count} 个步骤待审批,首张为 {waiting[0].subject_no};"
                    f"请由 {one.principal} 审批或新办授权",
                ),
                notify=("treasurer", "reviewer"),
            )
        ],
        now,
    )


def _by_date(session: Session, kind: str, today: dt.date, now: dt.datetime) -> Sequence[Delegation]:
    """Write down what became due and is not yet written, by whoever looks first."""
    rows = session.execute(
        sa.text(
            "INSERT INTO delegation_event (org_id, delegation_id, kind, actor, at) "  # noqa: S608
            "SELECT d.org_id, d.id, :kind, :system, :now FROM delegation d "
            f"WHERE {_DUE[kind]} AND NOT EXISTS (SELECT 1 FROM delegation_event e "
            "WHERE e.delegation_id = d.id AND e.kind = :kind) ORDER BY d.id "
            "ON CONFLICT DO NOTHING RETURNING delegation_id"
        ),
        {"today": today, "kind": kind, "system": SYSTEM, "now": now},
    )
    ids = list(rows.scalars())
    return session.exec(
        select(Delegation).where(col(Delegation.id).in_(ids)).order_by(col(Delegation.id))
    ).all()
