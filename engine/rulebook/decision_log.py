"""The decision log: facts and outcomes as JSON, ids known before their rows are written."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Mapping
from decimal import Decimal

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.money import format_major
from engine.rules.kind import FactValue
from engine.rules.model import Duration, Ruleset, Type, Vocabulary

BLOCK = 1000
"""Decision ids per value of the sequence decision_block."""


class DecisionIds:
    """Hands out decision ids; asks the database once per BLOCK. Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next = 0
        self._end = 0

    def take(self, session: Session) -> int:
        """A new decision id, never given before by any process."""
        with self._lock:
            if self._next == self._end:
                block = session.execute(sa.text("SELECT nextval('decision_block')")).scalar_one()
                self._next = int(block) * BLOCK
                self._end = self._next + BLOCK
            taken = self._next
            self._next += 1
            return taken


def fact_types(ruleset: Ruleset, vocabulary: Vocabulary) -> Mapping[str, Type]:
    """The type of every word, and of the ruleset's own derived columns."""
    types = {name: word.type for name, word in vocabulary.words.items()}
    types.update({name: column.type for name, column in ruleset.facts.items()})
    return types


def facts_to_json(
    facts: Mapping[str, FactValue], types: Mapping[str, Type], currency: str
) -> dict[str, object]:
    """Facts as they are kept: money in major units as decimal text, percent as a fraction."""
    return {name: _value(value, types[name], currency) for name, value in facts.items()}


def _value(value: FactValue, kind: Type, currency: str) -> object:
    if value is None or isinstance(value, bool | str):
        return value
    if kind is Type.MONEY and isinstance(value, int):
        return format_major(value, currency)
    if isinstance(value, int):
        return value
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Duration):
        return value.written
    if isinstance(value, dt.time):
        return value.isoformat("minutes" if value.second == 0 else "seconds")
    return value.isoformat()
