"""Findings as they are made: once for all parameter sets, and cut where a list grows too long."""

from __future__ import annotations

from engine.base.findings import Finding, Severity, Span
from engine.base.text import Text
from engine.rules.analysis.grid import Grid
from engine.rules.model import Ruleset
from engine.rules.show import show_value

MOST = 20
"""Findings of one code listed for one parameter set; one more line says how many are hidden."""


class Report:
    """Collects the findings of one ruleset.

    A finding with a key that was already told (under the group's parameters, say) is not repeated
    for a branch: only what the branch's own parameters cause is told for the branch.
    """

    def __init__(self, ruleset: Ruleset) -> None:
        self._ruleset = ruleset
        self._told: set[tuple[str, object]] = set()
        self._counts: dict[tuple[str, str | None], int] = {}
        self._hidden: dict[tuple[str, str | None], tuple[int, Severity, Span]] = {}
        self._findings: list[Finding] = []

    def error(
        self, code: str, span: Span, text: Text, hint: Text | None, grid: Grid, key: object
    ) -> None:
        """Tell an error found under the parameters of `grid`."""
        self._tell(code, Severity.ERROR, span, text, hint, grid, key)

    def warning(
        self, code: str, span: Span, text: Text, hint: Text | None, grid: Grid, key: object
    ) -> None:
        """Tell a warning found under the parameters of `grid`."""
        self._tell(code, Severity.WARNING, span, text, hint, grid, key)

    def room(self, code: str, grid: Grid) -> bool:
        """Whether one more finding of `code` would be listed under the parameters of `grid`."""
        return self._counts.get((code, grid.branch), 0) < MOST

    def hide(self, code: str, severity: Severity, span: Span, grid: Grid, count: int) -> None:
        """Count findings that are not listed, and need no words."""
        place = (code, grid.branch)
        before = self._hidden[place][0] if place in self._hidden else 0
        self._hidden[place] = (before + count, severity, span)

    def _tell(
        self,
        code: str,
        severity: Severity,
        span: Span,
        text: Text,
        hint: Text | None,
        grid: Grid,
        key: object,
    ) -> None:
        if (code, key) in self._told:
            return
        self._told.add((code, key))
        place = (code, grid.branch)
        self._counts[place] = self._counts.get(place, 0) + 1
        if self._counts[place] > MOST:
            self.hide(code, severity, span, grid, 1)
            return
        under = _under(grid)
        message = with_remedy(Text(text.en + under.en, text.zh + under.zh), hint)
        self._findings.append(Finding(code, severity, self._ruleset.file, span, message, hint))

    def findings(self) -> list[Finding]:
        """All findings, and for each cut list how many it hides."""
        return self._findings + [
            Finding(code, severity, self._ruleset.file, span, _more(count, code, branch), _FIRST)
            for (code, branch), (count, severity, span) in self._hidden.items()
        ]


_FIRST = Text("correct those listed first", "请先处理已列出的问题")


def _more(count: int, code: str, branch: str | None) -> Text:
    place = _in(branch)
    text = Text(
        f"{count} more findings {code} are not listed{place.en}",
        f"{place.zh}另有 {count} 条 {code} 未列出",
    )
    return with_remedy(text, _FIRST)


def with_remedy(text: Text, remedy: Text | None) -> Text:
    """The sentence of a finding: what is wrong, then the remedy."""
    if remedy is None:
        return text
    return Text(f"{text.en}; {remedy.en}", f"{text.zh}；{remedy.zh}")


def _in(branch: str | None) -> Text:
    return Text("", "") if branch is None else Text(f" for {branch}", f"{branch} 下")


def _under(grid: Grid) -> Text:
    """ " (under the parameters of SH: large = 300,000)"."""
    if grid.branch is None:
        return Text("", "")
    ruleset = grid.ruleset
    listed = ", ".join(
        f"{name} = {show_value(grid.params[name], ruleset.param_types[name], ruleset.currency)}"
        for name, literal in ruleset.params.items()
        if grid.params[name] != literal.value
    )
    return Text(
        f" (under the parameters of {grid.branch}: {listed})",
        f"（{grid.branch} 的参数：{listed}）",
    )
