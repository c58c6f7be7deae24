"""Typing of formulas: an untyped tree becomes a Formula whose every value is exact and typed.

Money adds to money, is multiplied by numbers and divided inside a rounding function; a ratio of
two amounts is a number. Numbers take their type from where they stand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from engine.base.collector import Problem
from engine.base.findings import Span
from engine.base.text import Text
from engine.rules.inference import COMPARISONS, NUMBERS, ROUNDING, TEXT_TESTS, Inference, join
from engine.rules.model import ORDERED, Call, ColumnRef, Formula, Literal, ParamRef, Type, Value
from engine.rules.patterns import text_argument
from engine.rules.scope import ParamUse, Scope
from engine.rules.suggest import remedy as suggest
from engine.rules.syntax import Raw, RawCall, RawName, RawNumber, RawParam, RawText, parse
from engine.rules.values import NAMES, check_listed, read_value

FUNCTIONS = (*sorted(ROUNDING), "min", "max", "days_between", *sorted(TEXT_TESTS), "not")

_TEXTS = frozenset({Type.CODE, Type.TEXT})
_ADDED = frozenset({Type.MONEY, Type.INT, Type.PERCENT, Type.DURATION})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a formula stands: the file's line, the column of offset 0, the output's name."""

    line: int
    column: int
    name: str

    def span(self, raw: Raw) -> Span:
        """Return the span of one part."""
        return Span(self.line, self.column + raw.offset, max(1, raw.width))


def read_formula(source: str, offset: int, want: Type, place: Place, scope: Scope) -> Formula:
    """Parse and type an output formula that must give `want`. Raises Problem."""
    raw = parse(source, offset=offset)
    return _Typer(place, scope, exact=False).typed(raw, want)


def read_condition(source: str, place: Place, scope: Scope) -> Formula:
    """Parse and type the truth formula of a `when` cell. Raises Problem."""
    raw = parse(source)
    return _Typer(place, scope, exact=True).typed(raw, Type.BOOL)


def _wrong(raw: Raw, en: str, zh: str, remedy: Text | None = None, code: str = "R131") -> Problem:
    return Problem(code, Text(en, zh), remedy, raw.offset, max(1, raw.width))


