"""What a ruleset kind is: the facts it is asked about, the outcome it gives, its own checks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from engine.base.findings import Finding
from engine.base.text import Text
from engine.rules.model import Duration, HitPolicy, Ruleset, Type

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """One output column a kind declares. `values` closes a code list (value -> label)."""

    type: Type
    label: Text
    values: Mapping[str, Text] | None = None
    required: bool = False
    """A row must give it (a `-` cell is an error)."""
    offers: Mapping[str, Text] | None = None
    """Values an editor offers where others are allowed too (value -> label)."""


@dataclass(frozen=True, slots=True)
class Starter:
    """What a new ruleset of a kind begins with: whole lines, as they stand in a file."""

    envelope: tuple[str, ...]
    """From the parameters to `hit_policy` and `otherwise`."""
    rules: tuple[str, ...]
    """The table, its header first."""
    examples: tuple[str, ...]


ANY_SUBJECT = ""
"""The subject of a starter that suits every subject of its kind."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One ruleset kind.

    `facts` maps each subject to a frozen dataclass whose field names are vocabulary words (plus
    nothing else): what the engine supplies when it asks. `outcome` is a frozen dataclass whose
    field names are output columns; missing columns are None. Both hold the internal values of
    engine.rules.model (money in minor units).
    """

    name: str
    title: Text
    about: Text
    """One paragraph for people: what this kind decides and what happens with the outcome."""
    facts: Mapping[str, type[DataclassInstance]]
    outputs: Mapping[str, OutputSpec]
    outcome: type[DataclassInstance]
    hit_policies: frozenset[HitPolicy]
    extras_schema: Mapping[str, object] = field(default_factory=dict)
    """JSON Schema `properties` of the envelope keys this kind adds."""
    raw_facts: bool = False
    """Facts are raw input: every word may be null (the kind validation)."""
    checks: tuple[Callable[[Ruleset], list[Finding]], ...] = ()
    """Further static checks, such as the posting balance."""
    starters: Mapping[str, Starter] = field(default_factory=dict)
    """Subject -> where a new ruleset begins, if a table made from the columns would make no sense
    (engine.rules.starting)."""


FactValue = int | Decimal | str | bool | dt.date | dt.time | Duration | None
"""One typed fact: percent words are Decimal fractions, money words int minor units."""
