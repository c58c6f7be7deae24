"""Arrival confirmation of one account: match, then carry out, a batch of groups at a time."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from engine.base.money import format_major
from engine.base.text import SluiceError, Text
from engine.machines.instruction.ports import Listener
from engine.matching import Group, Matching, match
from engine.rulebook import Rulebook
from engine.runtime import db
from engine.runtime.clock import Clock
from engine.treasury.accounts.book import account
from engine.treasury.arrivals.bounces import Bounced, take_bounces
from engine.treasury.arrivals.effects import Arrival, Confirmed, confirm
from engine.treasury.arrivals.fees import is_fee, take_fees
from engine.treasury.arrivals.items import (
    LineWords,
    OpenAttempt,
    OpenLine,
    as_items,
    as_lines,
    lines_undone,
    open_attempts,
    open_lines,
    strays,
)
from engine.treasury.arrivals.proposals import Suggested, refresh_proposals, suggestions_of
from engine.treasury.arrivals.rules import MatchingRules
from engine.treasury.incidents import raise_incident
from engine.treasury.organisations.tree import path_of

log = logging.getLogger(__name__)

ACTOR = "system:arrivals"
CHUNK = 100
"""Groups carried out in one transaction."""


@dataclass(frozen=True, slots=True)
class Services:
    """What arrival confirmation works with."""

    rulebook: Rulebook
    clock: Clock
    listener: Listener


@dataclass(frozen=True, slots=True)
class Run:
    """What one look at an account brought."""

    confirmed: tuple[Confirmed, ...]
    bounced: tuple[Bounced, ...]
    fees: int
    proposed: int
    """Lines left to a person."""
    failed: int
    """Groups that could not be carried out; an alert names each."""


def confirm_account(engine: sa.Engine, services: Services, account_id: int) -> Run:
    """Match what is open on the account by the live rulesets and carry it out, all of it by the
    revision that was live at the beginning.

    Each chunk of groups is one transaction; a group that fails alone is tried alone, named in an
    alert, and tried again at the next run. Raises NoLiveRuleset: then the lines wait.
    """
    with db.transaction(engine) as session:
        rules = _rules(session, services, account_id)
        attempts = open_attempts(session, account_id)
        lines = open_lines(session, account_id, rules.words)
        stray = {one.line_id for one in strays(session, account_id)}
        undone = lines_undone(session, account_id)
    # A stray line is never lent to another payment by a weaker row than its own reference.
    arriving = [line for line in lines if not line.is_return and line.id not in stray]
    found = match(
        as_items(account_id, attempts),
        as_lines([line for line in arriving if line.id not in undone]),
        rules.decide,
        interchangeable=rules.interchangeable,
    )
    arrivals = _arrivals(found, attempts, arriving)
    # What two persons took apart the same rule would put together again: a person says now.
    claimed = {claim for one in arrivals for claim in one.attempt_ids}
    again = match(
        as_items(account_id, [one for one in attempts if one.id not in claimed]),
        as_lines([line for line in arriving if line.id in undone]),
        rules.decide,
    )
    confirmed: list[Confirmed] = []
    failed = 0
    for start in range(0, len(arrivals), CHUNK):
        done, bad = _carry_out(engine, services, rules, arrivals[start : start + CHUNK])
        confirmed += done
        failed += bad
    bounced, suggested = _bounces(engine, services, account_id, rules.words)
    suggested += suggestions_of(found, attempts)
    suggested += suggestions_of(again, attempts, by_rule=False)
    asked = frozenset(one.line_id for one in suggested)
    fees = _fees(engine, services, rules, account_id, asked)
    with db.transaction(engine) as session:
        left = open_lines(session, account_id, rules.words)
        _tell_strays(session, account_id, left, services.clock.now())
        proposed = refresh_proposals(session, account_id, suggested, left, services.clock.now())
    return Run(tuple(confirmed), bounced, fees, proposed, failed)


def _tell_strays(
    session: Session, account_id: int, lines: Sequence[OpenLine], now: dt.datetime
) -> None:
    """Money of an attempt called failed, with no way left to take it: a person is told, once."""
    by_id = {line.id: line for line in lines if not line.is_return}
    for one in strays(session, account_id):
        line = by_id.get(one.line_id)
        if line is None:
            continue
        amount = format_major(line.amount, line.currency, grouped=True)
        raise_incident(
            session,
            org_id=line.org_id,
            code="DUPLICATE_PAYMENT",
            subject_kind="statement_line",
            subject_id=str(line.id),
            message=Text(
                f"line {line.bank_reference or line.id} shows {line.currency} {amount} of "
                f"{one.instruction_id}, called failed, while document {one.document_no} is "
                f"{one.document_state}: money may have moved twice; stop what is under way, ask "
                "the bank to recall it and tell the source system",
                f"明细 {line.bank_reference or line.id} 显示指令 {one.instruction_id}(曾判失败)"
                f"发生 {line.currency} {amount},而单据 {one.document_no} 状态为 "
                f"{one.document_state}:可能重复支付;请停止在途支付,联系银行追回并告知来源系统",
            ),
            now=now,
        )


def _bounces(
    engine: sa.Engine, services: Services, account_id: int, words: LineWords
) -> tuple[tuple[Bounced, ...], list[Suggested]]:
    """Each return in a transaction of its own, after the arrivals it may depend on."""
    with db.transaction(engine) as session:
        lines = [one for one in open_lines(session, account_id, words) if one.is_return]
    done: list[Bounced] = []
    suggested: list[Suggested] = []
    for line in lines:
        try:
            with db.transaction(engine) as session:
                found = take_bounces(session, account_id, [line], services.clock.now())
        except (SluiceError, DBAPIError) as error:
            _cannot(engine, line, _said(error), services.clock.now())
            continue
        done += found.done
        suggested += found.suggested
    return tuple(done), suggested


def _fees(
    engine: sa.Engine,
    services: Services,
    rules: MatchingRules,
    account_id: int,
    suggested: frozenset[int],
) -> int:
    """Fees that a posting row takes; without one the line stays in the unmatched list."""
    posted = 0
    with db.transaction(engine) as session:
        lines = [
            one
            for one in open_lines(session, account_id, rules.words)
            if one.id not in suggested and is_fee(one)
        ]
    for line in lines:
        try:
            with db.transaction(engine) as session:
                posted += take_fees(session, rules.pinned, account_id, [line], services.clock.now())
        except (SluiceError, DBAPIError) as error:
            _said(error)
            log.info("fee line %s stays unmatched: %s", line.id, error)
    return posted


def _rules(session: Session, services: Services, account_id: int) -> MatchingRules:
    path = path_of(session, account(session, account_id).org_id)
    pinned = services.rulebook.at(session)
    return MatchingRules(pinned, path, services.clock.business_date())


def _arrivals(
    found: Matching, attempts: Sequence[OpenAttempt], lines: Sequence[OpenLine]
) -> list[Arrival]:
    by_line = {line.id: line for line in lines}
    batch_of = {attempt.id: attempt.batch_id for attempt in attempts}

    def arrival(group: Group) -> Arrival:
        whole = len(group.claims) > 1
        return Arrival(
            attempt_ids=group.claims,
            line=by_line[group.line_id],
            actor=ACTOR,
            row=group.row,
            facts=group.facts,
            batch_id=batch_of[group.claims[0]] if whole else None,
        )

    # A difference is never settled without a person who names it.
    return [arrival(group) for group in found.groups if group.facts.amount_gap == 0]


def _carry_out(
    engine: sa.Engine, services: Services, rules: MatchingRules, arrivals: Sequence[Arrival]
) -> tuple[list[Confirmed], int]:
    try:
        with db.transaction(engine) as session:
            now = services.clock.now()
            return confirm(session, rules.pinned, rules, services.listener, arrivals, now), 0
    except (SluiceError, DBAPIError) as error:
        said = _said(error)
        if len(arrivals) == 1:
            _cannot(engine, arrivals[0].line, said, services.clock.now())
            return [], 1
    done: list[Confirmed] = []
    failed = 0
    for one in arrivals:
        made, bad = _carry_out(engine, services, rules, [one])
        done += made
        failed += bad
    return done, failed


def _said(error: SluiceError | DBAPIError) -> Text:
    """What stopped one group; raises the error again when it is not the group's own fault.

    A constraint (SQLSTATE class 23) refuses this group alone; a lost connection or a deadlock
    is the whole run's and is tried again with it.
    """
    if isinstance(error, SluiceError):
        return error.text
    if not (db.sqlstate(error) or "").startswith("23"):
        raise error
    named = db.constraint(error) or db.sqlstate(error)
    return Text(f"the database refuses it ({named})", f"数据库拒绝({named})")


def _cannot(engine: sa.Engine, line: OpenLine, said: Text, now: dt.datetime) -> None:
    log.warning("line %s cannot be confirmed: %s", line.id, said.en)
    with db.transaction(engine) as session:
        raise_incident(
            session,
            org_id=line.org_id,
            code="ARRIVAL_NOT_CONFIRMED",
            subject_kind="statement_line",
            subject_id=str(line.id),
            message=Text(
                f"line {line.bank_reference or line.id} matches but cannot be confirmed: {said.en}",
                f"明细 {line.bank_reference or line.id} 已匹配但无法确认到账:{said.zh}",
            ),
            now=now,
        )
