"""Findings as JSON rows, in both languages, and back."""

from __future__ import annotations

from collections.abc import Mapping

from engine.base.findings import Finding, Severity, Span
from engine.base.text import Text


def finding_to_json(finding: Finding) -> dict[str, object]:
    """One finding without its file, which the row has."""
    hint = finding.hint
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "line": finding.span.line,
        "column": finding.span.column,
        "width": finding.span.width,
        "message_en": finding.message.en,
        "message_zh": finding.message.zh,
        "hint_en": None if hint is None else hint.en,
        "hint_zh": None if hint is None else hint.zh,
    }


def finding_from_json(file: str, kept: Mapping[str, object]) -> Finding:
    """The finding that `finding_to_json` wrote."""
    hint = None
    if kept["hint_en"] is not None:
        hint = Text(str(kept["hint_en"]), str(kept["hint_zh"]))
    return Finding(
        str(kept["code"]),
        Severity(str(kept["severity"])),
        file,
        Span(int(str(kept["line"])), int(str(kept["column"])), int(str(kept["width"]))),
        Text(str(kept["message_en"]), str(kept["message_zh"])),
        hint,
    )
