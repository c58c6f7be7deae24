"""Users' columns: values as facts are written at the border, amounts in major units.

The rules are those of `facts_from_json`: decimal text or exact numbers, never floats; dates as
dates or ISO text; texts normalised (NFKC, trimmed, empty is null).
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.base.text import Text, normalise
from engine.rules.columns import arrays
from engine.rules.columns.errors import ColumnRefused
from engine.rules.columns.facts import EPOCH, LARGEST, Coded, FactColumn, Ints, Whole
from engine.rules.kind import FactValue
from engine.rules.model import Column, Type
from engine.rules.values import NAMES, decimal_text, places, read_value, unreadable

_DIGITS = 36
"""Most digits before the point of an amount that Arrow's decimals parse; others are read here."""


def read_foreign(column: Column, array: pa.Array, currency: str) -> FactColumn:
    """Return a user's array as facts of `column`. Raises ColumnRefused."""
    type_ = array.type.value_type if pa.types.is_dictionary(array.type) else array.type
    if pa.types.is_floating(type_):
        raise _floats(column)
    if column.type in {Type.MONEY, Type.INT}:
        return _Numbers(column, currency).read(_decoded(array))
    if column.type is Type.DATE and pa.types.is_date(type_):
        return arrays.dates(_decoded(array).cast(pa.date32()))
    if not _is_text(type_) and not _suits(column.type, type_):
        raise _wrong_type(column, type_)
    codes, values = arrays.by_value(array, _Reader(column.type, currency), column.type)
    if column.type is not Type.DATE:
        return Coded(codes, tuple(values))
    ordinals = [one.toordinal() - EPOCH if isinstance(one, dt.date) else 0 for one in values]
    nulls = np.array([one is None for one in values], np.bool_)[codes]
    return arrays.whole_with_nulls(Type.DATE, np.array(ordinals, np.int32)[codes], nulls, EPOCH)


def _decoded(array: pa.Array) -> pa.Array:
    return array.dictionary_decode() if pa.types.is_dictionary(array.type) else array


def _is_text(type_: pa.DataType) -> bool:
    types = pa.types
    return bool(
        types.is_string(type_) or types.is_large_string(type_) or types.is_string_view(type_)
    )


def _suits(type_: Type, arrow: pa.DataType) -> bool:
    types = pa.types
    if type_ is Type.PERCENT:
        return bool(types.is_decimal(arrow) or types.is_integer(arrow))
    if type_ is Type.BOOL:
        return bool(types.is_boolean(arrow))
    return type_ is Type.TIME and bool(types.is_time(arrow))


def _floats(column: Column) -> ColumnRefused:
    example = "49999.99" if column.type is Type.MONEY else "0.05"
    return ColumnRefused(
        "HISTORY_FLOAT",
        Text(
            "the column holds floating-point numbers, which are not exact; write it as text like "
            f'"{example}" or as decimals',
            f'该列为浮点数，不精确；请写成文本（如 "{example}"）或定点小数',
        ),
    )


def _wrong_type(column: Column, type_: pa.DataType) -> ColumnRefused:
    name = NAMES[column.type]
    return ColumnRefused(
        "HISTORY_TYPE",
        Text(
            f"the column holds {type_}, but it must be {name.en}; write its values as text",
            f"该列类型为 {type_}，但应为{name.zh}；请以文本书写其值",
        ),
    )


class _Reader:
    """Reads one distinct value as a fact. Raises Problem."""

    def __init__(self, type_: Type, currency: str) -> None:
        self._type = type_
        self._currency = currency

    def __call__(self, given: object) -> FactValue:
        if isinstance(given, bool) and self._type is Type.BOOL:
            return given
        if isinstance(given, dt.time) and self._type is Type.TIME:
            return given
        text = decimal_text(given) if isinstance(given, Decimal) else str(given)
        normal = normalise(text)
        if normal is None:
            return None
        found = read_value(normal, self._type, self._currency)
        if isinstance(found, tuple):
            raise unreadable(normal, self._type)
        return found


class _Numbers:
    """Amounts and whole numbers: what Arrow can parse exactly, it parses; the rest is read here."""

    def __init__(self, column: Column, currency: str) -> None:
        self._column = column
        self._decimals = places(currency) if column.type is Type.MONEY else 0
        self._reader = _Reader(column.type, currency)

    def read(self, array: pa.Array) -> FactColumn:
        """Return the column in minor units. Raises ColumnRefused."""
        if _is_text(array.type):
            return self._texts(
                array.cast(pa.string()) if pa.types.is_string_view(array.type) else array
            )
        if pa.types.is_integer(array.type):
            return self._integers(array)
        if pa.types.is_decimal(array.type):
            return self._exact(array)
        raise _wrong_type(self._column, array.type)

    def _texts(self, array: pa.Array) -> FactColumn:
        fraction = rf"(\.[0-9]{{1,{self._decimals}}})?" if self._decimals else ""
        plain = rf"^-?(0|[1-9][0-9]{{0,{_DIGITS - self._decimals - 1}}}){fraction}$"
        known = pc.match_substring_regex(array, plain)
        decimals = pa.decimal128(38, self._decimals)
        if not array.null_count and pc.all(known).as_py() is not False:
            return arrays.unscaled(self._column.type, array.cast(decimals), ())
        known = known.fill_null(True)
        parsed = pc.if_else(known, array, pa.scalar(None, array.type)).cast(decimals)
        others = np.flatnonzero(~known.to_numpy(zero_copy_only=False))
        return self._with_others(parsed, array, others)

    def _with_others(self, parsed: pa.Array, array: pa.Array, others: Ints) -> FactColumn:
        if not len(others):
            return arrays.unscaled(self._column.type, parsed, ())
        codes, values = arrays.by_value(
            array.take(pa.array(others)), self._reader, self._column.type
        )
        read = [value if isinstance(value, int) else None for value in values]
        more = [(at, read[code]) for at, code in zip(others.tolist(), codes.tolist(), strict=True)]
        return arrays.unscaled(self._column.type, parsed, more)

    def _integers(self, array: pa.Array) -> FactColumn:
        scale = 10**self._decimals
        ends = pc.min_max(array).as_py()
        low, high = ends["min"] or 0, ends["max"] or 0
        if low * scale >= -LARGEST and high * scale <= LARGEST:
            whole = arrays.whole(self._column.type, array.cast(pa.int64()))
            if scale == 1:
                return whole
            return Whole(self._column.type, whole.numbers * scale, whole.nulls)
        return self._exact(array)

    def _exact(self, array: pa.Array) -> FactColumn:
        empty = pa.nulls(len(array), pa.decimal128(38, self._decimals))
        try:
            return arrays.unscaled(self._column.type, array.cast(empty.type), ())
        except pa.ArrowInvalid:
            # Too large for Arrow, or with decimals the currency has not: read one by one.
            valid = np.flatnonzero(array.is_valid().to_numpy(zero_copy_only=False))
            return self._with_others(empty, array, valid)
