"""Checks over several rulesets together: one live ruleset for a kind, subject, scope and day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from itertools import combinations

from engine.base.findings import Finding, Severity
from engine.base.text import Text
from engine.rules.analysis.report import with_remedy
from engine.rules.extending.places import told
from engine.rules.model import Ruleset

_DATES = Text(
    "end the earlier one with `effective: {to: …}` the day before the later one begins",
    "请在较早版本中写 `effective: {to: …}`，止于较晚版本生效前一日",
)
_VERSION = Text("raise the version of the changed file", "请提高改动文件的版本号")
_SOON = dt.timedelta(days=30)


def check_across(rulesets: Iterable[Ruleset]) -> list[Finding]:
    """R501: two rulesets are live on the same day; R502: one version, two contents.

    Rulesets are compared within the same kind, subject and scope; the same content in two files
    is no conflict.
    """
    groups: dict[tuple[str, str, str], list[Ruleset]] = {}
    for ruleset in rulesets:
        key = (ruleset.kind, ruleset.subject, ruleset.scope_org)
        groups.setdefault(key, []).append(ruleset)
    return [finding for group in groups.values() for finding in _conflicts(group)]


def check_expiry(ruleset: Ruleset, today: dt.date) -> list[Finding]:
    """R503 (a warning): the ruleset ends within 30 days after `today`."""
    last = ruleset.effective_to
    if last is None or not today <= last <= today + _SOON:
        return []
    text = Text(
        f"{ruleset.name} {ruleset.version} ends on {last}; decisions after that day wait",
        f"{ruleset.name} 版本 {ruleset.version} 于 {last} 到期；此后的判定将等待",
    )
    hint = Text("publish the version that follows it", "请发布后续版本")
    span = ruleset.key_spans["effective.to"]
    message = with_remedy(text, hint)
    found = Finding("R503", Severity.WARNING, ruleset.file, span, message, hint)
    return [told(ruleset, found)]


def _conflicts(group: list[Ruleset]) -> Iterator[Finding]:
    ordered = sorted(group, key=lambda one: (one.effective_from, one.version, one.file))
    for earlier, later in combinations(ordered, 2):
        if earlier.hash == later.hash:
            continue
        if earlier.version == later.version and earlier.name == later.name:
            text = Text(
                f"version {later.version} of {later.name} has other content in {earlier.file}",
                f"{later.name} 版本 {later.version} 在 {earlier.file} 中内容不同",
            )
            yield _finding("R502", later, "version", text, _VERSION)
        elif earlier.effective_to is None or later.effective_from <= earlier.effective_to:
            text = Text(
                f"{later.name} {later.version} and {earlier.name} {earlier.version} "
                f"({earlier.file}) are both in force from {later.effective_from}",
                f"{later.name} 版本 {later.version} 与 {earlier.name} 版本 {earlier.version}"
                f"（{earlier.file}）自 {later.effective_from} 起同时生效",
            )
            yield _finding("R501", later, "effective.from", text, _DATES)


def _finding(code: str, ruleset: Ruleset, key: str, text: Text, hint: Text) -> Finding:
    span = ruleset.key_spans[key]
    found = Finding(code, Severity.ERROR, ruleset.file, span, with_remedy(text, hint), hint)
    return told(ruleset, found)
