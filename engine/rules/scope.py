"""What the names of one ruleset mean: facts (words and derived columns) and parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from engine.base.collector import Problem
from engine.base.findings import Span
from engine.base.money import DECIMALS
from engine.base.text import Text
from engine.base.yaml_marks import Scalar
from engine.rules.model import Column, Type, Value, Vocabulary, Word
from engine.rules.suggest import remedy

VOCABULARY_CURRENCY = "CNY"
"""The currency in whose minor units a vocabulary's money minimum is kept."""


@dataclass(frozen=True, slots=True)
class ParamUse:
    """One place that uses a parameter. A `soft` use takes any number (a factor in a formula)."""

    type: Type
    values: Mapping[str, Text] | None
    column: str
    span: Span
    soft: bool


@dataclass(slots=True)
class Scope:
    """Resolves names while cells are read, and remembers what was used."""

    vocabulary: Vocabulary
    currency: str
    raw_facts: bool
    params: Mapping[str, Scalar]
    derived: dict[str, Column] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    """Derived columns whose declaration is wrong; using them is no second mistake."""
    facts: dict[str, Column] = field(default_factory=dict)
    uses: dict[str, list[ParamUse]] = field(default_factory=dict)

    def names(self) -> list[str]:
        """Return every fact a column may name."""
        return [*self.vocabulary.words, *self.derived]

    def type_of(self, name: str) -> Type | None:
        """Return the type of fact `name`, or None when there is no such fact."""
        if name in self.derived:
            return self.derived[name].type
        word = self.vocabulary.words.get(name)
        return None if word is None else word.type

    def fact(self, name: str, span: Span) -> Column | None:
        """Return fact `name` and remember that it is read, or None when there is no such fact."""
        known = self.facts.get(name)
        if known is not None:
            return known
        column = self.look_up(name, span)
        if column is not None:
            self.facts[name] = column
        return column

    def look_up(self, name: str, span: Span) -> Column | None:
        """Return fact `name` without remembering it (examples may list more than is read)."""
        column = self.derived.get(name)
        if column is not None:
            return column
        word = self.vocabulary.words.get(name)
        return None if word is None else self._column(word, span)

    def unknown(self, name: str) -> Problem:
        """Return the problem "unknown column"."""
        return Problem(
            "R102",
            Text(f"unknown column {name!r}", f"未知列 {name!r}"),
            remedy(name, self.names()),
        )

    def use_param(self, name: str, use: ParamUse) -> None:
        """Remember a use of parameter `name`. Raises Problem R201 when it is not declared."""
        if name not in self.params:
            raise Problem(
                "R201",
                Text(f"unknown parameter '${name}'", f"未知参数 '${name}'"),
                remedy(name, self.params)
                or Text("declare it under `params:`", "请在 `params:` 中声明"),
            )
        self.uses.setdefault(name, []).append(use)

    def hard_type(self, name: str) -> Type | None:
        """Return the type an earlier definite use gave to parameter `name`."""
        return next((use.type for use in self.uses.get(name, ()) if not use.soft), None)

    def _column(self, word: Word, span: Span) -> Column:
        return Column(
            name=word.name,
            type=word.type,
            label=word.label,
            span=span,
            values=word.values,
            nullable=word.nullable or self.raw_facts,
            minimum=None if self.raw_facts else self._minimum(word),
        )

    def _minimum(self, word: Word) -> Value | None:
        if word.type is not Type.MONEY or not isinstance(word.minimum, int):
            return word.minimum
        shift = DECIMALS[self.currency] - DECIMALS[VOCABULARY_CURRENCY]
        scaled = Fraction(word.minimum) * Fraction(10) ** shift
        return -int(-scaled // 1)
