"""By which right one person decides a step: his own role, or one he stands in for."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlmodel import Session

from engine.machines.approval.ports import Directory
from engine.machines.approval.staffing import FourEyes, Subject, covers


@dataclass(frozen=True, slots=True)
class Right:
    """In his own place (both None), or in another's by a delegation."""

    on_behalf_of: str | None = None
    delegation_id: int | None = None


OWN = Right()


class Rights:
    """What one person holds himself on a business day, and what others let him decide.

    What a principal may do is what he holds himself: a right that was delegated to him is not his
    to pass on.
    """

    def __init__(
        self,
        session: Session,
        directory: Directory,
        user_id: str,
        day: dt.date,
    ) -> None:
        self._own = frozenset(directory.held(session, user_id))
        self._stand_ins = directory.stand_ins(session, day, user_id)
        self._theirs = {
            one: frozenset(directory.held(session, one))
            for one in {each.principal for each in self._stand_ins}
        }

    def places(self) -> frozenset[tuple[str, str]]:
        """(role, organisation) of every place where a step may wait for this person."""
        return self._own.union(*self._theirs.values())

    def of(
        self, role: str, holder_org_id: str | None, subject: Subject, four_eyes: FourEyes
    ) -> Right | str:
        """The right for a step at that place, his own before others'; or the code why not.

        Asked only when four eyes do not bar the person himself. FOUR_EYES_PRINCIPAL: they bar
        everybody he could stand in for; NOT_THE_APPROVER: the step is not his at all.
        """
        place = (role, holder_org_id)
        if place in self._own:
            return OWN
        mine = [
            one
            for one in self._stand_ins
            if place in self._theirs[one.principal] and covers(one, role, subject)
        ]
        for one in mine:
            if four_eyes.bars(subject, one.principal) is None:
                return Right(one.principal, one.delegation_id)
        return "FOUR_EYES_PRINCIPAL" if mine else "NOT_THE_APPROVER"
