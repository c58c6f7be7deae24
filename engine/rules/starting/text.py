"""A whole ruleset text to begin with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.base.text import Lang, Text
from engine.rules.edit.written import in_flow
from engine.rules.format import format_ruleset
from engine.rules.kind import Kind
from engine.rules.lexer import cut
from engine.rules.model import Vocabulary
from engine.rules.starting.comments import columns, heading, policies
from engine.rules.starting.table import starter_of, words_of


@dataclass(frozen=True, slots=True)
class Beginning:
    """What is chosen for a new ruleset; everything else comes from its kind."""

    kind: Kind
    subject: str
    """One of the kind's."""
    name: str
    title: Text
    org: str
    first_day: dt.date
    """From when on it is in force once it is live."""


def new_ruleset(
    beginning: Beginning, vocabulary: Vocabulary, langs: Sequence[Lang] = ("en",)
) -> str:
    """The text: envelope, a first table, examples, and comments in `langs` (at least one).

    It loads without errors for every kind and subject; who writes it changes its rows.
    """
    kind = beginning.kind
    starter = starter_of(kind, beginning.subject, vocabulary)
    words = words_of(kind, beginning.subject, vocabulary)
    used = [cell.source for cell in cut(starter.rules[0], 0).cells]
    lines = [
        *heading(kind, langs),
        *_envelope(beginning),
        "# " + " / ".join(_POLICY[lang] for lang in langs),
        *policies(kind, langs),
        *starter.envelope,
        *columns(kind, words, used, langs),
        "rules: |",
        *(f"  {line}" for line in starter.rules),
        "examples: |",
        *(f"  {line}" for line in starter.examples),
    ]
    text = "\n".join(lines) + "\n"
    return format_ruleset(beginning.name, text).text


_POLICY: dict[Lang, str] = {
    "en": "hit_policy says what several matching rows mean:",
    "zh": "hit_policy 规定多行命中时如何取舍：",
}


def _envelope(beginning: Beginning) -> Iterator[str]:
    title = beginning.title
    yield f"kind: {beginning.kind.name}"
    yield f"name: {beginning.name}"
    yield f"title: {{en: {in_flow(title.en)}, zh: {in_flow(title.zh)}}}"
    yield "version: 1"
    yield f"effective: {{from: {beginning.first_day.isoformat()}}}"
    yield f"scope: {{org: {in_flow(beginning.org)}, subject: {in_flow(beginning.subject)}}}"
