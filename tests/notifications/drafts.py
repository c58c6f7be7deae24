"""A plain alert."""

from __future__ import annotations

from engine.base.text import Text
from engine.treasury.alerts.board import AlertDraft


def draft(key: str = "k", **more: object) -> AlertDraft:
    """An alert for reviewers of BJ01 by e-mail."""
    given: dict[str, object] = {
        "org_id": "BJ01",
        "dedupe_key": key,
        "code": "W2",
        "severity": "high",
        "action": "hint",
        "subject_kind": "thing",
        "subject_id": "x",
        "text": Text("a large payment", "大额支付"),
        "notify": ("reviewer",),
        "channels": ("page", "email"),
        "rule_id": "W2",
        "ruleset": "payment-alerts",
    }
    return AlertDraft(**{**given, **more})  # type: ignore[arg-type]
