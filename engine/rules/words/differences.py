"""What two vocabularies differ in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.rules.model import Vocabulary, Word
from engine.rules.scope import VOCABULARY_CURRENCY
from engine.rules.values import value_text

Change = tuple[str | None, str | None]


@dataclass(frozen=True, slots=True)
class WordDiff:
    """Words that came and went, and "word.property" -> what it was and is.

    The properties are type, en, zh, iso20022, values, nullable, min, and "values.<value>.en" and
    ".zh" of values that stay.
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: Mapping[str, Change]

    @property
    def empty(self) -> bool:
        """Whether both mean the same."""
        return not (self.added or self.removed or self.changed)

    @property
    def words(self) -> frozenset[str]:
        """Every word that differs."""
        return frozenset((*self.added, *self.removed, *(p.split(".")[0] for p in self.changed)))

    def to_json(self) -> dict[str, object]:
        """{"added": [], "removed": [], "changed": {"word.property": [was, is]}}"""
        return {
            "added": list(self.added),
            "removed": list(self.removed),
            "changed": {path: list(change) for path, change in self.changed.items()},
        }


def word_diff(old: Vocabulary, new: Vocabulary) -> WordDiff:
    """Compare two vocabularies; their order means nothing."""
    before, after = old.words, new.words
    changed: dict[str, Change] = {}
    for name, word in after.items():
        if name in before:
            was, now = dict(_properties(before[name])), dict(_properties(word))
            kept = [key for key in now if key in was or not key.startswith("values.")]
            changed |= {
                f"{name}.{key}": (was.get(key), now[key])
                for key in kept
                if was.get(key) != now[key]
            }
    return WordDiff(
        tuple(name for name in after if name not in before),
        tuple(name for name in before if name not in after),
        changed,
    )


def _properties(word: Word) -> Iterator[tuple[str, str | None]]:
    least = word.minimum
    yield "type", word.type.value
    yield "en", word.label.en
    yield "zh", word.label.zh
    yield "iso20022", word.iso20022
    yield "nullable", "true" if word.nullable else "false"
    yield "min", None if least is None else value_text(least, word.type, VOCABULARY_CURRENCY)
    yield "values", None if word.values is None else ", ".join(sorted(word.values))
    for value, label in (word.values or {}).items():
        yield f"values.{value}.en", label.en
        yield f"values.{value}.zh", label.zh
