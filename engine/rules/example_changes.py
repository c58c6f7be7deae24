"""The examples of a ruleset beside those of an earlier version: kept, added, changed, removed.

Two examples are the same question where branch and given facts are equal; what differs then is
the wanted answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from engine.base.text import Text
from engine.rules.analysis.examples import FailedExample, run_examples
from engine.rules.model import Example, Ruleset
from engine.rules.table import ID, NONE
from engine.rules.values import value_text

Change = Literal["kept", "added", "changed", "removed"]


@dataclass(frozen=True, slots=True)
class ExampleTold:
    """One example; all texts as a file would say them."""

    branch: str | None
    given: Mapping[str, str]
    want: Mapping[str, str]
    change: Change
    before: Mapping[str, str]
    """What was wanted before, where it is changed."""
    passed: bool | None
    """Whether the rows answer as wanted; None for a removed one."""
    got: Mapping[str, str]
    """What came out of one that failed; empty where nothing could be decided."""
    refused: Text | None
    """Why it could not be decided."""


def example_changes(old: Ruleset | None, new: Ruleset) -> tuple[ExampleTold, ...]:
    """The examples of `new` in their order, then those of `old` that are gone."""
    failed = {id(one.example): one for one in run_examples(new).failed}
    before = {} if old is None else {_question(old, one): one for one in old.examples}
    told = []
    asked = set()
    for one in new.examples:
        question = _question(new, one)
        asked.add(question)
        earlier = before.get(question)
        told.append(_told(new, one, earlier, failed.get(id(one))))
    gone = () if old is None else (one for key, one in before.items() if key not in asked)
    return (*told, *(_gone(old, one) for one in gone if old is not None))


def _told(
    ruleset: Ruleset, one: Example, earlier: Example | None, failure: FailedExample | None
) -> ExampleTold:
    want = _want(one)
    change: Change = "added"
    if earlier is not None:
        change = "kept" if _want(earlier) == want else "changed"
    return ExampleTold(
        one.branch,
        _given(ruleset, one),
        want,
        change,
        _want(earlier) if earlier is not None and change == "changed" else {},
        failure is None,
        {} if failure is None else failure.got,
        None if failure is None or failure.refused is None else failure.refused.text,
    )


def _gone(old: Ruleset, one: Example) -> ExampleTold:
    return ExampleTold(one.branch, _given(old, one), _want(one), "removed", {}, None, {}, None)


def _question(ruleset: Ruleset, one: Example) -> tuple[str | None, frozenset[tuple[str, str]]]:
    return one.branch, frozenset(_given(ruleset, one).items())


def _given(ruleset: Ruleset, one: Example) -> dict[str, str]:
    said = {}
    for name, value in one.given.items():
        fact = ruleset.facts.get(name)
        if value is None:
            said[name] = "null"
        else:
            said[name] = (
                str(value) if fact is None else value_text(value, fact.type, ruleset.currency)
            )
    return said


def _want(one: Example) -> dict[str, str]:
    rows = {} if one.want_rows is None else {ID: ", ".join(one.want_rows) or NONE}
    return rows | dict(one.want)
