"""What a page says of an act that was refused: why, and the findings of a refused text."""

from __future__ import annotations

from fastapi import Request

from api.pages.language import language_of
from api.pages.ruleset_view import ShownFinding, shown_finding
from api.pages.shell import Note, refusal
from engine.base.text import SluiceError
from engine.rulebook import RulesetRefused


def findings_in(request: Request, error: SluiceError) -> list[ShownFinding]:
    """What is wrong with a text that was refused, in the page's language."""
    if not isinstance(error, RulesetRefused):
        return []
    lang = language_of(request)
    return [shown_finding(one, lang) for one in error.findings]


def refused_notes(request: Request, error: SluiceError) -> tuple[Note, ...]:
    """Why nothing has changed, with the findings of a refused set one by one."""
    said = findings_in(request, error)
    return (
        refusal(request, error),
        *(Note("bad", f"{one.place} {one.severity}[{one.code}] {one.sentence}") for one in said),
    )
