"""The approval machine with the treasury's people, and documents as a kind of subject."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa
from sqlmodel import Session, select

from engine.base.text import Text
from engine.machines.approval import Blocked, Decided, Holding, Machine, StandIn
from engine.treasury.alerts.board import AlertDraft, raise_alerts, resolve_by_key
from engine.treasury.delegations import standing
from engine.treasury.documents import course
from engine.treasury.documents.content import submitted_hashes
from engine.treasury.documents.reporting import ReportedReason, report
from engine.treasury.documents.states import State
from engine.treasury.organisations.grants import holders
from engine.treasury.organisations.models import RoleGrant, UserAccount
from engine.treasury.organisations.permissions import may_approve

SUBJECT = "document"


class StaffDirectory:
    """Holders of roles by the grants of the group, and who stands in for whom."""

    def holders(self, session: Session, role: str, org_id: str) -> Sequence[Holding]:
        """Holders upwards, the nearest first; nobody for a role that never approves."""
        if not may_approve(role):
            return ()
        return [Holding(one.org_id, one.users) for one in holders(session, role, org_id)]

    def away(self, session: Session, day: dt.date) -> Collection[str]:
        """Who said so with a delegation."""
        return standing.away(session, day)

    def stand_ins(
        self, session: Session, day: dt.date, delegate: str | None = None, *, lock: bool = False
    ) -> Sequence[StandIn]:
        """Delegations in force."""
        return standing.stand_ins(session, day, delegate, lock=lock)

    def held(self, session: Session, user_id: str) -> Collection[tuple[str, str]]:
        """Grants of an active user that let him approve."""
        # Read anew: he may have been deactivated while this transaction waited for its locks.
        person = session.get(UserAccount, user_id, populate_existing=True)
        if person is None or not person.active:
            return ()
        rows = session.exec(select(RoleGrant).where(RoleGrant.user_id == user_id))
        return {(row.role, row.org_id) for row in rows if may_approve(row.role)}

    def owners(self, session: Session, accounts: Collection[str]) -> Mapping[str, Collection[str]]:
        """Users whose own account has the same digits."""
        rows = session.execute(
            sa.text(r"""
                SELECT a.account, u.id FROM unnest(CAST(:accounts AS text[])) AS a(account)
                JOIN user_account u
                  ON regexp_replace(u.beneficiary_account, '\D', '', 'g')
                     = regexp_replace(a.account, '\D', '', 'g')"""),
            {"accounts": sorted(accounts)},
        )
        found: dict[str, list[str]] = {}
        for row in rows:
            found.setdefault(row.account, []).append(row.id)
        return found


class DocumentOwner:
    """What becomes of documents when their requests end or get stuck."""

    def content_hashes(self, session: Session, subject_ids: Sequence[int]) -> Mapping[int, str]:
        """Hashes of the documents as they stand."""
        return submitted_hashes(session, subject_ids)

    def approved(self, session: Session, decided: Sequence[Decided], now: dt.datetime) -> None:
        """The documents may be paid: UNPAID."""
        for user_id, ids in _by_user(decided).items():
            course.transition(
                session, ids, State.UNPAID, actor=user_id, now=now, reason_code="APPROVED"
            )

    def rejected(self, session: Session, decided: Sequence[Decided], now: dt.datetime) -> None:
        """The documents go back to their makers, and their sources are told."""
        for user_id, ids in _by_user(decided).items():
            comment = next(d.comment for d in decided if d.user_id == user_id) or ""
            course.transition(
                session,
                ids,
                State.REJECTED,
                actor=user_id,
                now=now,
                reason_code="REJECTED",
                reason=comment,
            )
            why = [ReportedReason("REJECTED", Text(comment, comment))]
            report(session, ids, "REJECTED", now, dict.fromkeys(ids, why))

    def blocked(self, session: Session, blocked: Sequence[Blocked], now: dt.datetime) -> None:
        """The documents wait, and an alert says whom to look for."""
        for one in blocked:
            course.wait(session, [one.subject_id], "BLOCKED", one.text)
        raise_alerts(
            session,
            [
                AlertDraft(
                    org_id=one.org_id,
                    dedupe_key=_blocked_key(one.subject_id, one.request_id),
                    code="APPROVAL_BLOCKED",
                    severity="high",
                    action="hint",
                    subject_kind=SUBJECT,
                    subject_id=str(one.subject_id),
                    text=one.text,
                    notify=("admin",),
                )
                for one in blocked
            ],
            now,
        )

    def unblocked(self, session: Session, subject_ids: Sequence[int], now: dt.datetime) -> None:
        """Somebody can approve again: nothing to wait for, and the alerts are closed."""
        course.stop_waiting(session, subject_ids, "BLOCKED")
        keys = session.execute(
            sa.text(
                "SELECT dedupe_key FROM alert WHERE code = 'APPROVAL_BLOCKED' "
                "AND subject_kind = 'document' AND subject_id = ANY(:ids)"
            ),
            {"ids": [str(one) for one in subject_ids]},
        ).scalars()
        resolve_by_key(session, list(keys), "system", now)


MACHINE = Machine(StaffDirectory(), {SUBJECT: DocumentOwner()})
"""The machine every way in uses."""


def _blocked_key(document_id: int, request_id: int) -> str:
    return f"document:{document_id}:blocked:{request_id}"


def _by_user(decided: Sequence[Decided]) -> dict[str, list[int]]:
    grouped: dict[str, list[int]] = {}
    for one in decided:
        grouped.setdefault(one.user_id, []).append(one.subject_id)
    return grouped
