"""Versions, drafts, revisions and refusals as JSON, in the words of the API's answers."""

from __future__ import annotations

from engine.rulebook.errors import RulesetRefused
from engine.rulebook.models import Revision, RulesetDraft, RulesetVersion, ScheduledActivation
from engine.rulebook.versions import state_of


def refused_json(refused: RulesetRefused) -> dict[str, object]:
    """{"code", "message_en", "message_zh", "findings": [...]}: what POST /rulesets/reload says."""
    return {
        "code": refused.code,
        "message_en": refused.text.en,
        "message_zh": refused.text.zh,
        "findings": [
            {
                "file": one.file,
                "line": one.span.line,
                "column": one.span.column,
                "severity": one.severity.value,
                "code": one.code,
                "message_en": one.message.en,
                "message_zh": one.message.zh,
                "hint_en": None if one.hint is None else one.hint.en,
                "hint_zh": None if one.hint is None else one.hint.zh,
            }
            for one in refused.findings
        ],
    }


def version_json(one: RulesetVersion) -> dict[str, object]:
    """A stored version; `state` is proposed, returned or signed."""
    return {
        "hash": one.hash,
        "kind": one.kind,
        "subject": one.subject,
        "name": one.name,
        "version": one.version,
        "organisation": one.org_id,
        "effective_from": one.effective_from.isoformat(),
        "effective_to": None if one.effective_to is None else one.effective_to.isoformat(),
        "state": state_of(one),
        "author": one.author,
        "editors": one.editors,
        "reviewer": one.reviewer,
        "reviewed_at": None if one.reviewed_at is None else one.reviewed_at.isoformat(),
        "returned_by": one.returned_by,
        "return_reason": one.return_reason,
        "reason": one.reason,
        "created_at": one.created_at.isoformat(),
    }


def draft_json(one: RulesetDraft) -> dict[str, object]:
    """A draft without its text and findings; `errors` counts them."""
    return {
        "id": one.id,
        "kind": one.kind,
        "name": one.name,
        "organisation": one.org_id,
        "file": one.file,
        "hash": one.text_hash,
        "base_hash": one.base_hash,
        "revision": one.revision,
        "author": one.author,
        "last_editor": one.last_editor,
        "editors": one.editors,
        "note": one.note,
        "state": one.state,
        "submitted_hash": one.submitted_hash,
        "errors": one.errors,
        "created_at": one.created_at.isoformat(),
        "updated_at": one.updated_at.isoformat(),
    }


def revision_json(one: Revision) -> dict[str, object]:
    """A revision; `cause` is approved, reload, schedule or undo."""
    return {
        "id": one.id,
        "activated_at": one.activated_at.isoformat(),
        "activated_by": one.activated_by,
        "approved_by": one.approved_by,
        "reason": one.reason,
        "cause": one.cause,
        "restores": one.restores,
    }


def timed_json(one: ScheduledActivation) -> dict[str, object]:
    """A timed activation; `state` is waiting, done, refused or cancelled."""
    return {
        "id": one.id,
        "hashes": list(one.hashes),
        "activate_at": one.activate_at.isoformat(),
        "requested_by": one.requested_by,
        "reason": one.reason,
        "state": one.state,
        "revision": one.revision_id,
        "outcome": one.outcome,
    }
