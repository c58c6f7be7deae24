"""From a place in a composed text back to the file in which it was written."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, replace

from engine.base.findings import Finding, Severity, Span
from engine.base.text import Text
from engine.rules.model import Extension, Origin, Ruleset


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the file where it was written. `ruleset` is the one of that file."""

    ruleset: Ruleset
    span: Span


def place_of(ruleset: Ruleset, span: Span) -> Place:
    """Where what stands at `span` of `ruleset.text` was written: in its own file, or a parent's."""
    extension = ruleset.extension
    if extension is None or not 1 <= span.line <= len(extension.origins):
        return Place(ruleset, span)
    origin = extension.origins[span.line - 1]
    written = written_at(origin, span)
    return Place(ruleset, written) if origin.own else place_of(extension.parent, written)


def written_at(origin: Origin, span: Span) -> Span:
    """The span in the text that `origin` names."""
    first = _column(origin, span.column)
    last = _column(origin, span.column + span.width - 1)
    return Span(origin.line, first, max(1, last - first + 1))


def _column(origin: Origin, column: int) -> int:
    """The column of the piece that holds `column`, or the end of the piece before it."""
    found = origin.pieces[0][1] if origin.pieces else 1
    for composed, written, width in origin.pieces:
        if composed > column:
            break
        found = written + min(column - composed, max(0, width - 1))
    return found


def told(ruleset: Ruleset, finding: Finding) -> Finding:
    """`finding` about the composed text of `ruleset`, as one about the extension's own file.

    What the parent wrote cannot be corrected in the extension: such a finding stands at
    `extends:` and names the parent's row. The finding itself when `ruleset` extends nothing.
    """
    extension = ruleset.extension
    if extension is None:
        return finding
    ids = {row.span.line: row.id for row in ruleset.table.rows}
    place = place_of(ruleset, finding.span)
    if place.ruleset is ruleset:
        return replace(finding, span=place.span)
    return _inherited(finding, extension.at, place, ids.get(finding.span.line))


def unread(finding: Finding, extension: Extension) -> Finding | None:
    """`told` while the composed text could not be loaded; None for a warning about the parent,
    which its own file has already."""
    if not 1 <= finding.span.line <= len(extension.origins):
        return replace(finding, span=extension.at)
    origin = extension.origins[finding.span.line - 1]
    written = written_at(origin, finding.span)
    if origin.own:
        return replace(finding, span=written)
    if finding.severity is Severity.WARNING:
        return None
    return _inherited(finding, extension.at, place_of(extension.parent, written), None)


def _inherited(finding: Finding, at: Span, place: Place, row: str | None) -> Finding:
    parent, line = place.ruleset, place.span.line
    row_en, row_zh = (f", row {row}", f"，行 {row}") if row is not None else ("", "")
    return replace(
        finding,
        span=at,
        message=Text(
            f"with {parent.name} {parent.version} ({parent.file}:{line}{row_en}): "
            f"{finding.message.en}",
            f"与 {parent.name} 版本 {parent.version}（{parent.file}:{line}{row_zh}）合用："
            f"{finding.message.zh}",
        ),
    )


def inherited(ruleset: Ruleset, span: Span) -> bool:
    """Whether what stands at `span` was written by a parent."""
    return place_of(ruleset, span).ruleset is not ruleset


def sources(ruleset: Ruleset) -> tuple[tuple[str, str], ...]:
    """File and text of the ruleset and of each parent it is composed with, its own first."""
    above = () if ruleset.extension is None else sources(ruleset.extension.parent)
    return ((ruleset.file, own_text(ruleset)), *above)


def own_text(ruleset: Ruleset) -> str:
    """The text that was written for this ruleset, whose hash is `ruleset.hash`."""
    return ruleset.text if ruleset.extension is None else ruleset.extension.text


def composition(ruleset: Ruleset) -> str:
    """What identifies the rules that decide: `ruleset.hash`, or for a composed ruleset the
    SHA-256 over its own and its parents' hashes. Use it, not `hash`, to remember evaluators."""
    if ruleset.extension is None:
        return ruleset.hash
    both = ruleset.hash + composition(ruleset.extension.parent)
    return hashlib.sha256(both.encode("ascii")).hexdigest()


def in_force(ruleset: Ruleset, on: dt.date) -> bool:
    """Whether `ruleset` and every parent it is composed with are in force on a business date."""
    last = ruleset.effective_to
    if on < ruleset.effective_from or (last is not None and on > last):
        return False
    return ruleset.extension is None or in_force(ruleset.extension.parent, on)
