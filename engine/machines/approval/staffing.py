"""Who can take a step: everybody with the role but those whom four eyes bar, and stand-ins."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import sqlalchemy as sa
from sqlmodel import Session

from engine.machines.approval.models import ApprovalRequest
from engine.machines.approval.ports import Directory, Holding, StandIn


@dataclass(frozen=True, slots=True)
class Subject:
    """What of a request tells who may decide it. `amount` in minor units."""

    request_id: int
    org_id: str
    maker: str
    editor: str | None
    submitter: str | None
    beneficiary_account: str | None
    amount: int | None
    currency: str | None
    category: str | None

    @staticmethod
    def of(request: ApprovalRequest) -> Subject:
        """From a stored request."""
        assert request.id is not None
        return Subject(
            request.id,
            request.org_id,
            request.maker,
            request.editor,
            request.submitter,
            request.beneficiary_account,
            request.amount,
            request.currency,
            request.category,
        )


class FourEyes:
    """Whom each request bars: who made, edited, submitted or decided it, or would be paid by it.

    Of a verdict in another's place both persons are barred from the other steps.
    """

    def __init__(
        self, session: Session, directory: Directory, subjects: Collection[Subject]
    ) -> None:
        accounts = {s.beneficiary_account for s in subjects if s.beneficiary_account}
        self._owners = directory.owners(session, accounts) if accounts else {}
        self._approvers = _earlier_approvers(session, [s.request_id for s in subjects])

    def bars(self, subject: Subject, user_id: str) -> str | None:
        """Why the user may not decide it: FOUR_EYES_MAKER, _EARLIER or _BENEFICIARY; or None."""
        if user_id in (subject.maker, subject.editor, subject.submitter):
            return "FOUR_EYES_MAKER"
        if user_id in self._approvers.get(subject.request_id, ()):
            return "FOUR_EYES_EARLIER"
        if user_id in self._owners.get(subject.beneficiary_account or "", ()):
            return "FOUR_EYES_BENEFICIARY"
        return None

    def decided(self, request_id: int, persons: Iterable[str]) -> None:
        """These persons have decided a step of the request just now."""
        self._approvers.setdefault(request_id, set()).update(persons)


class Staffing:
    """Who there is for steps on one business day; the directory is asked each thing once."""

    def __init__(
        self, session: Session, directory: Directory, day: dt.date, four_eyes: FourEyes
    ) -> None:
        self._session = session
        self._directory = directory
        self._day = day
        self._four_eyes = four_eyes
        self._holders: dict[tuple[str, str], Sequence[Holding]] = {}

    def of(self, role: str, subject: Subject) -> str | None:
        """The nearest organisation upwards where somebody may take a step of `role`."""
        key = (role, subject.org_id)
        if key not in self._holders:
            self._holders[key] = self._directory.holders(self._session, *key)
        for holding in self._holders[key]:
            if any(self._reached(user, role, subject) for user in holding.users):
                return holding.org_id
        return None

    def _reached(self, holder: str, role: str, subject: Subject) -> bool:
        """Whether the holder or somebody in his place can decide; who is away cannot himself."""
        if self._four_eyes.bars(subject, holder) is not None:
            return False
        return holder not in self._away or any(
            one.principal == holder
            and one.delegate not in self._away
            and covers(one, role, subject)
            and self._four_eyes.bars(subject, one.delegate) is None
            for one in self._stand_ins
        )

    @cached_property
    def _away(self) -> Collection[str]:
        return self._directory.away(self._session, self._day)

    @cached_property
    def _stand_ins(self) -> Sequence[StandIn]:
        return self._directory.stand_ins(self._session, self._day)


def covers(one: StandIn, role: str, subject: Subject) -> bool:
    """Whether a delegation is meant for such a step; whether the principal could is not asked."""
    if subject.org_id not in one.orgs:
        return False
    if one.roles is not None and role not in one.roles:
        return False
    if one.categories is not None and subject.category not in one.categories:
        return False
    if one.caps is None:
        return True
    cap = one.caps.get(subject.currency or "")
    return cap is not None and subject.amount is not None and subject.amount <= cap


def _earlier_approvers(session: Session, request_ids: Iterable[int]) -> dict[int, set[str]]:
    """Who has given a verdict on each request, and in whose place."""
    rows = session.execute(
        sa.text(
            "SELECT request_id, user_id, on_behalf_of FROM approval_verdict "
            "WHERE request_id = ANY(:ids)"
        ),
        {"ids": list(request_ids)},
    )
    found: dict[int, set[str]] = {}
    for row in rows:
        persons = {str(one) for one in (row.user_id, row.on_behalf_of) if one is not None}
        found.setdefault(int(row.request_id), set()).update(persons)
    return found
