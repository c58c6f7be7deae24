"""Lines a person must decide: the queue, and confirming one of the candidates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.machines.matching import MatchProposal
from engine.matching import Candidate, Matching
from engine.runtime.jsontypes import JsonValue, canonical_json, check_object
from engine.treasury.arrivals.items import OpenAttempt, OpenLine
from engine.treasury.organisations.grants import visible_orgs


@dataclass(frozen=True, slots=True)
class Choice:
    """What a line could be: an arrival of attempts, or the bounce of one."""

    kind: str
    """arrival | bounce"""
    attempt_ids: tuple[int, ...]
    document_nos: tuple[str, ...]
    row: str | None
    reference: str
    amount_gap: int
    """Minor units."""
    days_apart: int
    same_account: bool

    def to_json(self) -> dict[str, JsonValue]:
        """As kept in the queue."""
        return {
            "kind": self.kind,
            "attempt_ids": list(self.attempt_ids),
            "document_nos": list(self.document_nos),
            "row": self.row,
            "reference": self.reference,
            "amount_gap": self.amount_gap,
            "days_apart": self.days_apart,
            "same_account": self.same_account,
        }

    @staticmethod
    def from_json(kept: Mapping[str, object]) -> Choice:
        """As `to_json` wrote it."""
        value = check_object(kept)
        attempts, numbers = value["attempt_ids"], value["document_nos"]
        if not isinstance(attempts, list) or not isinstance(numbers, list):
            raise TypeError(f"a candidate of the queue is {kept!r}")
        row = value["row"]
        return Choice(
            kind=str(value["kind"]),
            attempt_ids=tuple(int(str(one)) for one in attempts),
            document_nos=tuple(str(one) for one in numbers),
            row=None if row is None else str(row),
            reference=str(value["reference"]),
            amount_gap=int(str(value["amount_gap"])),
            days_apart=int(str(value["days_apart"])),
            same_account=value["same_account"] is True,
        )


@dataclass(frozen=True, slots=True)
class Suggested:
    """A line with its candidates. `reason`: propose (one, by a weak rule) or ambiguous."""

    line_id: int
    reason: str
    choices: tuple[Choice, ...]


def suggestions_of(
    found: Matching, attempts: Sequence[OpenAttempt], *, by_rule: bool = True
) -> list[Suggested]:
    """What the kernel left to a person, also matches whose amounts differ; all of them unless
    the lines may be matched `by_rule`."""
    number_of = {one.id: one.document_no for one in attempts}

    def choice(one: Candidate) -> Choice:
        return Choice(
            kind="arrival",
            attempt_ids=one.claims,
            document_nos=tuple(number_of[claim] for claim in one.claims),
            row=one.row,
            reference=one.facts.reference,
            amount_gap=one.facts.amount_gap,
            days_apart=one.facts.days_apart,
            same_account=one.facts.same_account,
        )

    made = [
        Suggested(one.line_id, one.reason, tuple(choice(c) for c in one.candidates))
        for one in found.suggestions
    ]
    made += [
        Suggested(
            one.line_id,
            "propose",
            (choice(Candidate(one.item_id, one.claims, one.row, one.facts)),),
        )
        for one in found.groups
        if one.facts.amount_gap or not by_rule
    ]
    return made


def refresh_proposals(
    session: Session,
    account_id: int,
    suggested: Sequence[Suggested],
    lines: Sequence[OpenLine],
    now: dt.datetime,
) -> int:
    """Make the account's queue what `suggested` says; how many lines are in it.

    An entry whose candidates changed is replaced; one without candidates is superseded.
    """
    org_of = {line.id: line.org_id for line in lines}
    wanted = {one.line_id: one for one in suggested if one.line_id in org_of}
    standing = session.execute(
        sa.text(
            "SELECT p.id, p.line_id, p.reason, p.candidates FROM match_proposal p "
            "JOIN statement_line l ON l.id = p.line_id "
            "WHERE p.state = 'open' AND l.account_id = :account FOR UPDATE OF p"
        ),
        {"account": account_id},
    ).all()
    gone = []
    for row in standing:
        one = wanted.get(row.line_id)
        if one is not None and _content(one) == canonical_json([row.reason, row.candidates]):
            del wanted[row.line_id]
        else:
            gone.append(row.id)
    if gone:
        session.execute(
            sa.text(
                "UPDATE match_proposal SET state = 'superseded', decided_by = 'system:arrivals', "
                "decided_at = :now WHERE id = ANY(:ids)"
            ),
            {"ids": gone, "now": now},
        )
    session.add_all(
        MatchProposal(
            org_id=org_of[one.line_id],
            line_id=one.line_id,
            reason=one.reason,
            candidates=[dict(choice.to_json()) for choice in one.choices],
            created_at=now,
        )
        for one in wanted.values()
    )
    session.flush()
    return len(standing) - len(gone) + len(wanted)


def proposals(session: Session, user: str) -> list[MatchProposal]:
    """The open queue of organisations whose statements the user may reconcile, oldest first."""
    allowed = visible_orgs(session, user, "statements.reconcile")
    return list(
        session.exec(
            select(MatchProposal)
            .where(MatchProposal.state == "open", col(MatchProposal.org_id).in_(allowed))
            .order_by(col(MatchProposal.id))
        )
    )


def _content(one: Suggested) -> str:
    choices: list[JsonValue] = [choice.to_json() for choice in one.choices]
    return canonical_json([one.reason, choices])
