"""Who can take a step: everybody with the role but those whom four eyes bar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlmodel import Session

from engine.machines.approval.models import ApprovalRequest
from engine.machines.approval.ports import Directory, Holding


@dataclass(slots=True)
class Staffing:
    """Answers of the directory for one call, each asked once."""

    session: Session
    directory: Directory
    _known: dict[tuple[str, str, frozenset[str]], Holding | None] = field(default_factory=dict)

    def of(self, role: str, org_id: str, barred: frozenset[str]) -> Holding | None:
        """Nearest holders of `role` upwards who are not barred."""
        key = (role, org_id, barred)
        if key not in self._known:
            self._known[key] = self.directory.holders(self.session, role, org_id, barred)
        return self._known[key]


def barred_users(
    session: Session, directory: Directory, requests: Sequence[ApprovalRequest]
) -> dict[int, frozenset[str]]:
    """Per request: who made, edited, submitted or approved it, or would be paid by it."""
    accounts = {r.beneficiary_account for r in requests if r.beneficiary_account}
    owners = directory.owners(session, accounts) if accounts else {}
    approvers = earlier_approvers(session, [r.id for r in requests if r.id is not None])
    barred = {}
    for one in requests:
        if one.id is None:
            continue
        people: set[str] = {p for p in (one.maker, one.editor, one.submitter) if p}
        people |= set(owners.get(one.beneficiary_account or "", ()))
        people |= set(approvers.get(one.id, ()))
        barred[one.id] = frozenset(people)
    return barred


def earlier_approvers(session: Session, request_ids: Iterable[int]) -> Mapping[int, list[str]]:
    """Who has given a verdict on each request."""
    rows = session.execute(
        sa.text("SELECT request_id, user_id FROM approval_verdict WHERE request_id = ANY(:ids)"),
        {"ids": list(request_ids)},
    )
    found: dict[int, list[str]] = {}
    for row in rows:
        found.setdefault(int(row.request_id), []).append(str(row.user_id))
    return found
