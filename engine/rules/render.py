"""Findings as the command line shows them and as JSON for other programs."""

from __future__ import annotations

from collections.abc import Mapping

from engine.base.findings import Finding, Severity, Span
from engine.base.text import Lang, Text, display_width

_COLOURS = {Severity.ERROR: "\x1b[1;31m", Severity.WARNING: "\x1b[1;33m"}
_PLAIN = "\x1b[0m"


def finding_sentence(finding: Finding, lang: Lang) -> str:
    """The message, with the remedy where it does not end in it already."""
    message = finding.message.say(lang)
    if finding.hint is None or message.endswith(finding.hint.say(lang)):
        return message
    return f"{message}{'；' if lang == 'zh' else '; '}{finding.hint.say(lang)}"


def finding_text(finding: Finding, text: str | None, lang: Lang, *, colour: bool) -> str:
    """`file:line:col: severity[CODE] message`, the source line, and carets under the place.

    Severity and code are the same in every language. `text` is the file's text (LF line ends);
    without it only the first line is given.
    """
    place = f"{finding.file}:{finding.span.line}:{finding.span.column}"
    head = f"{finding.severity.value}[{finding.code}]"
    if colour:
        head = f"{_COLOURS[finding.severity]}{head}{_PLAIN}"
    first = f"{place}: {head} {finding_sentence(finding, lang)}"
    lines = [] if text is None else text.split("\n")
    if not 1 <= finding.span.line <= len(lines):
        return first
    return "\n".join([first, *_excerpt(lines[finding.span.line - 1], finding.span)])


def _excerpt(source: str, span: Span) -> list[str]:
    source = source.rstrip("\r\n").replace("\t", " ")
    before = display_width(source[: span.column - 1])
    marked = source[span.column - 1 : span.column - 1 + span.width]
    number = f" {span.line} "
    blank = " " * len(number) + "|"
    carets = "^" * max(1, display_width(marked))
    return [blank, f"{number}| {source}".rstrip(), f"{blank} {' ' * before}{carets}"]


def finding_json(finding: Finding, lang: Lang) -> dict[str, object]:
    """One finding of `sluice check --format json`; codes and severities are never translated."""
    return {
        "file": finding.file,
        "line": finding.span.line,
        "column": finding.span.column,
        "severity": finding.severity.value,
        "code": finding.code,
        "message": finding_sentence(finding, lang),
        "hint": None if finding.hint is None else finding.hint.say(lang),
    }


def counted(count: int, one: str, many: str) -> str:
    """ "1 error", "2 errors"."""
    return f"{count:,} {one if count == 1 else many}"


def summary(counts: Mapping[Severity, int], files: int) -> Text:
    """ "1 error, 0 warnings in 1 file"."""
    errors, warnings = counts[Severity.ERROR], counts[Severity.WARNING]
    return Text(
        f"{counted(errors, 'error', 'errors')}, {counted(warnings, 'warning', 'warnings')} "
        f"in {counted(files, 'file', 'files')}",
        f"{files:,} 个文件：{errors:,} 个错误，{warnings:,} 个警告",
    )
