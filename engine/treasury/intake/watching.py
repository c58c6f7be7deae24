"""Alerts of documents: suspected duplicates, large amounts, split payments; holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from engine.base.text import SluiceError, Text
from engine.rulebook import Considered, Matter, Recorded
from engine.rules.kinds.alerts import Alert as Ruled
from engine.rules.masks import read_by
from engine.runtime.jsontypes import JsonValue, content_hash
from engine.treasury.alerts import twins
from engine.treasury.alerts.board import AlertDraft, raise_alerts
from engine.treasury.alerts.holds import HoldDraft, held, place
from engine.treasury.documents.models import Document
from engine.treasury.intake import facts
from engine.treasury.intake.columns import SUBJECTS
from engine.treasury.intake.run import SYSTEM, Run, Waiting, key
from engine.treasury.intake.windows import DocumentWindows

_HELD = Text("held by an alert", "被预警拦截")

_LOCK = 0x51_1C_E6_B0
"""Advisory lock from counting windows to commit: of two equal documents that come in at once,
the later one must see the earlier one."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What the alerts said about a document that may go on."""

    extra_approver: bool
    duplicate: bool
    decision_ids: tuple[int, ...]


def watch(run: Run, documents: Sequence[Document]) -> dict[int, Watched]:
    """Ask the alerts ruleset, raise what it says, hold what it holds; what may go on, by id.

    Held documents wait (HELD) until somebody releases them; a hold that was released stays so.
    """
    if not documents:
        return {}
    run.session.flush()
    run.session.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    windows = DocumentWindows(run, documents)
    waiting = Waiting()
    drafts: list[AlertDraft] = []
    holds: dict[str, tuple[Document, tuple[int, ...]]] = {}
    decided: dict[int, int] = {}
    for document in documents:
        one = key(document)
        try:
            matter = Matter("document", str(one))
            considered = run.pinned.consider(
                "alerts",
                SUBJECTS[document.direction],
                facts.to_watch(document, run.level(document.org_id)),
                org_path=run.path(document.org_id),
                on=run.today,
                matter=matter,
                windows=windows,
            )
        except SluiceError as error:
            waiting.add(document, error.code, error.text)
            continue
        recorded = run.pinned.record(run.session, considered, matter=matter, now=run.now)
        decided[one] = recorded.decision_id
        for row, draft in _drafts(document, recorded):
            seen = _seen(considered, row, windows, document)
            drafts.append(replace(draft, dedupe_key=f"{draft.dedupe_key}:{seen.digest}"))
            if draft.action == "hold":
                holds[drafts[-1].dedupe_key] = document, seen.twins
    ids = raise_alerts(run.session, drafts, run.now)
    place(
        run.session,
        [HoldDraft(d.org_id, key(d), ids[dedupe]) for dedupe, (d, _) in holds.items()],
        SYSTEM,
        run.now,
    )
    twins.suspect(
        run.session,
        [
            twins.Suspicion(d.org_id, key(d), other, ids[dedupe])
            for dedupe, (d, others) in holds.items()
            for other in others
        ],
    )
    standing = held(run.session, list(decided))
    messages = {d.subject_id: d.text for d in drafts if d.action == "hold"}
    for document in documents:
        if key(document) in standing:
            waiting.add(document, "HELD", messages.get(str(key(document)), _HELD))
    waiting.write(run)
    extra, duplicates = _flags(run, list(decided))
    return {
        one: Watched(one in extra, one in duplicates, (decision,))
        for one, decision in decided.items()
        if one not in standing
    }


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the windows of one row saw: twins that can be cleared, and all of it in short.

    A hold that somebody released is remembered for what he saw: when another twin has come
    meanwhile, it is a new alert and a new hold.
    """

    digest: str
    twins: tuple[int, ...]


def _seen(considered: Considered, row: str, windows: DocumentWindows, document: Document) -> _Seen:
    ruleset = considered.live.ruleset
    read = read_by(ruleset, row)
    saw: dict[str, JsonValue] = {}
    others: set[int] = set()
    for name, derive in ruleset.derive.items():
        if name not in read:
            continue
        saw[name] = str(considered.facts[name])
        if not derive.cleared:
            found = windows.twins(derive, key(document))
            others.update(found)
            saw[name] = list(found)
    return _Seen(content_hash(saw)[:12], tuple(sorted(others)))


def _drafts(document: Document, recorded: Recorded) -> Iterator[tuple[str, AlertDraft]]:
    for rule, outcome in zip(recorded.rows, recorded.outcomes, strict=False):
        assert isinstance(outcome, Ruled)
        yield (
            rule,
            AlertDraft(
                org_id=document.org_id,
                dedupe_key=f"document:{key(document)}:{recorded.ruleset}:{rule}",
                code=outcome.template or rule,
                severity=outcome.severity,
                action=outcome.action,
                subject_kind="document",
                subject_id=str(key(document)),
                text=Text(
                    outcome.message_en or f"rule {rule} of {recorded.ruleset}",
                    outcome.message_zh or f"规则 {recorded.ruleset} {rule}",
                ),
                notify=outcome.notify or (),
                channels=outcome.channel or ("page",),
                template=outcome.template,
                rule_id=rule,
                ruleset=recorded.ruleset,
                decision_id=recorded.decision_id,
            ),
        )


def _flags(run: Run, ids: Sequence[int]) -> tuple[frozenset[int], frozenset[int]]:
    """Documents with an alert that wants one more approver, and those that were ever held."""
    rows = run.session.execute(
        sa.text(
            "SELECT subject_id, action FROM alert WHERE subject_kind = 'document' "
            "AND subject_id = ANY(:ids) AND action IN ('extra_approver', 'hold')"
        ),
        {"ids": [str(one) for one in ids]},
    ).all()
    return (
        frozenset(int(r.subject_id) for r in rows if r.action == "extra_approver"),
        frozenset(int(r.subject_id) for r in rows if r.action == "hold"),
    )
