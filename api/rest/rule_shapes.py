"""What the routes about rules answer: versions, findings, and refusals with all they know."""

from __future__ import annotations

import datetime as dt

from fastapi.responses import JSONResponse
from pydantic import BaseModel

from api.statuses import error_body, status_of
from engine.base.findings import Finding
from engine.base.text import SluiceError
from engine.rulebook.draft_errors import DraftConflict
from engine.rulebook.drafts import draft_findings
from engine.rulebook.errors import RulesetRefused
from engine.rulebook.models import RulesetDraft, RulesetVersion
from engine.rulebook.versions import state_of


class FindingOut(BaseModel):
    """One thing found in a ruleset text, with its place."""

    file: str
    line: int
    column: int
    severity: str
    code: str
    message_en: str
    message_zh: str
    hint_en: str | None
    hint_zh: str | None

    @classmethod
    def of(cls, one: Finding) -> FindingOut:
        """From a finding."""
        return cls(
            file=one.file,
            line=one.span.line,
            column=one.span.column,
            severity=one.severity.value,
            code=one.code,
            message_en=one.message.en,
            message_zh=one.message.zh,
            hint_en=None if one.hint is None else one.hint.en,
            hint_zh=None if one.hint is None else one.hint.zh,
        )


class DraftOut(BaseModel):
    """A draft. Saving names the `hash` of the text one has seen."""

    id: int
    kind: str
    name: str
    organisation: str
    file: str
    text: str
    hash: str
    base_hash: str | None
    revision: int
    author: str
    last_editor: str
    editors: list[str]
    note: str
    state: str
    submitted_hash: str | None
    errors: int
    findings: list[FindingOut]
    created_at: dt.datetime
    updated_at: dt.datetime

    @classmethod
    def of(cls, one: RulesetDraft) -> DraftOut:
        """From a stored draft."""
        return cls(
            id=one.id or 0,
            kind=one.kind,
            name=one.name,
            organisation=one.org_id,
            file=one.file,
            text=one.text,
            hash=one.text_hash,
            base_hash=one.base_hash,
            revision=one.revision,
            author=one.author,
            last_editor=one.last_editor,
            editors=one.editors,
            note=one.note,
            state=one.state,
            submitted_hash=one.submitted_hash,
            errors=one.errors,
            findings=[FindingOut.of(found) for found in draft_findings(one)],
            created_at=one.created_at,
            updated_at=one.updated_at,
        )


class VersionOut(BaseModel):
    """A stored version; `state` is proposed, returned or signed."""

    hash: str
    kind: str
    subject: str
    name: str
    version: int
    organisation: str
    effective_from: dt.date
    effective_to: dt.date | None
    state: str
    author: str
    editors: list[str]
    reviewer: str | None
    reviewed_at: dt.datetime | None
    returned_by: str | None
    return_reason: str | None
    reason: str
    created_at: dt.datetime

    @classmethod
    def of(cls, one: RulesetVersion) -> VersionOut:
        """From a stored version."""
        return cls(
            hash=one.hash,
            kind=one.kind,
            subject=one.subject,
            name=one.name,
            version=one.version,
            organisation=one.org_id,
            effective_from=one.effective_from,
            effective_to=one.effective_to,
            state=state_of(one),
            author=one.author,
            editors=one.editors,
            reviewer=one.reviewer,
            reviewed_at=one.reviewed_at,
            returned_by=one.returned_by,
            return_reason=one.return_reason,
            reason=one.reason,
            created_at=one.created_at,
        )


def refused(error: SluiceError) -> JSONResponse:
    """A refusal: the findings of a refused set, both texts of a conflict."""
    body: dict[str, object] = {**error_body(error)}
    if isinstance(error, RulesetRefused):
        body["findings"] = [FindingOut.of(one).model_dump() for one in error.findings]
    if isinstance(error, DraftConflict):
        body["yours"] = {"text": error.given, "seen": error.seen}
        body["theirs"] = {
            "text": error.stored.text,
            "hash": error.stored.hash,
            "revision": error.stored.revision,
            "last_editor": error.stored.editor,
            "updated_at": error.stored.at.isoformat(),
        }
    return JSONResponse(body, status_code=status_of(error))
