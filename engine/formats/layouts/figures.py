"""Figures over all details: counted while rows go by, said in header, trailer or footer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from engine.base.money import MoneyError, decimals, parse_units
from engine.formats.layouts.faults import FileFault
from engine.formats.layouts.model import MONEY, Aggregate, FieldDef, Layout, Type, Value

_COUNT = Aggregate("count")
_TOTAL = Aggregate("sum", "amount")
CAPTURED: Mapping[str, Aggregate] = {"count": _COUNT, "total": _TOTAL}
"""Names under which a pattern keeps a figure the file says of itself."""


class Figures:
    """Counts and sums of one file. Money in units of 10**-places (minor units by default)."""

    def __init__(self, layout: Layout, currency: str, places: int | None = None) -> None:
        self._layout = layout
        self._currency = currency
        self._places = decimals(currency) if places is None else places
        self.count = 0
        self._wanted = {one for one in layout.aggregates | {_TOTAL} if one.of is not None}
        self._sums: dict[Aggregate, int] = dict.fromkeys(self._wanted, 0)

    def add(self, columns: Mapping[str, Sequence[Value]], count: int) -> None:
        """Take `count` details into account."""
        self.count += count
        for one in self._wanted:
            values = columns.get(one.of or "", ())
            if one.function == "hash":
                self._sums[one] += sum(map(_number, values))
            else:
                self._sums[one] += sum(value for value in values if isinstance(value, int))

    def of(self, field: FieldDef) -> int:
        """The figure of a field of header or trailer, in its own unit."""
        aggregate = field.aggregate
        assert aggregate is not None
        return self._value(aggregate, field)

    def sums(self) -> dict[str, int]:
        """Sums by field."""
        return {one.of or "": value for one, value in self._sums.items() if one.function == "sum"}

    def _value(self, aggregate: Aggregate, field: FieldDef | None) -> int:
        if aggregate.function == "count":
            return self.count
        value = self._sums[aggregate]
        if aggregate.function == "hash":
            width = field.width if field is not None and field.width is not None else 18
            return int(value % 10 ** min(width, 18))
        return value

    def verify(
        self, said: Sequence[tuple[str, int, FieldDef, Value]], kept: Mapping[str, str]
    ) -> Iterator[FileFault]:
        """Faults COUNT, TOTAL and HASH: of fields (record, line, field, value), and of what
        patterns kept of the lines around the rows."""
        for record, line, field, value in said:
            assert field.aggregate is not None
            here = self.of(field)
            factor, summed = self._factor(field), self._factor(self._summed(field.aggregate))
            if not isinstance(value, int) or value * factor != here * summed:
                money = field.type in MONEY
                yield self._differs(
                    field.aggregate,
                    self._said(value, factor, money=money),
                    self._said(here, summed, money=money),
                    _unit(value, here),
                    record=record,
                    line=line,
                    field=field.name,
                )
        for name, text in kept.items():
            if name in CAPTURED:
                yield from self._captured(CAPTURED[name], text)

    def _captured(self, aggregate: Aggregate, text: str) -> Iterator[FileFault]:
        places = self._places if aggregate is _TOTAL else 0
        bare = "".join(one for one in text if one.isdecimal() or one in ".-")
        try:
            value: int | None = parse_units(bare, places, self._currency)
        except MoneyError:
            value = None
        here = self._value(aggregate, None) * self._factor(self._summed(aggregate))
        if value != here:
            money = aggregate is _TOTAL
            yield self._differs(
                aggregate, text, self._said(here, 1, money=money), _unit(value, here), record="file"
            )

    def _differs(
        self,
        aggregate: Aggregate,
        said: str,
        here: str,
        hint: tuple[str, str],
        *,
        record: str,
        line: int | None = None,
        field: str | None = None,
    ) -> FileFault:
        return FileFault.of(
            {"count": "COUNT", "sum": "TOTAL", "hash": "HASH"}[aggregate.function],
            f"says {said}, the details make {here}; {hint[0]}",
            f"声明为 {said}，明细实为 {here}；{hint[1]}",
            record=record,
            line=line,
            field=field,
        )

    def _summed(self, aggregate: Aggregate) -> FieldDef | None:
        return None if aggregate.of is None else self._layout.detail.field(aggregate.of)

    def _factor(self, field: FieldDef | None) -> int:
        """What makes units of 10**-places of a field's values."""
        if field is None or field.type is not Type.FEN:
            return 1
        return int(10 ** max(0, self._places - decimals(self._currency)))

    def _said(self, value: Value, factor: int, *, money: bool) -> str:
        if not isinstance(value, int):
            return "nothing" if value is None else str(value)
        if not money:
            return str(value)
        return f"{Decimal(value * factor).scaleb(-self._places):.{self._places}f}"


def _number(value: Value) -> int:
    text = str(value or 0)
    if not (text.isascii() and text.isdecimal()):
        text = "".join(one for one in text if "0" <= one <= "9")
    return int(text[-18:] or 0)


def _unit(said: Value, here: int) -> tuple[str, str]:
    """What a figure that does not fit most likely means."""
    if isinstance(said, int) and said and (here == said * 100 or said == here * 100):
        return (
            "they differ by a factor of 100: yuan and fen are mixed up in the layout or the file",
            "两者相差 100 倍：布局或文件混淆了元和分",
        )
    return (
        "rows are missing, doubled or changed, get it again",
        "明细缺失、重复或被更改，请重新获取",
    )
