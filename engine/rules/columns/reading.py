"""An Arrow table to columns of facts: our own typed history, or anybody's table.

A field with the metadata `sluice.type` is typed: money is int64 minor units (decimal128(38, 0)
beyond), percent decimal128, code and text a dictionary of strings, duration int64 seconds. A
field without it is read as facts are at the border (engine.rules.columns.foreign).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa

from engine.base.text import Text
from engine.rules.columns import arrays
from engine.rules.columns.errors import ColumnRefused, HistoryProblem, HistoryRefused, problem
from engine.rules.columns.facts import Coded, FactColumn, FactColumns
from engine.rules.columns.foreign import read_foreign
from engine.rules.kind import FactValue
from engine.rules.model import Column, Ruleset, Type

TYPE_KEY = b"sluice.type"
CURRENCY_KEY = b"sluice.currency"


def read_facts(table: pa.Table, ruleset: Ruleset) -> FactColumns:
    """Return the facts `ruleset` reads from `table`; other columns are left out.

    Raises HistoryRefused with every problem of every column. A null in a column is no problem
    here: deciding refuses the documents that need the fact.
    """
    problems: list[HistoryProblem] = []
    found: dict[str, FactColumn] = {}
    for name, column in ruleset.facts.items():
        try:
            data = _column(table, column)
            if data is not None:
                found[name] = _read(column, *data, ruleset.currency)
        except ColumnRefused as refused:
            problems.append(problem(name, refused, table.num_rows))
    if problems:
        raise HistoryRefused(problems)
    return FactColumns(table.num_rows, found)


def _column(table: pa.Table, column: Column) -> tuple[pa.Field, pa.Array] | None:
    places = table.schema.get_all_field_indices(column.name)
    if len(places) > 1:
        raise ColumnRefused(
            "HISTORY_COLUMN_TWICE",
            Text("the table has this column twice; keep one", "表中有两个同名列；请只保留一个"),
        )
    if places:
        return table.schema.field(places[0]), arrays.one_array(table.column(places[0]))
    if column.nullable:
        return None
    label = column.label
    if column.derived:
        remedy = Text(
            "it is counted over earlier matters (derive), so take the table from recorded history "
            "or add the column",
            "该列按以往事项统计（derive）；请使用已记录的历史，或补充此列",
        )
    else:
        remedy = Text(
            "add it, or give this word `nullable: true`", "请补充，或将该词设为 nullable: true"
        )
    raise ColumnRefused(
        "HISTORY_COLUMN_MISSING",
        Text(
            f"the table has no such column, and the ruleset needs it ({label.en}); {remedy.en}",
            f"表中没有此列，而规则集需要它（{label.zh}）；{remedy.zh}",
        ),
    )


def _read(column: Column, field: pa.Field, array: pa.Array, currency: str) -> FactColumn:
    if pa.types.is_null(field.type):
        return Coded(np.zeros(len(array), np.int8), (None,))
    declared = (field.metadata or {}).get(TYPE_KEY)
    if declared is None:
        return read_foreign(column, array, currency)
    if declared.decode() != column.type.value:
        raise ColumnRefused(
            "HISTORY_TYPE",
            Text(
                f"the column was recorded as {declared.decode()}, but {column.name} is "
                f"{column.type.value} now; rename the column or give its values as text",
                f"该列记录时的类型为 {declared.decode()}，而 {column.name} 现为 "
                f"{column.type.value}；请改列名，或以文本给出其值",
            ),
        )
    _same_currency(column, field, currency)
    reader = _TYPED[column.type]
    try:
        return reader(column.type, array)
    except pa.ArrowInvalid:
        raise _other_storage(column, field) from None


def _same_currency(column: Column, field: pa.Field, currency: str) -> None:
    recorded = field.metadata.get(CURRENCY_KEY)
    if column.type is Type.MONEY and recorded is not None and recorded.decode() != currency:
        raise ColumnRefused(
            "HISTORY_CURRENCY",
            Text(
                f"the amounts are in {recorded.decode()}, but the ruleset's are in {currency}; "
                f"convert them to {currency}",
                f"金额为 {recorded.decode()}，而规则集以 {currency} 计；请折算为 {currency}",
            ),
        )


def _other_storage(column: Column, field: pa.Field) -> ColumnRefused:
    return ColumnRefused(
        "HISTORY_TYPE",
        Text(
            f"a {column.type.value} column of recorded history is not stored as {field.type}; "
            "leave out the field's sluice metadata, and its values are read as a user's",
            f"历史记录中的 {column.type.value} 列不能以 {field.type} 存储；"
            "请去掉该字段的 sluice 元数据，按用户数据读取其值",
        ),
    )


# --- the typed form


def _numbers(type_: Type, array: pa.Array) -> FactColumn:
    if pa.types.is_decimal128(array.type) and array.type.scale == 0:
        return arrays.unscaled(type_, array, ())
    _stored(pa.types.is_int64(array.type) or pa.types.is_int32(array.type))
    return arrays.whole(type_, array)


def _dates(_type: Type, array: pa.Array) -> FactColumn:
    _stored(pa.types.is_date32(array.type))
    return arrays.dates(array)


def _values(fits: Callable[[pa.DataType], bool]) -> Callable[[Type, pa.Array], FactColumn]:
    def read(type_: Type, array: pa.Array) -> FactColumn:
        dictionary = pa.types.is_dictionary(array.type)
        _stored(fits(array.type.value_type if dictionary else array.type))
        codes, values = arrays.by_value(array, _as_it_is, type_)
        return Coded(codes, tuple(values))

    return read


def _as_it_is(value: object) -> FactValue:
    return value  # type: ignore[return-value]  # what Arrow gives for the types stored


def _stored(fits: bool) -> None:
    if not fits:
        raise pa.ArrowInvalid("another storage type")


def _texts(type_: pa.DataType) -> bool:
    return bool(pa.types.is_string(type_) or pa.types.is_large_string(type_))


_TYPED: Mapping[Type, Callable[[Type, pa.Array], FactColumn]] = {
    Type.MONEY: _numbers,
    Type.INT: _numbers,
    Type.DURATION: _numbers,
    Type.DATE: _dates,
    Type.PERCENT: _values(pa.types.is_decimal),
    Type.CODE: _values(_texts),
    Type.TEXT: _values(_texts),
    Type.BOOL: _values(pa.types.is_boolean),
    Type.TIME: _values(pa.types.is_time),
}
