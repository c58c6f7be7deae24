"""A text as an editor shows it while it is written: what is found, said and tried."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session

from engine.base.findings import Finding, Severity
from engine.base.text import Text
from engine.rulebook.judging import judge
from engine.rulebook.texts import Readable, everything
from engine.rules import branch_params
from engine.rules.analysis.examples import ExampleReport, run_examples
from engine.rules.extending.places import inherited, place_of
from engine.rules.model import Ruleset
from engine.rules.outline import Outline, outline
from engine.rules.sentences import row_sentences


@dataclass(frozen=True, slots=True)
class TriedExample:
    """An example on its line of the text: whether it holds, else what was wanted and came out."""

    line: int
    holds: bool
    want: dict[str, str]
    got: dict[str, str]
    refused: Text | None
    """Why it could not be decided."""


@dataclass(frozen=True, slots=True)
class Look:
    """What there is to show. Without a readable ruleset there are no sentences and no examples."""

    findings: tuple[Finding, ...]
    outline: Outline | None
    """None while the text is no YAML."""
    param_types: dict[str, str]
    sentences: dict[str, Text]
    """Row id -> what the row says under the parameters of its own organisation."""
    examples: tuple[TriedExample, ...]
    unhit: tuple[str, ...]
    """Rows that no example hits."""

    @property
    def valid(self) -> bool:
        """Whether there is no error."""
        return not any(one.severity is Severity.ERROR for one in self.findings)


def look(session: Session, file: str, text: str, readable: Readable = everything) -> Look:
    """Check a text as it would be checked for signing, and say what it means.

    A parent that is not `readable` is as unknown as one that does not exist. Nothing is stored.
    Raises RulebookError NO_VOCABULARY.
    """
    checked = judge(session, file, text, readable)
    found, _ = outline(text)
    ruleset = checked.ruleset
    if ruleset is None:
        return Look(checked.findings, found, {}, {}, (), ())
    report = run_examples(ruleset)
    return Look(
        checked.findings,
        found,
        {name: one.value for name, one in ruleset.param_types.items()},
        row_sentences(ruleset, branch_params(ruleset, (ruleset.scope_org,))),
        tuple(_tried(ruleset, report)),
        report.unhit,
    )


def _tried(ruleset: Ruleset, report: ExampleReport) -> list[TriedExample]:
    failed = {id(one.example): one for one in report.failed}
    tried = []
    for example in ruleset.examples:
        if inherited(ruleset, example.span):
            continue
        line = place_of(ruleset, example.span).span.line
        failure = failed.get(id(example))
        if failure is None:
            tried.append(TriedExample(line, True, {}, {}, None))
            continue
        refused = None if failure.refused is None else failure.refused.text
        tried.append(TriedExample(line, False, dict(failure.want), dict(failure.got), refused))
    return tried
