"""Formulas as sums of terms, so that equal amounts are seen to be equal without any facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from engine.rules.model import (
    Call,
    ColumnRef,
    Formula,
    FormulaOutput,
    Literal,
    NullOutput,
    Output,
    ParamRef,
    Template,
    Value,
)

_COMMUTATIVE = frozenset({"*", "min", "max", "and", "or", "=", "!="})


@dataclass(frozen=True, slots=True)
class Linear:
    """A sum of `constant` and factor × term; a term is a column or a formula kept whole."""

    constant: Fraction
    terms: Mapping[str, Fraction]

    def plus(self, other: Linear, factor: Fraction = Fraction(1)) -> Linear:
        """`self + factor × other`."""
        terms = dict(self.terms)
        for term, weight in other.terms.items():
            terms[term] = terms.get(term, Fraction(0)) + factor * weight
        kept = {term: weight for term, weight in terms.items() if weight}
        return Linear(self.constant + factor * other.constant, kept)

    def times(self, factor: Fraction) -> Linear:
        """`factor × self`."""
        return NOTHING.plus(self, factor)

    def given(self, known: Mapping[str, Fraction]) -> Linear:
        """The sum where some columns have a known value."""
        out = Linear(self.constant, {t: w for t, w in self.terms.items() if t not in known})
        for term, weight in self.terms.items():
            if term in known:
                out = out.plus(Linear(known[term], {}), weight)
        return out

    @property
    def plain(self) -> bool:
        """Whether all terms are columns: then a sum that is not zero is not zero for some facts."""
        return all(term.isidentifier() for term in self.terms)

    @property
    def zero(self) -> bool:
        """Whether the sum is nothing whatever the facts are."""
        return not self.constant and not self.terms


NOTHING = Linear(Fraction(0), {})


def linear(formula: Formula, params: Mapping[str, Value]) -> Linear:
    """`formula` as a sum of terms under `params`; what is not linear stays whole as one term."""
    match formula:
        case Literal(value=value):
            return _constant(value)
        case ParamRef(name=name):
            return _constant(params[name])
        case ColumnRef(name=name):
            return Linear(Fraction(0), {name: Fraction(1)})
        case Call(function="+", arguments=(left, right)):
            return linear(left, params).plus(linear(right, params))
        case Call(function="-", arguments=(left, right)):
            return linear(left, params).plus(linear(right, params), Fraction(-1))
        case Call(function="neg", arguments=(only,)):
            return linear(only, params).times(Fraction(-1))
        case Call(function=function, arguments=arguments):
            parts = [linear(argument, params) for argument in arguments]
            return _product(function, parts) or _whole(function, parts)


def _constant(value: Value) -> Linear:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Linear(Fraction(value), {})
    return Linear(Fraction(0), {f"the value {value}": Fraction(1)})


def _product(function: str, parts: list[Linear]) -> Linear | None:
    """A product or quotient with a constant, as a sum again; None for anything else."""
    if function not in {"*", "/"} or len(parts) != 2:
        return None
    left, right = parts
    if function == "*":
        if not left.terms:
            return right.times(left.constant)
        return None if right.terms else left.times(right.constant)
    return None if right.terms or not right.constant else left.times(1 / right.constant)


def _whole(function: str, parts: list[Linear]) -> Linear:
    said = [say(part) for part in parts]
    if function in _COMMUTATIVE:
        said.sort()
    return Linear(Fraction(0), {f"{function}({', '.join(said)})": Fraction(1)})


def say(sum_: Linear, constant: Callable[[Fraction], str] = str) -> str:
    """A sum as text with sorted terms, equal for equal sums; `constant` writes its constant."""
    parts = []
    for term, weight in sorted(sum_.terms.items()):
        sign = "-" if weight < 0 else "+"
        size = "" if abs(weight) == 1 else f"{abs(weight)} × "
        parts.append(f"{sign} {size}{term}")
    if sum_.constant or not parts:
        parts.append(f"{'-' if sum_.constant < 0 else '+'} {constant(abs(sum_.constant))}")
    text = " ".join(parts)
    return text[2:] if text.startswith("+ ") else text


def same_output(left: Output, right: Output, params: Mapping[str, Value]) -> bool | None:
    """Whether two outputs are always equal (True), surely differ (False), or may differ (None)."""
    a, b = output_key(left, params), output_key(right, params)
    if a == b:
        return True
    constants = isinstance(a, Constant) and isinstance(b, Constant)
    return False if constants else None


@dataclass(frozen=True, slots=True)
class Constant:
    """An output that is the same whatever the facts are."""

    value: Value | None


def constant_output(output: Output, params: Mapping[str, Value]) -> Constant | None:
    """The output's value under `params`, or None when it depends on facts."""
    key = output_key(output, params)
    return key if isinstance(key, Constant) else None


def output_key(output: Output, params: Mapping[str, Value]) -> Constant | str:
    """A value that is equal for outputs that are always equal under `params`."""
    match output:
        case NullOutput():
            return Constant(None)
        case Literal(value=value):
            return Constant(value)
        case ParamRef(name=name):
            return Constant(params[name])
        case Template(parts=parts):
            return "text " + "".join(
                p.replace("{", "{{") if isinstance(p, str) else f"{{{p.name}}}" for p in parts
            )
        case FormulaOutput(formula=formula):
            return _formula_output(linear(formula, params))


def _formula_output(sum_: Linear) -> Constant | str:
    if sum_.terms:
        return "formula " + say(sum_)
    whole = sum_.constant.denominator == 1
    return Constant(int(sum_.constant)) if whole else "formula " + say(sum_)
