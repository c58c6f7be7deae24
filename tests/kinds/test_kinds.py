"""What holds for every kind: words, types, outcomes."""

from __future__ import annotations

import datetime as dt
import keyword
import re
import types
from dataclasses import fields
from decimal import Decimal
from typing import get_args, get_type_hints

import pytest

from engine.rules import Kind, all_kinds
from engine.rules.model import Duration, Type
from tests.kinds.pages import RULESETS, vocabulary

KINDS = tuple(all_kinds().values())
ASKED = [(kind, subject) for kind in KINDS for subject in kind.facts]

CLASSES: dict[Type, object] = {
    Type.MONEY: int,
    Type.INT: int,
    Type.PERCENT: Decimal,
    Type.CODE: str,
    Type.TEXT: str,
    Type.BOOL: bool,
    Type.DATE: dt.date,
    Type.TIME: dt.time,
    Type.DURATION: Duration,
    Type.CHAIN: tuple[str, ...],
    Type.LIST: tuple[str, ...],
}


def named(value: object) -> str:
    return value.name if isinstance(value, Kind) else str(value)


def may_be_none(hint: object) -> bool:
    return types.NoneType in get_args(hint)


def bare(hint: object) -> object:
    rest = [one for one in get_args(hint) if one is not types.NoneType]
    return rest[0] if may_be_none(hint) else hint


@pytest.mark.parametrize(("kind", "subject"), ASKED, ids=named)
def test_facts_are_words_of_the_vocabulary_with_their_types(kind: Kind, subject: str) -> None:
    words = vocabulary().words
    facts = kind.facts[subject]
    hints = get_type_hints(facts)
    for one in fields(facts):
        assert bare(hints[one.name]) == CLASSES[words[one.name].type], one.name


@pytest.mark.parametrize(("kind", "subject"), ASKED, ids=named)
def test_only_words_that_may_be_missing_are_missing(kind: Kind, subject: str) -> None:
    hints = get_type_hints(kind.facts[subject])
    for name, hint in hints.items():
        if kind.raw_facts:
            assert may_be_none(hint), f"{name}: raw facts may all be missing"
        elif may_be_none(hint):
            assert vocabulary().words[name].nullable, name


@pytest.mark.parametrize(("kind", "subject"), ASKED, ids=named)
def test_facts_and_outcomes_are_frozen(kind: Kind, subject: str) -> None:
    for made in (kind.facts[subject], kind.outcome):
        assert made.__dataclass_params__.frozen  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", KINDS, ids=named)
def test_the_outcome_has_one_typed_field_per_output(kind: Kind) -> None:
    hints = get_type_hints(kind.outcome)
    wanted = {(f"{n}_" if keyword.iskeyword(n) else n): spec for n, spec in kind.outputs.items()}
    assert hints.keys() == wanted.keys()
    for name, spec in wanted.items():
        assert bare(hints[name]) == CLASSES[spec.type], name
        assert may_be_none(hints[name]) != spec.required, name


@pytest.mark.parametrize("kind", KINDS, ids=named)
def test_everything_shown_is_said_in_both_languages(kind: Kind) -> None:
    texts = [kind.title, kind.about, *(spec.label for spec in kind.outputs.values())]
    texts += [label for spec in kind.outputs.values() for label in (spec.values or {}).values()]
    for text in texts:
        assert text.en
        assert re.search(r"[一-鿿]", text.zh), text.zh


def test_every_word_of_the_vocabulary_is_supplied_or_derived_somewhere() -> None:
    supplied = {one.name for kind, subject in ASKED for one in fields(kind.facts[subject])}
    derived = {
        name
        for path in RULESETS.glob("*/*.yaml")
        for name in re.findall(
            r"^  (\w+): +\{(?:any|count|sum|distinct)", path.read_text("utf-8"), re.M
        )
    }
    assert set(vocabulary().words) - supplied - derived == {"fee"}
