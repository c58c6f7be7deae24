"""The HTTP status of an error, and the one shape in which programs get errors."""

from __future__ import annotations

from api.identity import Forbidden, NotSignedIn
from engine.base.text import SluiceError
from engine.runtime.jsontypes import JsonObject
from engine.treasury.intake.reasons import IntakeError
from engine.treasury.organisations.errors import NotPermitted

CONFLICTS = frozenset(
    {
        "ALERT_RESOLVED",
        "ALREADY_MATCHED",
        "CONTENT_CHANGED",
        "DOCUMENT_TRANSITION",
        "NOT_HELD",
        "OUTBOX_NOT_DEAD",
        "NOT_IN_REVIEW",
        "REVIEWED",
        "STEP_NOT_OPEN",
    }
)
"""Codes that mean: somebody or something was faster, or it is done already."""


def status_of(error: SluiceError) -> int:
    """The HTTP status of an error; an error type may name its own as `http_status`."""
    if isinstance(error, NotSignedIn):
        return 401
    if isinstance(error, Forbidden | NotPermitted):
        return 403
    if isinstance(error, IntakeError):
        return error.status
    named = getattr(error, "http_status", None)
    if isinstance(named, int):
        return named
    if error.code.endswith(("_UNKNOWN", "NOTHING_FOUND")) or error.code.startswith("UNKNOWN_"):
        return 404
    if error.code in CONFLICTS:
        return 409
    if error.code.startswith(("FOUR_EYES", "NOT_")):
        return 403
    return 400


def error_body(error: SluiceError) -> JsonObject:
    """{"code", "message_en", "message_zh"}"""
    return {"code": error.code, "message_en": error.text.en, "message_zh": error.text.zh}
