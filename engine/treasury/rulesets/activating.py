"""Making signed rules live: now, at a time, and back again by one command."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlmodel import Session

from engine.base.text import SluiceError, Text
from engine.rulebook import timing
from engine.rulebook.library import shelved
from engine.rulebook.lock import lock_rulebook
from engine.rulebook.models import RulesetVersion, ScheduledActivation
from engine.rulebook.planning import Plan, plan_reload, scheduled, waiting_versions
from engine.rulebook.reloading import Reloaded, reload_signed, undo
from engine.rulebook.revisions import items_of, words_of
from engine.rulebook.undo_plan import plan_undo
from engine.rulebook.versions import ROOT
from engine.rulebook.words.standing import signed_words
from engine.runtime import actions, db
from engine.runtime.actions import ActionContext, Done, Outcome, Registry
from engine.runtime.jsontypes import JsonObject
from engine.treasury.incidents import raise_incident
from engine.treasury.intake.course import notice_revision
from engine.treasury.organisations.permissions import RulePermission
from engine.treasury.organisations.rule_grants import require_every_kind, require_rule
from engine.treasury.rulesets.shelf import findings_for, hidden_hashes, pending_for, telling
from engine.treasury.rulesets.visible import ruling, version_for

ACTIVATE: RulePermission = "rulesets.activate"
"""The permission, and the kind of the action that carries a timed activation out."""


def plan(session: Session, user_id: str, hashes: Sequence[str] | None = None) -> Plan:
    """What a reload would change, as far as the user sees it. Raises as `plan_reload`."""
    chosen = None if hashes is None else _hashes(session, user_id, hashes)
    found = plan_reload(session, chosen)
    seen = ruling(session, user_id)
    versions = [item.version for item in items_of(session, found.revision)]
    versions += waiting_versions(session)
    return replace(
        found,
        changes=tuple(one for one in found.changes if seen.covers(one.version)),
        findings=findings_for(found.findings, versions, seen),
        unsigned=len(pending_for(session, user_id)),
        scheduled=tuple(timed(session, user_id)),
    )


def waiting(session: Session, user_id: str) -> list[RulesetVersion]:
    """The signed versions that wait for a reload, as far as the user sees them."""
    seen = ruling(session, user_id)
    return [one for one in waiting_versions(session) if seen.covers(one)]


def plan_back(session: Session, user_id: str, to: int | None) -> tuple[int, Plan]:
    """The revision an undo goes to and what it would change, as far as the user sees it.

    Raises as `plan_undo`.
    """
    target, found = plan_undo(session, to)
    seen = ruling(session, user_id)
    return target, replace(
        found, changes=tuple(one for one in found.changes if seen.covers(one.version))
    )


def reload(
    session: Session,
    user_id: str,
    hashes: Sequence[str] | None,
    reason: str,
    now: dt.datetime,
    over: int | None = None,
) -> Reloaded:
    """Make signed versions and a signed vocabulary live (None: all that wait).

    Needs rulesets.activate for every organisation and kind whose rules change, and for every kind
    of the group when the vocabulary does. Raises NotPermitted, and as `reload_signed`;
    RulesetRefused tells what the user may read.
    """
    lock_rulebook(session)  # what is permitted here is what becomes live below
    chosen = None if hashes is None else _hashes(session, user_id, hashes)
    planned = plan_reload(session, chosen)
    _require_all(session, user_id, (one.version for one in planned.changes))
    if planned.new_words:
        require_every_kind(session, user_id, ACTIVATE, ROOT)
    with telling(session, user_id):
        done = reload_signed(session, chosen, by=user_id, reason=reason, now=now, over=over)
    if done.changed:
        notice_revision(session)
    return done


def take_back(
    session: Session,
    user_id: str,
    to: int | None,
    reason: str,
    now: dt.datetime,
    over: int | None = None,
) -> Reloaded:
    """Let an earlier revision rule again (None: the one before).

    Needs rulesets.activate for every organisation and kind whose rules change, and for every kind
    of the group when the vocabulary does. Raises NotPermitted, and as `undo`; RulesetRefused tells
    what the user may read.
    """
    with telling(session, user_id, to), session.begin_nested():
        done = undo(session, to, by=user_id, reason=reason, now=now, over=over)
        old = {item.version.hash: item.version for item in items_of(session, done.before)}
        new = {item.version.hash: item.version for item in items_of(session, done.revision)}
        changed = old.keys() ^ new.keys()
        _require_all(
            session, user_id, (one for hash, one in (old | new).items() if hash in changed)
        )
        if words_of(session, done.before) != words_of(session, done.revision):
            require_every_kind(session, user_id, ACTIVATE, ROOT)
    notice_revision(session)
    return done


def at(
    session: Session,
    user_id: str,
    hashes: Sequence[str],
    instant: dt.datetime,
    reason: str,
    now: dt.datetime,
) -> ScheduledActivation:
    """Make signed versions live at `instant`; a worker does it.

    Needs rulesets.activate for every organisation and kind whose rules change, now and again when
    it is carried out. Raises NotPermitted, and as `timing.schedule`.
    """
    chosen = [version_for(session, user_id, one).hash for one in hashes]
    made = timing.schedule(session, chosen, instant, by=user_id, reason=reason, now=now)
    _still_may(session, made)
    number = made.id or 0
    actions.enqueue(
        session, ACTIVATE, f"{ACTIVATE}:{number}", {"scheduled": number}, instant, org_id=ROOT
    )
    return made


def cancel(
    session: Session, user_id: str, number: int, reason: str, now: dt.datetime
) -> ScheduledActivation:
    """Stop a timed activation. Raises NotPermitted, and as `timing.cancel`."""
    found = timing.scheduled_of(session, number)
    _require_all(session, user_id, [version_for(session, user_id, one) for one in found.hashes])
    return timing.cancel(session, number, by=user_id, reason=reason, now=now)


def timed(
    session: Session, user_id: str, state: str | None = "waiting"
) -> list[ScheduledActivation]:
    """Timed activations, as far as they are of versions the user may read.

    One that others share shows his versions alone, and not how it ended in words.
    """
    hidden = hidden_hashes(session, ruling(session, user_id))
    found = []
    for one in scheduled(session, state=state):
        mine = [hash for hash in one.hashes if hash not in hidden]
        if len(mine) == len(one.hashes):
            found.append(one)
        elif mine:
            shown = one.model_dump() | {"hashes": mine, "outcome": None}
            found.append(ScheduledActivation(**shown))
    return found


def register(registry: Registry) -> None:
    """Carry timed activations out. What became of one is written once, however often it runs."""

    def run(context: ActionContext, payload: JsonObject) -> Outcome:
        number = payload["scheduled"]
        if not isinstance(number, int):
            raise TypeError(f"a timed activation has a number, not {number!r}")
        with db.transaction(context.engine) as session:
            context.guard(session)
            now = context.clock.now()
            done = timing.carry_out(
                session, number, now, permitted=lambda asked: _still_may(session, asked)
            )
            if done.refusal is not None:
                _refused(session, done.activation, done.refusal, now)
            elif done.activation.state == "done":
                notice_revision(session)
        return Done()

    registry.register(ACTIVATE, run)


def _hashes(session: Session, user_id: str, given: Sequence[str]) -> list[str]:
    """Whole hashes of versions the user may see, and of vocabularies, which everybody may."""
    found = ((one, signed_words(session, one)) for one in given)
    return [
        version_for(session, user_id, one).hash if words is None else words.hash
        for one, words in found
    ]


def _require_all(session: Session, user_id: str, versions: Iterable[RulesetVersion]) -> None:
    for org_id, kind in sorted({(one.org_id, one.kind) for one in versions}):
        require_rule(session, user_id, ACTIVATE, org_id, kind)


def _still_may(session: Session, asked: ScheduledActivation) -> None:
    """Raise NotPermitted unless who asked for it may make these versions live."""
    versions = [shelved(session, one).version for one in asked.hashes]
    changes = plan_reload(session, asked.hashes).changes
    _require_all(session, asked.requested_by, [*versions, *(one.version for one in changes)])


def _refused(
    session: Session, found: ScheduledActivation, why: SluiceError, now: dt.datetime
) -> None:
    raise_incident(
        session,
        org_id=found.org_id,
        code="ACTIVATION_REFUSED",
        subject_kind="scheduled_activation",
        subject_id=str(found.id),
        message=Text(
            f"timed activation {found.id} by {found.requested_by} changed nothing: "
            f"[{why.code}] {why.text.en}; mend that and schedule them again",
            f"{found.requested_by} 的定时激活 {found.id} 未改变任何规则:"
            f"[{why.code}] {why.text.zh};请处理后重新安排",
        ),
        now=now,
    )