class _Typer:
    def __init__(self, place: Place, scope: Scope, *, exact: bool) -> None:
        self.place = place
        self.scope = scope
        self.infer = Inference(scope).infer
        self.rounded = exact
        """Whether * and / may stand here: inside a rounding function, or in a condition."""

    # --- a part as a value of `want`

    def typed(self, raw: Raw, want: Type) -> Formula:
        if isinstance(raw, RawText):
            return self._text(raw, want)
        if isinstance(raw, RawNumber):
            return self._constant(raw, raw.written, want)
        if isinstance(raw, RawParam):
            return self._param(raw, want, soft=False)
        if isinstance(raw, RawName):
            return self._name(raw, want)
        return self._call(raw, want)

    def _constant(self, raw: Raw, written: str, want: Type) -> Literal:
        try:
            value: Value = read_value(written, want, self.scope.currency)
        except Problem as problem:
            raise problem.at(raw.offset, raw.width) from None
        return Literal(value, written, self.place.span(raw))

    def _text(self, raw: RawText, want: Type) -> Literal:
        if want not in _TEXTS:
            raise self._mismatch(raw, Type.TEXT, want)
        return self._constant(raw, raw.value, want)

    def _param(self, raw: RawParam, want: Type, *, soft: bool) -> ParamRef:
        span = self.place.span(raw)
        try:
            self.scope.use_param(raw.name, ParamUse(want, None, self.place.name, span, soft))
        except Problem as problem:
            raise problem.at(raw.offset, raw.width) from None
        return ParamRef(raw.name, span)

    def _name(self, raw: RawName, want: Type) -> Formula:
        if raw.name in {"true", "false"} and want is Type.BOOL:
            return Literal(raw.name == "true", raw.name, self.place.span(raw))
        if raw.name == "null":
            raise _wrong(
                raw,
                "null is no value to calculate with",
                "null 不能参与计算",
                Text(
                    "write `column = null` in a condition, or -", "条件中可写 `列 = null`，或写 -"
                ),
            )
        column = self.scope.fact(raw.name, self.place.span(raw))
        if column is None:
            raise self.scope.unknown(raw.name).at(raw.offset, raw.width)
        if column.type is not want and not (want is Type.PERCENT and column.type is Type.INT):
            if want in _TEXTS and column.type in _TEXTS:
                return ColumnRef(raw.name, self.place.span(raw))
            raise self._mismatch(raw, column.type, want)
        return ColumnRef(raw.name, self.place.span(raw))

    def _mismatch(self, raw: Raw, is_: Type, want: Type) -> Problem:
        a, b = NAMES[is_], NAMES[want]
        return _wrong(
            raw,
            f"this is {a.en}, but {b.en} is needed here",
            f"此处是{a.zh}，但需要{b.zh}",
            Text("values of different types do not mix", "不同类型的值不能混用"),
        )

    def _call(self, raw: RawCall, want: Type) -> Formula:
        known: dict[str, Callable[[RawCall, Type], Formula]] = {
            "+": self._sum,
            "-": self._sum,
            "neg": self._sum,
            "min": self._sum,
            "max": self._sum,
            "*": self._product,
            "/": self._quotient,
            "days_between": self._days_between,
            "and": self._logic,
            "or": self._logic,
            "not": self._logic,
        }
        typer = known.get(raw.function)
        if typer is None and raw.function in ROUNDING:
            typer = self._rounding
        if typer is None and raw.function in COMPARISONS:
            typer = self._comparison
        if typer is None and raw.function in TEXT_TESTS:
            typer = self._text_test
        if typer is None:
            place = RawName(raw.function, raw.offset, len(raw.function))
            raise _wrong(
                place,
                f"unknown function {raw.function!r}",
                f"未知函数 {raw.function!r}",
                suggest(raw.function, FUNCTIONS),
                "R133",
            )
        return typer(raw, want)

    def _made(self, raw: RawCall, *arguments: Formula) -> Call:
        return Call(raw.function, arguments, self.place.span(raw))

    def _arity(self, raw: RawCall, least: int, most: int) -> None:
        if not least <= len(raw.arguments) <= most:
            wanted = str(least) if least == most else f"{least} or more"
            wanted_zh = str(least) if least == most else f"至少 {least}"
            raise _wrong(
                raw,
                f"{raw.function} has {len(raw.arguments)} arguments",
                f"{raw.function} 有 {len(raw.arguments)} 个参数",
                Text(f"it takes {wanted}", f"需要 {wanted_zh} 个"),
            )

    def _sum(self, raw: RawCall, want: Type) -> Formula:
        if raw.function in {"min", "max"}:
            self._arity(raw, 1, 50)
            allowed = ORDERED
        else:
            allowed = _ADDED
        if want not in allowed:
            name = NAMES[want]
            shown = "-" if raw.function == "neg" else raw.function
            raise _wrong(raw, f"{shown} does not give {name.en}", f"{shown} 的结果不是{name.zh}")
        return self._made(raw, *(self.typed(one, want) for one in raw.arguments))

    def _need_rounding(self, raw: RawCall) -> None:
        if not self.rounded:
            raise _wrong(
                raw,
                f"the result of {raw.function} is not rounded",
                f"{raw.function} 的结果未取整",
                Text(
                    "put it inside floor_to(…, unit), ceil_to or round_half_up",
                    "请放入 floor_to(…, 单位)、ceil_to 或 round_half_up",
                ),
                "R132",
            )

    def _product(self, raw: RawCall, want: Type) -> Formula:
        self._need_rounding(raw)
        left, right = raw.arguments
        if want is Type.MONEY:
            if self.infer(left) is Type.MONEY or self.infer(right) is not Type.MONEY:
                if self.infer(left) is Type.MONEY and self.infer(right) is Type.MONEY:
                    raise _wrong(raw, "two amounts cannot be multiplied", "两个金额不能相乘")
                if self.infer(left) in NUMBERS:
                    return self._made(raw, self._number(left), self.typed(right, want))
                return self._made(raw, self.typed(left, want), self._number(right))
            return self._made(raw, self._number(left), self.typed(right, want))
        self._need_number(raw, want)
        return self._made(raw, self._number(left, want), self._number(right, want))

    def _quotient(self, raw: RawCall, want: Type) -> Formula:
        self._need_rounding(raw)
        left, right = raw.arguments
        if want is Type.MONEY:
            if self.infer(right) is Type.MONEY:
                raise self._mismatch(raw, Type.PERCENT, want)
            return self._made(raw, self.typed(left, want), self._number(right))
        self._need_number(raw, want)
        if Type.MONEY in {self.infer(left), self.infer(right)}:
            return self._made(raw, self.typed(left, Type.MONEY), self.typed(right, Type.MONEY))
        return self._made(raw, self._number(left), self._number(right))

    def _need_number(self, raw: RawCall, want: Type) -> None:
        if want not in NUMBERS:
            name = NAMES[want]
            raise _wrong(
                raw,
                f"{raw.function} does not give {name.en}",
                f"{raw.function} 的结果不是{name.zh}",
            )

    def _number(self, raw: Raw, want: Type = Type.PERCENT) -> Formula:
        """Type `raw` as any number; parameters used so may be whole or percent."""
        if isinstance(raw, RawParam):
            return self._param(raw, want, soft=True)
        return self.typed(raw, want)

    def _rounding(self, raw: RawCall, want: Type) -> Formula:
        self._arity(raw, 2, 2)
        if want not in {Type.MONEY, Type.INT, Type.PERCENT}:
            raise self._mismatch(raw, Type.INT, want)
        value, unit = raw.arguments
        outside, self.rounded = self.rounded, True
        inner = Type.PERCENT if want is Type.INT else want
        typed_value = self.typed(value, inner)
        self.rounded = outside
        typed_unit = self.typed(unit, want)
        if isinstance(typed_unit, Literal) and _not_positive(typed_unit.value):
            raise _wrong(
                unit,
                "the unit is not above zero",
                "单位不大于零",
                Text("write what to round to, such as 0.01", "请写取整单位，如 0.01"),
                "R134",
            )
        return self._made(raw, typed_value, typed_unit)

    def _days_between(self, raw: RawCall, want: Type) -> Formula:
        self._arity(raw, 2, 2)
        if want not in NUMBERS:
            raise self._mismatch(raw, Type.INT, want)
        return self._made(raw, *(self.typed(one, Type.DATE) for one in raw.arguments))

    def _need_truth(self, raw: RawCall, want: Type) -> None:
        if want is not Type.BOOL:
            raise self._mismatch(raw, Type.BOOL, want)

    def _logic(self, raw: RawCall, want: Type) -> Formula:
        self._need_truth(raw, want)
        return self._made(raw, *(self.typed(one, Type.BOOL) for one in raw.arguments))

    def _comparison(self, raw: RawCall, want: Type) -> Formula:
        self._need_truth(raw, want)
        left, right = raw.arguments
        for one, other in ((left, right), (right, left)):
            if isinstance(other, RawName) and other.name == "null":
                return self._null_test(raw, one)
        kinds = [self.infer(left), self.infer(right)]
        type_ = join(kinds) or Type.INT
        if _TEXTS & set(kinds):
            type_ = Type.TEXT if Type.TEXT in kinds and Type.CODE not in kinds else Type.CODE
        if raw.function not in {"=", "!="} and type_ not in ORDERED:
            name = NAMES[type_]
            raise _wrong(raw, f"{name.en} has no order", f"{name.zh}没有大小之分")
        if type_ not in _TEXTS:
            return self._made(raw, self.typed(left, type_), self.typed(right, type_))
        return self._made(raw, self._code(left, right), self._code(right, left))

    def _code(self, raw: Raw, other: Raw) -> Formula:
        """Type one side of a text comparison; a bare word that is no column is a code."""
        listed = None
        if isinstance(other, RawName):
            column = self.scope.fact(other.name, self.place.span(other))
            listed = None if column is None else column.values
        if isinstance(raw, RawParam):
            span = self.place.span(raw)
            use = ParamUse(Type.CODE, listed, self.place.name, span, soft=False)
            try:
                self.scope.use_param(raw.name, use)
            except Problem as problem:
                raise problem.at(raw.offset, raw.width) from None
            return ParamRef(raw.name, span)
        if isinstance(raw, RawName) and self.scope.type_of(raw.name) is None:
            if isinstance(other, RawName) and self.scope.type_of(other.name) is not None:
                found = self._constant(raw, raw.name, Type.CODE)
                return self._listed(found, listed, raw, other.name)
            raise self.scope.unknown(raw.name).at(raw.offset, raw.width)
        typed = self.typed(raw, Type.CODE)
        if isinstance(typed, Literal) and isinstance(other, RawName):
            return self._listed(typed, listed, raw, other.name)
        return typed

    def _listed(self, found: Literal, listed: object, raw: Raw, name: str) -> Literal:
        if isinstance(found.value, str) and listed is not None:
            column = self.scope.facts[name]
            try:
                check_listed(found.value, column.values, name)
            except Problem as problem:
                raise problem.at(raw.offset, raw.width) from None
        return found

    def _null_test(self, raw: RawCall, one: Raw) -> Formula:
        if not isinstance(one, RawName) or raw.function not in {"=", "!="}:
            raise _wrong(
                raw,
                "only a column can be compared with null, by = or !=",
                "只有列可以用 = 或 != 与 null 比较",
            )
        column = self.scope.fact(one.name, self.place.span(one))
        if column is None:
            raise self.scope.unknown(one.name).at(one.offset, one.width)
        test = Call("is_null", (ColumnRef(one.name, self.place.span(one)),), self.place.span(raw))
        return test if raw.function == "=" else Call("not", (test,), self.place.span(raw))

    def _text_test(self, raw: RawCall, want: Type) -> Formula:
        self._need_truth(raw, want)
        self._arity(raw, 2, 2)
        subject, argument = raw.arguments
        if not isinstance(subject, RawName) or not isinstance(argument, RawText):
            raise _wrong(
                raw,
                f"{raw.function} takes a column and a quoted text",
                f"{raw.function} 需要一个列名和一个带引号的文本",
            )
        column = self._name(subject, Type.TEXT)
        try:
            value = text_argument(raw.function, argument.value)
        except Problem as problem:
            raise problem.at(argument.offset, argument.width) from None
        literal = Literal(value, argument.value, self.place.span(argument))
        return self._made(raw, column, literal)


def _not_positive(value: Value) -> bool:
    return isinstance(value, int | Decimal) and value <= 0
