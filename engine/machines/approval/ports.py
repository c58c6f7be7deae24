"""What the machine asks of others: who holds which role, and whose subjects these are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sqlmodel import Session

from engine.base.text import Text


@dataclass(frozen=True, slots=True)
class Holding:
    """An organisation at which people hold a role, and who they are."""

    org_id: str
    users: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StandIn:
    """A delegation in force: `delegate` may decide what `principal` himself could decide now.

    `orgs` are the organisations whose subjects it covers. `roles` and `categories`: None is all.
    `caps`: most by currency, minor units; None is no cap.
    """

    delegation_id: int
    principal: str
    delegate: str
    orgs: frozenset[str]
    roles: frozenset[str] | None
    categories: frozenset[str] | None
    caps: Mapping[str, int] | None


class Directory(Protocol):
    """Knows people and their roles."""

    def holders(self, session: Session, role: str, org_id: str) -> Sequence[Holding]:
        """Who holds `role` from `org_id` upwards and may approve, the nearest first."""
        ...

    def held(self, session: Session, user_id: str) -> Collection[tuple[str, str]]:
        """(role, organisation) of every grant the active user has; nothing delegated is in it."""
        ...

    def away(self, session: Session, day: dt.date) -> Collection[str]:
        """Users who cannot be counted on that business day: they let others stand in."""
        ...

    def stand_ins(
        self, session: Session, day: dt.date, delegate: str | None = None, *, lock: bool = False
    ) -> Sequence[StandIn]:
        """Delegations in force on that business day, of one delegate or all; with `lock` they
        stay in force until the transaction ends."""
        ...

    def owners(self, session: Session, accounts: Collection[str]) -> Mapping[str, Collection[str]]:
        """The users whose own bank account is one of `accounts`, by account."""
        ...


@dataclass(frozen=True, slots=True)
class RequestDraft:
    """A subject to be approved. `roles` are the steps in order, lowest rank first, each once."""

    subject_kind: str
    subject_id: int
    subject_no: str
    org_id: str
    content_hash: str
    maker: str
    roles: tuple[str, ...]
    sla_seconds: int | None = None
    """Time for each step."""
    batch_id: int | None = None
    editor: str | None = None
    submitter: str | None = None
    beneficiary_account: str | None = None
    amount: int | None = None
    """Minor units."""
    currency: str | None = None
    category: str | None = None
    """What sort of subject it is: delegations may be limited to it."""
    rows: tuple[str, ...] = ()
    """Rules that named the steps."""
    decision_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Blocked:
    """A request that nobody can take further, and the role nobody holds (None: no role named)."""

    request_id: int
    subject_id: int
    subject_no: str
    org_id: str
    role: str | None
    text: Text


@dataclass(frozen=True, slots=True)
class Decided:
    """A subject whose request has ended by the verdict of `user_id`."""

    request_id: int
    subject_id: int
    user_id: str
    comment: str | None


class SubjectOwner(Protocol):
    """The capability that owns the subjects of one kind, told inside the machine's transaction."""

    def content_hashes(self, session: Session, subject_ids: Sequence[int]) -> Mapping[int, str]:
        """The hashes of the subjects as they stand now."""
        ...

    def approved(self, session: Session, decided: Sequence[Decided], now: dt.datetime) -> None:
        """The last step of these was approved."""
        ...

    def rejected(self, session: Session, decided: Sequence[Decided], now: dt.datetime) -> None:
        """These were rejected, with a reason."""
        ...

    def blocked(self, session: Session, blocked: Sequence[Blocked], now: dt.datetime) -> None:
        """Nobody can decide these: raise an alert."""
        ...

    def unblocked(self, session: Session, subject_ids: Sequence[int], now: dt.datetime) -> None:
        """Somebody can decide these again."""
        ...


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine with everything it needs: who is who, and an owner per kind of subject."""

    directory: Directory
    owners: Mapping[str, SubjectOwner] = field(default_factory=dict)
