"""What programs are told of a changed ruleset text: itself, its findings, what differs."""

from __future__ import annotations

from pydantic import BaseModel
from sqlmodel import Session

from engine.base.findings import Finding
from engine.rulebook.families import check_stored
from engine.rulebook.texts import current_vocabulary
from engine.rules.diff import diff_rulesets
from engine.rules.edit.lines import line_diff
from engine.treasury.rulesets.visible import ruling

FILE = "ruleset.yaml"
"""The name findings give to a text that has no file."""


class FindingOut(BaseModel):
    """One finding and its place (1-based, code points)."""

    code: str
    severity: str
    line: int
    column: int
    width: int
    message_en: str
    message_zh: str


class Changed(BaseModel):
    """A new text beside the old one.

    `diff` is the difference in meaning as `sluice diff` gives it, null while one of the two
    cannot be read; `lines` are the lines that differ.
    """

    text: str
    findings: list[FindingOut]
    diff: dict[str, object] | None
    lines: list[str]


def change_of(session: Session, user_id: str, old: str, new: str) -> Changed:
    """Check the new text, and compare it with the old one; both may extend what the user may
    read."""
    words = current_vocabulary(session).text
    readable = ruling(session, user_id).has
    before, after = (check_stored(session, FILE, text, words, readable) for text in (old, new))
    diff = None
    if before.ruleset is not None and after.ruleset is not None:
        diff = diff_rulesets(before.ruleset, after.ruleset).to_json()
    return Changed(
        text=new,
        findings=[_finding(one) for one in after.findings],
        diff=diff,
        lines=line_diff(old, new),
    )


def _finding(finding: Finding) -> FindingOut:
    return FindingOut(
        code=finding.code,
        severity=finding.severity.value,
        line=finding.span.line,
        column=finding.span.column,
        width=finding.span.width,
        message_en=finding.message.en,
        message_zh=finding.message.zh,
    )
