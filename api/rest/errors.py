"""The shape of every error a program gets."""

from __future__ import annotations

from pydantic import BaseModel


class Finding(BaseModel):
    """One thing that is wrong, with its place."""

    code: str
    column: str | None = None
    message_en: str
    message_zh: str


class Problem(BaseModel):
    """An error: a stable code, a sentence in both languages, and what is wrong where."""

    code: str
    message_en: str
    message_zh: str
    findings: list[Finding] | None = None
    document_no: str | None = None
    state: str | None = None
