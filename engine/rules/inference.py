"""What a part of a formula is by itself; None where its type comes from where it stands."""

from __future__ import annotations

from engine.base.collector import Problem
from engine.rules.model import Type
from engine.rules.scope import Scope
from engine.rules.syntax import Raw, RawCall, RawName, RawNumber, RawParam, RawText
from engine.rules.values import read_value

ROUNDING = frozenset({"floor_to", "ceil_to", "round_half_up"})
TEXT_TESTS = frozenset({"starts", "contains", "matches"})
COMPARISONS = frozenset({"=", "!=", "<", "<=", ">", ">="})
NUMBERS = frozenset({Type.INT, Type.PERCENT})


class Inference:
    """Infers types among the words and parameters of one scope."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def infer(self, raw: Raw) -> Type | None:
        """Return the type of one part."""
        if isinstance(raw, RawText):
            return Type.TEXT
        if isinstance(raw, RawNumber):
            return self._form(raw.written)
        if isinstance(raw, RawParam):
            return self._scope.hard_type(raw.name) or self._param_form(raw.name)
        if isinstance(raw, RawName):
            return Type.BOOL if raw.name in {"true", "false"} else self._scope.type_of(raw.name)
        return self._infer_call(raw)

    def _param_form(self, name: str) -> Type | None:
        scalar = self._scope.params.get(name)
        return None if scalar is None else self._form(scalar.value.strip())

    def _form(self, written: str) -> Type | None:
        if written.endswith("%"):
            return Type.PERCENT
        for type_ in (Type.DATE, Type.TIME, Type.DURATION):
            try:
                read_value(written, type_, self._scope.currency)
            except Problem:
                continue
            return type_
        return None

    def _infer_call(self, raw: RawCall) -> Type | None:
        function, arguments = raw.function, raw.arguments
        if function in COMPARISONS | TEXT_TESTS | {"and", "or", "not"}:
            return Type.BOOL
        if function == "days_between":
            return Type.INT
        kinds = [self.infer(one) for one in arguments]
        if function == "*":
            return Type.MONEY if Type.MONEY in kinds else join(kinds)
        if function == "/" and len(kinds) == 2:
            if kinds[0] is Type.MONEY:
                return Type.PERCENT if kinds[1] is Type.MONEY else Type.MONEY
            return None if None in kinds else Type.PERCENT
        if function in ROUNDING:
            unit = kinds[-1] if kinds else None
            first = kinds[0] if kinds else None
            return Type.MONEY if Type.MONEY in {first, unit} else first
        return join(kinds)


def join(kinds: list[Type | None]) -> Type | None:
    """Return the type that values of these types have together."""
    known = {kind for kind in kinds if kind is not None}
    if known == NUMBERS:
        return Type.PERCENT
    if known and Type.MONEY in known:
        return Type.MONEY
    return next(iter(sorted(known)), None)
