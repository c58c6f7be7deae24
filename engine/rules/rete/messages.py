"""Messages to the engine, and the facts they are made from."""

from __future__ import annotations

import json
from collections.abc import Mapping

from engine.rules.kind import FactValue
from engine.rules.rete.conditions import Scalar
from engine.rules.rete.interpreter import Interpreter
from engine.rules.rete.program import OWN, Lane, ReteProgram
from engine.rules.rete.scalars import scalar_of

Facts = Mapping[str, FactValue]


def message_text(fields: Mapping[str, Scalar]) -> str:
    """Write one message; null fields are absent."""
    return json.dumps({OWN: 1, **fields}, ensure_ascii=False)


class Told:
    """What the engine is told of one document's facts."""

    def __init__(self, program: ReteProgram, facts: Facts) -> None:
        """Take the facts in. Raises NoSecondOpinion RETE_FACT.

        Every fact a cell compares is looked at, whether or not a lane still reads it: rows that
        only a number beyond the limits can hit are in no lane.
        """
        self._program = program
        self._facts = facts
        self._interpreter = Interpreter(program.params)
        self._fields: dict[str, Scalar | None] = {
            field: scalar_of(column, facts.get(column)) for field, column in program.columns.items()
        }

    def message(self, lane: Lane) -> str:
        """Return the message for one lane."""
        found: dict[str, Scalar] = {}
        for name in lane.fields:
            if name not in self._fields:
                self._fields[name] = self._marked(name)
            value = self._fields[name]
            if value is not None:
                found[name] = value
        return message_text(found)

    def _marked(self, name: str) -> bool:
        marker = self._program.markers[name]
        return self._interpreter.holds(marker.cell, marker.column, self._facts.get)
