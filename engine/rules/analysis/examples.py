"""Examples are tests: each is decided and compared; a row that none of them hits is untested."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.base.findings import Finding, Severity
from engine.base.text import Text
from engine.rules.analysis.report import MOST, with_remedy
from engine.rules.compile import compile_ruleset
from engine.rules.decide import Decision, DecisionRefused
from engine.rules.evaluator import Evaluator
from engine.rules.examples import run_example, wanted_outcomes
from engine.rules.extending.places import inherited
from engine.rules.model import Example, HitPolicy, Ruleset, Type, Value
from engine.rules.params import branch_params
from engine.rules.samples import BRANCH
from engine.rules.table import ID, NONE
from engine.rules.values import value_text

_HIT = Text("add an example that hits it", "请补充命中该行的示例")
_CORRECT = Text("correct the rows or the example", "请更正规则行或示例")


@dataclass(frozen=True, slots=True)
class FailedExample:
    """An example whose decision is not the wanted one; all texts as a file would say them."""

    example: Example
    given: Mapping[str, str]
    want: Mapping[str, str]
    got: Mapping[str, str]
    """The wanted columns as decided; empty when the decision was refused."""
    refused: DecisionRefused | None


@dataclass(frozen=True, slots=True)
class ExampleReport:
    """What the examples of one ruleset showed."""

    count: int
    failed: tuple[FailedExample, ...]
    unhit: tuple[str, ...]
    """Rows that no example hits, in table order. A parent's rows have their examples beside them:
    an extension need not repeat those."""


def run_examples(ruleset: Ruleset) -> ExampleReport:
    """Decide every example under its branch's parameters (see engine.rules.examples)."""
    evaluators: dict[str | None, Evaluator] = {}
    hit: set[str] = set()
    failed = []
    for example in ruleset.examples:
        if example.branch not in evaluators:
            path = () if example.branch is None else (example.branch,)
            params = branch_params(ruleset, path)
            evaluators[example.branch] = compile_ruleset(ruleset, params, lenient=True)
        try:
            decision = run_example(ruleset, example, evaluators[example.branch])
        except DecisionRefused as refused:
            failed.append(_failure(ruleset, example, None, refused))
            continue
        hit.update(decision.rows)
        if not _as_wanted(ruleset, example, decision):
            failed.append(_failure(ruleset, example, decision, None))
    unhit = tuple(
        row.id
        for row in ruleset.table.rows
        if row.id not in hit and not inherited(ruleset, row.span)
    )
    return ExampleReport(len(ruleset.examples), tuple(failed), unhit)


def check_examples(ruleset: Ruleset) -> list[Finding]:
    """R401: an example fails; R404: it cannot be decided; R403 (a warning): a row none hits."""
    report = run_examples(ruleset)
    return [
        *(_failed_finding(ruleset, failure) for failure in report.failed),
        *_unhit_findings(ruleset, report.unhit),
    ]


# --- comparing


def _as_wanted(ruleset: Ruleset, example: Example, decision: Decision) -> bool:
    if example.want_rows is not None:
        ordered = ruleset.hit_policy is not HitPolicy.COLLECT
        want, got = list(example.want_rows), list(decision.rows)
        if want != got and (ordered or sorted(want) != sorted(got)):
            return False
    for name, wanted in wanted_outcomes(ruleset, example).items():
        if not decision.outcomes:
            if any(value is not None for value in wanted):
                return False
            continue
        if any(name not in outcome for outcome in decision.outcomes):
            return False  # it reads a fact that the example does not list
        if tuple(outcome[name] for outcome in decision.outcomes) != wanted:
            return False
    return True


def _failure(
    ruleset: Ruleset,
    example: Example,
    decision: Decision | None,
    refused: DecisionRefused | None,
) -> FailedExample:
    given = {} if example.branch is None else {BRANCH: example.branch}
    given |= {
        name: _written(value, ruleset.facts[name].type if name in ruleset.facts else None, ruleset)
        for name, value in example.given.items()
    }
    want = {} if example.want_rows is None else {ID: ", ".join(example.want_rows) or NONE}
    want |= example.want
    got = {} if decision is None else _got(ruleset, want, decision)
    return FailedExample(example, given, want, got, refused)


def _got(ruleset: Ruleset, want: Mapping[str, str], decision: Decision) -> dict[str, str]:
    types = {column.name: column.type for column in ruleset.table.outputs}
    found = {}
    for name in want:
        if name == ID:
            found[name] = ", ".join(decision.rows) or NONE
            continue
        values = (
            _written(outcome[name], types[name], ruleset) if name in outcome else "?"
            for outcome in decision.outcomes
        )
        found[name] = "; ".join(values) or "-"
    return found


def _written(value: Value | None, type_: Type | None, ruleset: Ruleset) -> str:
    if value is None:
        return "-"
    return str(value) if type_ is None else value_text(value, type_, ruleset.currency)


# --- findings


def _failed_finding(ruleset: Ruleset, failure: FailedExample) -> Finding:
    span = failure.example.span
    if failure.refused is not None:
        said = failure.refused.text
        text = Text(f"this example cannot be decided: {said.en}", f"该示例无法判定：{said.zh}")
        return Finding("R404", Severity.ERROR, ruleset.file, span, text, None)
    wrong = [name for name in failure.want if failure.want[name] != failure.got[name]]
    want = ", ".join(f"{name} {failure.want[name]}" for name in wrong)
    got = ", ".join(f"{name} {failure.got[name]}" for name in wrong)
    text = Text(
        f"this example wants {want}; the rows give {got}",
        f"该示例期望 {want}；规则给出 {got}",
    )
    message = with_remedy(text, _CORRECT)
    return Finding("R401", Severity.ERROR, ruleset.file, span, message, _CORRECT)


def _unhit_findings(ruleset: Ruleset, unhit: tuple[str, ...]) -> list[Finding]:
    names = set(unhit)
    rows = [row for row in ruleset.table.rows if row.id in names]
    findings = [
        Finding(
            "R403",
            Severity.WARNING,
            ruleset.file,
            row.cell_spans[0],
            with_remedy(Text(f"no example hits {row.id}", f"没有示例命中 {row.id}"), _HIT),
            _HIT,
        )
        for row in rows[:MOST]
    ]
    more = len(rows) - MOST
    if more > 0:
        text = Text(
            f"{more} more rows that no example hits are not listed",
            f"另有 {more} 行没有示例命中，未列出",
        )
        span = rows[MOST].cell_spans[0]
        message = with_remedy(text, _HIT)
        findings.append(Finding("R403", Severity.WARNING, ruleset.file, span, message, _HIT))
    return findings
