"""What is said when the two engines do not agree, or the second one cannot be used."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlmodel import Session

from engine.base.text import Text
from engine.treasury.alerts.board import AlertDraft
from engine.treasury.incidents import NOTIFY
from engine.treasury.monitor.findings import Finding
from engine.treasury.monitor.opinions import CRASHED, crashes
from engine.treasury.monitor.redeciding import Answer

DISAGREES = "ENGINE_DISAGREES"

_SHOWN = 200
"""Characters of an outcome in a message."""


@dataclass(frozen=True, slots=True)
class About:
    """What was decided twice, for the alert."""

    key: str
    """decision:4711, or the event's key."""
    org_id: str
    subject_kind: str
    subject_id: str
    document_id: int | None
    ruleset: str
    version: int
    rows: tuple[str, ...]
    outcome: object
    decision_id: int | None


def disagreement(about: About, answer: Answer) -> Finding:
    """The alert ENGINE_DISAGREES; it holds the document if that has not left."""
    which = Text("durable-rules", "durable-rules") if answer.by_rete else _AGAIN
    now = answer.error or _said(answer.rows, answer.outcome)
    before = _said(about.rows, about.outcome)
    draft = AlertDraft(
        org_id=about.org_id,
        dedupe_key=f"{DISAGREES}:{about.key}",
        code=DISAGREES,
        severity="high",
        action="hold",
        subject_kind=about.subject_kind,
        subject_id=about.subject_id,
        text=Text(
            f"{about.ruleset} {about.version} decided {about.key} as {before}, "
            f"{which.en} says {now}",
            f"{about.ruleset} {about.version} 对 {about.key} 的决策为 {before},"
            f"{which.zh} 的结果为 {now}",
        ),
        notify=NOTIFY,
        ruleset=about.ruleset,
        decision_id=about.decision_id,
    )
    return Finding(draft, about.document_id)


_AGAIN = Text("deciding again", "重新决策")


def _said(rows: tuple[str, ...], outcome: object) -> str:
    # Not canonical: an altered outcome may hold numbers that no outcome has.
    said = json.dumps(outcome, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return f"{', '.join(rows)[:_SHOWN] or '-'} {said[:_SHOWN]}"


def crash_findings(session: Session) -> list[Finding]:
    """One alert per variant the second engine is not given because it killed the process."""
    return [
        Finding(
            AlertDraft(
                org_id=one.org_id,
                dedupe_key=one.key,
                code=CRASHED,
                severity="high",
                action="hint",
                subject_kind="ruleset_version",
                subject_id=one.hash,
                text=Text(
                    f"the second engine ended the monitor again and again on {one.ruleset} "
                    f"{one.version}; its decisions get no second opinion under these parameters "
                    "until this alert is resolved: then it is tried again",
                    f"第二引擎处理 {one.ruleset} {one.version} 时反复导致监控进程退出;"
                    "在此参数下其决策不再由其复核;处理完本预警后将重新试用",
                ),
                notify=NOTIFY,
                ruleset=one.ruleset,
            ),
            None,
        )
        for one in crashes(session)
    ]
