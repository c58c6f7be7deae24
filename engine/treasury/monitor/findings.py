"""What the monitor finds, turned into alerts, and into holds where a document can still be held."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.text import Text
from engine.rulebook.versions import ROOT
from engine.treasury.alerts.board import AlertDraft, raise_alerts
from engine.treasury.alerts.holds import HoldDraft, place
from engine.treasury.documents.course import wait
from engine.treasury.documents.states import State
from engine.treasury.organisations.tree import organisations

ACTOR = "system:monitor"

NOT_SENT = frozenset(
    {
        State.DRAFT,
        State.VALIDATED,
        State.BATCHED,
        State.IN_APPROVAL,
        State.REJECTED,
        State.UNPAID,
        State.FAILED,
    }
)
"""States in which nothing of the document is at a bank: sending looks at its holds again, under
the same lock."""

_SAYS_HELD = frozenset({State.BATCHED, State.IN_APPROVAL, State.UNPAID})
"""States whose documents wait for nothing that HELD would hide."""

_LEFT = Text("the payment has left already and is not held", "款项已发出,未扣住")


@dataclass(frozen=True, slots=True)
class Finding:
    """An alert to raise. With action `hold` it holds `document_id`, where that has not left."""

    draft: AlertDraft
    document_id: int | None


def settle(session: Session, findings: Sequence[Finding], now: dt.datetime) -> int:
    """Raise the alerts and place the holds, in the session's transaction; alerts made anew.

    A finding that was raised before changes nothing. Documents are locked first: what is being
    sent at this moment is either held before it leaves or said to have left.
    """
    fresh = _unraised(session, findings)
    wishes = {
        one.document_id
        for one in fresh
        if one.document_id is not None and one.draft.action == "hold"
    }
    states = _locked(session, sorted(wishes))
    drafts = _somewhere(session, [_fitting(one, states) for one in fresh])
    ids = raise_alerts(session, drafts, now)
    held = [
        (one.document_id, draft)
        for one, draft in zip(fresh, drafts, strict=True)
        if draft.action == "hold" and one.document_id is not None
    ]
    place(
        session,
        [HoldDraft(d.org_id, document, ids[d.dedupe_key]) for document, d in held],
        ACTOR,
        now,
    )
    for document, draft in held:
        if states[document] in _SAYS_HELD:
            wait(session, [document], "HELD", draft.text)
    return len(drafts)


def _unraised(session: Session, findings: Sequence[Finding]) -> list[Finding]:
    """One finding per key, without those that were raised before."""
    by_key: dict[str, Finding] = {}
    for one in findings:
        by_key.setdefault(one.draft.dedupe_key, one)
    known = session.execute(
        sa.text("SELECT dedupe_key FROM alert WHERE dedupe_key = ANY(:keys)"),
        {"keys": list(by_key)},
    ).scalars()
    for key in known.all():
        del by_key[key]
    return list(by_key.values())


def _somewhere(session: Session, drafts: Sequence[AlertDraft]) -> list[AlertDraft]:
    """The alerts with organisations that exist: what an altered row names in vain is told to the
    whole group, and does not stop the others."""
    known = organisations(session)
    return [one if one.org_id in known else replace(one, org_id=ROOT) for one in drafts]


def _locked(session: Session, ids: Sequence[int]) -> dict[int, State]:
    rows = session.execute(
        sa.text("SELECT id, state FROM document WHERE id = ANY(:ids) ORDER BY id FOR UPDATE"),
        {"ids": list(ids)},
    )
    return {int(row.id): State(row.state) for row in rows}


def _fitting(one: Finding, states: Mapping[int, State]) -> AlertDraft:
    """The alert with an action that is possible, about the document it holds."""
    draft, document = one.draft, one.document_id
    if draft.action == "hint":
        return draft
    if draft.action == "hold" and document is not None and document in states:
        if states[document] in NOT_SENT:
            return replace(draft, subject_kind="document", subject_id=str(document))
        said = Text(f"{draft.text.en}; {_LEFT.en}", f"{draft.text.zh};{_LEFT.zh}")
        return replace(draft, action="hint", text=said)
    return replace(draft, action="hint")
