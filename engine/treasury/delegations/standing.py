"""Which delegations are in force on a day, and who is away."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlmodel import Session

from engine.machines.approval import StandIn
from engine.treasury.organisations.permissions import PERMISSIONS, may_approve

# The delegate approves there in some role of his own too: he sees what he decides, and duties that
# exclude approving are not his.
_IN_FORCE = sa.text("""
SELECT d.id, d.principal, d.delegate, d.roles, d.categories, d.caps, array_agg(o.id) AS orgs
FROM delegation d
JOIN user_account x ON x.id = d.principal AND x.active
JOIN user_account y ON y.id = d.delegate AND y.active
JOIN organisation o ON d.org_id = ANY(string_to_array(o.path, '/'))
WHERE delegation_stands(d, :day)
  AND (CAST(:delegate AS text) IS NULL OR d.delegate = :delegate)
  AND EXISTS (SELECT 1 FROM role_grant g WHERE g.user_id = d.delegate
              AND g.role = ANY(:approving) AND g.org_id = ANY(string_to_array(o.path, '/')))
GROUP BY d.id ORDER BY d.id
""")


def stand_ins(
    session: Session, day: dt.date, delegate: str | None = None, *, lock: bool = False
) -> list[StandIn]:
    """Delegations in force on a business day, of one delegate or all, oldest first.

    With `lock` nobody revokes those of `delegate`, nor changes his roles or those of whom he
    stands in for, until the transaction ends: delegations are locked first, then persons.
    """
    session.flush()
    if lock:
        _lock(session, delegate)
    rows = session.execute(
        _IN_FORCE, {"day": day, "delegate": delegate, "approving": approving_roles()}
    )
    return [
        StandIn(
            row.id,
            row.principal,
            row.delegate,
            frozenset(row.orgs),
            None if row.roles is None else frozenset(row.roles),
            None if row.categories is None else frozenset(row.categories),
            row.caps,
        )
        for row in rows
    ]


def _lock(session: Session, delegate: str | None) -> None:
    """Whoever takes a role away locks the person: see grants.lock_person."""
    principals = session.execute(
        sa.text(
            "SELECT principal FROM delegation WHERE delegate = :delegate ORDER BY id FOR SHARE"
        ),
        {"delegate": delegate},
    ).scalars()
    session.execute(
        sa.text("SELECT id FROM user_account WHERE id = ANY(:ids) ORDER BY id FOR SHARE"),
        {"ids": sorted({str(delegate), *principals})},
    )


def away(session: Session, day: dt.date) -> frozenset[str]:
    """Who is away on a business day: he said so with a delegation, and has not come back.

    A delegation that ended or was revoked before the absence does leaves nobody in his place.
    """
    session.flush()
    rows = session.execute(
        sa.text("""
            SELECT DISTINCT d.principal FROM delegation d
            WHERE :day BETWEEN d.valid_from AND d.away_until
              AND (d.given_by = d.principal OR EXISTS (SELECT 1 FROM delegation_event e
                     WHERE e.delegation_id = d.id AND e.kind = 'confirmed'))
              AND NOT EXISTS (SELECT 1 FROM delegation_event e
                              WHERE e.delegation_id = d.id AND e.kind = 'returned')"""),
        {"day": day},
    )
    return frozenset(rows.scalars())


def approving_roles() -> list[str]:
    """Roles whose holders take approval steps."""
    return [role for role in PERMISSIONS if may_approve(role)]
