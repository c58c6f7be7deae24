"""Messages to the engine, and the facts they are made from."""

from __future__ import annotations

import json
from collections.abc import Mapping

from engine.rules.kind import FactValue
from engine.rules.rete.conditions import Scalar
from engine.rules.rete.interpreter import Interpreter, NoUnit
from engine.rules.rete.program import OWN, Lane, ReteProgram
from engine.rules.rete.refusals import no_opinion
from engine.rules.rete.scalars import scalar_of

Facts = Mapping[str, FactValue]


def message_text(fields: Mapping[str, Scalar]) -> str:
    """Write one message; null fields are absent."""
    return json.dumps({OWN: 1, **fields}, ensure_ascii=False)


def lane_fields(program: ReteProgram, lane: Lane, facts: Facts) -> dict[str, Scalar]:
    """Return what a lane is told of the facts. Raises NoSecondOpinion."""
    interpreter = Interpreter(program.params)
    found: dict[str, Scalar] = {}
    for name in lane.fields:
        marker = program.markers.get(name)
        if marker is None:
            column = program.columns[name]
            value = scalar_of(column, facts.get(column))
            if value is not None:
                found[name] = value
            continue
        try:
            found[name] = interpreter.holds(marker.cell, marker.column, facts.get)
        except NoUnit:
            raise no_opinion(
                "RETE_UNDEFINED",
                f"a condition on {marker.column} rounds to a unit that is not above zero",
                f"{marker.column} 的条件以不大于零的单位取整",
            ) from None
    return found
