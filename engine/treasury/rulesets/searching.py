"""Finding rulesets, rows, work in progress and words by what people remember of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlmodel import Session

from engine.base.bounded import Bounded
from engine.base.text import Lang, Text, normalise
from engine.rulebook.models import RulesetDraft, RulesetVersion
from engine.rules import branch_params
from engine.rules.model import Ruleset, Word
from engine.rules.sentences import row_sentences
from engine.treasury.rulesets.shelf import live_for, pending_for
from engine.treasury.rulesets.writing import visible_drafts

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Some(Generic[T]):
    """The first of what was found, and how many more there are."""

    items: tuple[T, ...] = ()
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class FoundRow:
    """A row of a live ruleset."""

    ruleset: Ruleset
    id: str
    sentence: Text


@dataclass(frozen=True, slots=True)
class Found:
    """What a text leads to, as far as the user may see it."""

    rulesets: Some[Ruleset]
    """Live ones."""
    rows: Some[FoundRow]
    waiting: Some[RulesetVersion]
    drafts: Some[RulesetDraft]
    words: Some[Word]


@dataclass(frozen=True, slots=True)
class _Row:
    found: FoundRow
    own: dict[Lang, str]
    """What the row itself says, folded."""


def folded(text: str) -> str:
    """Text as it is compared: full-width forms and capitals make no difference."""
    return (normalise(text) or "").casefold()


def search(
    session: Session, user_id: str, words: Iterable[Word], text: str, lang: Lang, most: int
) -> Found:
    """Everything whose names, cells or sentences hold every word of `text`; also among `words`.

    At most `most` of a sort. Sentences are those of the page's language; names and titles are
    looked for in both. A row is found by its id, its cells, basis and sentence, and by the name of
    its ruleset beside one of these; a row whose id is named exactly comes first.
    """
    terms = folded(text).split()
    if not terms:
        return Found(Some(), Some(), Some(), Some(), Some())
    live = [one.ruleset for one in live_for(session, user_id) if one.ruleset is not None]

    def hold(*parts: str) -> bool:
        whole = folded(" ".join(parts))
        return all(term in whole for term in terms)

    return Found(
        rulesets=_some(live, lambda one: hold(_called(one)), most),
        rows=_rows(live, terms, lang, most),
        waiting=_some(
            pending_for(session, user_id),
            lambda one: hold(
                "proposed 待复核", one.name, one.kind, one.org_id, one.reason, one.author, one.hash
            ),
            most,
        ),
        drafts=_some(
            visible_drafts(session, user_id),
            lambda one: hold(
                f"draft 草稿 #{one.id}", one.name, one.kind, one.org_id, one.note, one.author
            ),
            most,
        ),
        words=_some(
            words,
            lambda one: hold(one.name, one.label.en, one.label.zh, *_values(one)),
            most,
        ),
    )


def _rows(live: Iterable[Ruleset], terms: Sequence[str], lang: Lang, most: int) -> Some[FoundRow]:
    exact: list[FoundRow] = []
    others: list[FoundRow] = []
    for ruleset in live:
        name = folded(_called(ruleset))
        for row in _indexed(ruleset):
            own = row.own[lang]
            mine = [term for term in terms if term in own]
            if mine and all(term in mine or term in name for term in terms):
                named = row.found.id.casefold() in terms
                (exact if named else others).append(row.found)
    found = exact + others
    return Some(tuple(found[:most]), max(0, len(found) - most))


def _some(among: Iterable[T], wanted: Callable[[T], bool], most: int) -> Some[T]:
    found = [one for one in among if wanted(one)]
    return Some(tuple(found[:most]), max(0, len(found) - most))


def _called(one: Ruleset) -> str:
    return " ".join((one.name, one.title.en, one.title.zh, one.kind, one.scope_org))


def _values(word: Word) -> list[str]:
    values = word.values or {}
    return [part for code, label in values.items() for part in (code, label.en, label.zh)]


_INDEX: Bounded[tuple[str, int], tuple[Ruleset, tuple[_Row, ...]]] = Bounded(1024)
"""Rows by hash and identity: the same text with other words or another parent is another one."""


def _indexed(ruleset: Ruleset) -> tuple[_Row, ...]:
    return _INDEX.get((ruleset.hash, id(ruleset)), lambda: (ruleset, _index(ruleset)))[1]


def _index(ruleset: Ruleset) -> tuple[_Row, ...]:
    said = row_sentences(ruleset, branch_params(ruleset, (ruleset.scope_org,)))
    lines = ruleset.text.split("\n")
    made = []
    for row in ruleset.table.rows:
        sentence, cells = said[row.id], lines[row.span.line - 1]
        own: dict[Lang, str] = {
            "en": folded(f"{cells} {sentence.en}"),
            "zh": folded(f"{cells} {sentence.zh}"),
        }
        made.append(_Row(FoundRow(ruleset, row.id, sentence), own))
    return tuple(made)
