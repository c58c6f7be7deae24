"""Documents as Arrow tables: the typed form of recorded history, and what users write."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal

import pyarrow as pa

from engine.rules import FactValue
from engine.rules.columns import CURRENCY_KEY, TYPE_KEY
from engine.rules.model import Duration, Ruleset, Type
from engine.rules.values import value_text

Documents = Sequence[Mapping[str, FactValue]]

_STORED: Mapping[Type, pa.DataType] = {
    Type.INT: pa.int64(),
    Type.PERCENT: pa.decimal128(38, 30),
    Type.CODE: pa.dictionary(pa.int32(), pa.string()),
    Type.TEXT: pa.dictionary(pa.int32(), pa.string()),
    Type.BOOL: pa.bool_(),
    Type.DATE: pa.date32(),
    Type.TIME: pa.time32("s"),
    Type.DURATION: pa.int64(),
}


def typed(ruleset: Ruleset, documents: Documents) -> pa.Table:
    """The documents as recorded history has them."""
    fields, arrays = [], []
    for name, column in ruleset.facts.items():
        values = [_stored(one.get(name)) for one in documents]
        type_ = _STORED.get(column.type) or _money(values)
        metadata = {TYPE_KEY: column.type.value.encode(), CURRENCY_KEY: ruleset.currency.encode()}
        fields.append(pa.field(name, type_, metadata=metadata))
        arrays.append(pa.array(values, type_))
    # A column without documents would lose their number.
    fields.append(pa.field("document", pa.string()))
    arrays.append(pa.array([f"D{at}" for at in range(len(documents))]))
    return pa.table(arrays, schema=pa.schema(fields))


def written(ruleset: Ruleset, documents: Documents) -> pa.Table:
    """The documents as texts, as a user's CSV file has them."""
    columns: dict[str, pa.Array] = {
        name: pa.array(
            [
                None if one.get(name) is None else _text(one[name], column.type, ruleset.currency)
                for one in documents
            ],
            pa.string(),
        )
        for name, column in ruleset.facts.items()
    }
    return pa.table(columns | {"document": pa.array(range(len(documents)))})


def _stored(value: FactValue) -> object:
    return value.seconds if isinstance(value, Duration) else value


def _money(values: Sequence[object]) -> pa.DataType:
    fits = all(value is None or abs(int(str(value))) < 2**63 for value in values)
    return pa.int64() if fits else pa.decimal128(38, 0)


def _text(value: FactValue, type_: Type, currency: str) -> str:
    if value is None or isinstance(value, Decimal | dt.time):
        return str(value)
    return value_text(value, type_, currency)
