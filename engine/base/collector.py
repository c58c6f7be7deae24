"""Gathers the findings of one file; nothing here stops at the first mistake."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.base.findings import Finding, Severity, Span
from engine.base.text import Text


class Problem(Exception):
    """One mistake inside a cell or a scalar, at `offset` code points from its beginning.

    Raised by readers and always caught by whoever knows the place; never leaves the loader.
    """

    def __init__(
        self, code: str, text: Text, remedy: Text | None = None, offset: int = 0, width: int = 0
    ) -> None:
        super().__init__(text.en)
        self.code = code
        self.text = text
        self.remedy = remedy
        self.offset = offset
        self.width = width

    def at(self, offset: int, width: int) -> Problem:
        """Return the same problem at another place."""
        return Problem(self.code, self.text, self.remedy, offset, width)


@dataclass(slots=True)
class Collector:
    """The findings of one file, in the order of their places once sorted."""

    file: str
    findings: list[Finding] = field(default_factory=list)

    def add(
        self,
        code: str,
        span: Span,
        text: Text,
        remedy: Text | None = None,
        severity: Severity = Severity.ERROR,
    ) -> None:
        """Add a finding; the remedy closes its sentence and is also kept alone as the hint."""
        message = text
        if remedy is not None:
            message = Text(f"{text.en}; {remedy.en}", f"{text.zh}；{remedy.zh}")
        self.findings.append(Finding(code, severity, self.file, span, message, remedy))

    def warn(self, code: str, span: Span, text: Text, remedy: Text | None = None) -> None:
        """Add a warning."""
        self.add(code, span, text, remedy, Severity.WARNING)

    def problem(self, problem: Problem, span: Span) -> None:
        """Add `problem` of the text that begins at `span`."""
        width = problem.width or max(1, span.width - problem.offset)
        place = Span(span.line, span.column + problem.offset, width)
        self.add(problem.code, place, problem.text, problem.remedy)

    @property
    def failed(self) -> bool:
        """Whether there is at least one error."""
        return any(f.severity is Severity.ERROR for f in self.findings)

    def sorted(self) -> list[Finding]:
        """Return all findings by place."""
        return sorted(self.findings, key=lambda f: (f.span.line, f.span.column, f.code))
