"""Two texts of a ruleset as a page shows what differs: by row, in sentences, examples, lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from api.pages.column_labels import Labels
from api.pages.diff_counts import Counts, counts_of
from api.pages.ruleset_view import ShownFinding, shown_finding
from engine.base.findings import Severity
from engine.base.text import Lang, Text
from engine.rules.diff import Diff, diff_rulesets
from engine.rules.diff_sentences import diff_sentences
from engine.rules.edit.lines import line_diff
from engine.rules.envelope_words import path_text
from engine.rules.example_changes import ExampleTold, example_changes
from engine.rules.model import Ruleset
from engine.rules.params import branch_params
from engine.rules.sentences import row_sentences
from engine.treasury.rulesets.comparing import Side

MOST = 400
"""Lines of each list that a page shows; it says how many it leaves out."""


@dataclass(frozen=True, slots=True)
class ShownChange:
    """One line of the table of changes; `what` is a code: word.compared.<what>.

    `said_old` and `said_new` are the row's sentences where a row as a whole is meant.
    """

    row: str | None
    what: str
    place: Text | None = None
    code: str = ""
    """How the text names the column that `place` says."""
    old: str | None = None
    new: str | None = None
    said_old: Text | None = None
    said_new: Text | None = None
    reason: Text | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a page says of two texts. `counts` is None where one of them cannot be read."""

    old: Side | None
    """None: nothing to compare with, all of it is new."""
    new: Side
    counts: Counts | None
    changes: list[ShownChange]
    changes_hidden: int
    sentences: list[Text]
    sentences_hidden: int
    examples: list[ExampleTold]
    examples_hidden: int
    examples_failed: int
    findings: list[ShownFinding]
    labels: Labels
    errors: int
    lines: list[str]
    lines_hidden: int

    @property
    def same(self) -> bool:
        """Whether both mean the same."""
        return self.counts is not None and not self.changes

    @property
    def rows(self) -> list[str]:
        """Rows of the new text, to choose one from."""
        return [] if self.new.ruleset is None else [row.id for row in self.new.ruleset.table.rows]


def compared(old: Side | None, new: Side, lang: Lang) -> Comparison:
    """Everything that differs, errors and what failed first."""
    before = None if old is None else old.ruleset
    readable = new.ruleset is not None and (old is None or before is not None)
    diff = None
    if before is not None and new.ruleset is not None:
        diff = diff_rulesets(before, new.ruleset)
    changes = list(_changes(before, new.ruleset, diff)) if readable else []
    sentences = (
        diff_sentences(before, new.ruleset, diff)
        if diff is not None and before is not None and new.ruleset is not None and not diff.empty
        else []
    )
    told = () if new.ruleset is None else example_changes(before, new.ruleset)
    examples = sorted(told, key=lambda one: (one.passed is not False, one.change == "kept"))
    lines = [] if old is None else line_diff(old.text, new.text)
    findings = [shown_finding(one, lang) for one in new.findings]
    findings.sort(key=lambda one: one.severity != Severity.ERROR.value)
    return Comparison(
        old,
        new,
        _counts(new.ruleset, diff) if readable else None,
        changes[:MOST],
        max(0, len(changes) - MOST),
        sentences[:MOST],
        max(0, len(sentences) - MOST),
        examples[:MOST],
        max(0, len(examples) - MOST),
        sum(one.passed is False for one in examples),
        findings[:MOST],
        Labels(before, new.ruleset),
        sum(one.severity == Severity.ERROR.value for one in findings),
        lines[:MOST],
        max(0, len(lines) - MOST),
    )


def _counts(new: Ruleset | None, diff: Diff | None) -> Counts:
    if diff is None:
        return Counts(0 if new is None else len(new.table.rows), 0, 0, 0, 0)
    return counts_of(diff)


def _changes(old: Ruleset | None, new: Ruleset | None, diff: Diff | None) -> Iterator[ShownChange]:
    if new is None:
        return
    now = _said(new)
    if old is None or diff is None:
        yield from (ShownChange(row, "added", said_new=said) for row, said in now.items())
        return
    was = _said(old)
    labels = Labels(old, new)
    for path, change in diff.vocabulary.items():
        yield ShownChange(None, "words", labels.property(path), "", *change)
    for path, change in diff.envelope.items():
        yield ShownChange(None, "envelope", path_text(path), "", *change)
    for name in diff.columns[0]:
        yield ShownChange(None, "column_added", labels.column(name), name)
    for name in diff.columns[1]:
        yield ShownChange(None, "column_removed", labels.column(name), name)
    for row in diff.added:
        yield ShownChange(row, "added", said_new=now[row])
    for row in diff.removed:
        yield ShownChange(row, "removed", said_old=was[row])
    for row, columns in diff.changed.items():
        for name, change in columns.items():
            yield ShownChange(row, "changed", labels.column(name), name, *change)
        yield ShownChange(row, "sentence", said_old=was[row], said_new=now[row])
    for row, said in now.items():
        if row in was and row not in diff.changed and was[row] != said:
            yield ShownChange(row, "reworded", said_old=was[row], said_new=said)
    for one in diff.moved:
        what = "moved" if one.matters else "moved_only"
        yield ShownChange(one.row, what, None, "", str(one.old), str(one.new), reason=one.reason)


def _said(ruleset: Ruleset) -> dict[str, Text]:
    """Row -> its sentence under the group's parameters."""
    return dict(row_sentences(ruleset, branch_params(ruleset, (ruleset.scope_org,))))
