"""The typed Arrow form of facts: what a column holds stands in its field's metadata.

money int64 minor units (decimal128(38, 0) where one does not fit), int int64, percent
decimal128(38, 18), code and text dictionary<int32, string>, bool bool, date date32, time
time32[s], duration int64 seconds; a missing fact is null. Columns without `sluice.type` hold
values as a user writes them.
"""

from __future__ import annotations

import pyarrow as pa

from engine.rules.model import Type

TYPE, CURRENCY = b"sluice.type", b"sluice.currency"
TEXTS = pa.dictionary(pa.int32(), pa.string())

ARROW: dict[Type, pa.DataType] = {
    Type.MONEY: pa.int64(),
    Type.INT: pa.int64(),
    Type.PERCENT: pa.decimal128(38, 18),
    Type.CODE: TEXTS,
    Type.TEXT: TEXTS,
    Type.BOOL: pa.bool_(),
    Type.DATE: pa.date32(),
    Type.TIME: pa.time32("s"),
    Type.DURATION: pa.int64(),
}


def fact_field(name: str, type_: Type, currency: str, arrow: pa.DataType | None = None) -> pa.Field:
    """The field of a typed column."""
    metadata = {TYPE: type_.value.encode()}
    if type_ is Type.MONEY:
        metadata[CURRENCY] = currency.encode()
    return pa.field(name, arrow or ARROW[type_], metadata=metadata)
