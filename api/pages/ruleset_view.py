"""A ruleset as a page shows it: rows with their sentences, parameters, examples, findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.base.text import Lang, Text
from engine.rulebook import FileState
from engine.rules import Finding, Severity, branch_params
from engine.rules.diff import cell_texts
from engine.rules.model import Example, Ruleset
from engine.rules.render import finding_sentence
from engine.rules.sentences import row_sentences
from engine.rules.show import show_value
from engine.rules.speaker import Speaker


@dataclass(frozen=True, slots=True)
class ShownRow:
    """One row: the cells as they stand in the file, and what they say."""

    id: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    basis: str
    sentence: Text


@dataclass(frozen=True, slots=True)
class ShownParam:
    """One parameter of the group, which way a branch may move it, and where one did."""

    name: str
    value: str
    adjustable: str | None
    overrides: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ShownExample:
    """One example: what is given, what must come out; columns and codes by their labels."""

    branch: str | None
    given: tuple[tuple[Text, Text], ...]
    rows: tuple[str, ...]
    want: tuple[tuple[Text, Text], ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A ruleset, ready for the template."""

    inputs: tuple[tuple[str, Text], ...]
    outputs: tuple[tuple[str, Text], ...]
    rows: tuple[ShownRow, ...]
    params: tuple[ShownParam, ...]
    examples: tuple[ShownExample, ...]


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """A finding in the page's language: place, severity, code, sentence with the remedy."""

    place: str
    severity: str
    code: str
    sentence: str


def show(ruleset: Ruleset) -> Shown:
    """Rows are said under the group's parameters; overrides stand beside them."""
    said = row_sentences(ruleset, branch_params(ruleset, (ruleset.scope_org,)))
    table = ruleset.table
    rows = []
    for row in table.rows:
        texts = cell_texts(ruleset, row)
        rows.append(
            ShownRow(
                row.id,
                tuple(texts.get(column.name, "-") for column in table.inputs),
                tuple(texts.get(column.name, "-") for column in table.outputs),
                row.basis or "",
                said[row.id],
            )
        )
    return Shown(
        tuple((column.name, column.label) for column in table.inputs),
        tuple((column.name, column.label) for column in table.outputs),
        tuple(rows),
        tuple(_params(ruleset)),
        tuple(_example(ruleset, one) for one in ruleset.examples),
    )


def findings_of(files: Sequence[FileState], lang: Lang) -> list[ShownFinding]:
    """Errors first; warnings of files that are live all the same come after them."""
    every = [one for state in files for one in state.findings]
    every.sort(key=lambda one: one.severity is not Severity.ERROR)
    return [shown_finding(one, lang) for one in every]


def shown_finding(finding: Finding, lang: Lang) -> ShownFinding:
    """One finding; code and severity are never translated."""
    place = f"{finding.file}:{finding.span.line}:{finding.span.column}"
    return ShownFinding(
        place, finding.severity.value, finding.code, finding_sentence(finding, lang)
    )


def _params(ruleset: Ruleset) -> list[ShownParam]:
    return [
        ShownParam(
            name,
            show_value(literal.value, ruleset.param_types[name], ruleset.currency),
            ruleset.adjustable.get(name),
            tuple(
                (
                    org,
                    show_value(values[name].value, ruleset.param_types[name], ruleset.currency),
                )
                for org, values in ruleset.overrides.items()
                if name in values
            ),
        )
        for name, literal in ruleset.params.items()
    ]


def _example(ruleset: Ruleset, one: Example) -> ShownExample:
    params = branch_params(ruleset, (ruleset.scope_org,))
    en, zh = Speaker(ruleset, params, "en"), Speaker(ruleset, params, "zh")
    outputs = {column.name: column for column in ruleset.table.outputs}
    given = tuple(
        (column.label, Text(en.fact(value, column), zh.fact(value, column)))
        for column, value in ((ruleset.facts[name], value) for name, value in one.given.items())
    )
    want = tuple(
        (column.label, Text(en.written(text, column), zh.written(text, column)))
        for column, text in ((outputs[name], text) for name, text in one.want.items())
    )
    return ShownExample(one.branch, given, one.want_rows or (), want)
