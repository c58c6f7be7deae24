"""Arrow arrays to columns of facts, exactly and without a Python object per document."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.base.collector import Problem
from engine.base.text import Text
from engine.rules.columns.errors import ColumnRefused
from engine.rules.columns.facts import (
    EPOCH,
    LARGEST,
    Coded,
    FactColumn,
    Flags,
    Ints,
    Whole,
    distinction,
)
from engine.rules.kind import FactValue
from engine.rules.model import Type
from engine.rules.values import unreadable

_SHOWN = 3


def one_array(data: pa.ChunkedArray) -> pa.Array:
    """Return the chunks as one array."""
    if pa.types.is_dictionary(data.type):
        data = data.unify_dictionaries()
    elif pa.types.is_string(data.type) and data.nbytes >= 1 << 31:
        data = data.cast(pa.large_string())  # offsets of 32 bits would overflow
    found = data.combine_chunks()
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found


def nulls_of(array: pa.Array) -> Flags | None:
    """Return which values are null, or None when none is."""
    if not array.null_count:
        return None
    found: Flags = array.is_null().to_numpy(zero_copy_only=False)
    return found


def whole(type_: Type, array: pa.Array, origin: int = 0) -> Whole:
    """Return an array of integers (32 or 64 bits) as a column."""
    nulls = nulls_of(array)
    if nulls is None:
        return Whole(type_, array.to_numpy(), None, origin)
    return whole_with_nulls(type_, array.fill_null(0).to_numpy(), nulls, origin)


def whole_with_nulls(type_: Type, numbers: Ints, nulls: Flags | None, origin: int = 0) -> Whole:
    """Return numbers as a column; what stands at a null is replaced by some number of it."""
    if nulls is None or not nulls.any():
        return Whole(type_, numbers, None, origin)
    filler = 0 if nulls.all() else numbers[int(np.argmin(nulls))]
    return Whole(type_, np.where(nulls, filler, numbers), nulls, origin)


def dates(array: pa.Array) -> Whole:
    """Return a date32 array as a column. Raises ColumnRefused for years Python has not."""
    found = whole(Type.DATE, array.cast(pa.int32()), EPOCH)
    wrong = (found.numbers < 1 - EPOCH) | (found.numbers > 3_652_059 - EPOCH)
    if wrong.any():
        raise ColumnRefused(
            "HISTORY_VALUE",
            Text(
                "the date is outside the years 1 to 9999; correct it",
                "日期不在公元 1 至 9999 年之内；请更正",
            ),
            int(wrong.sum()),
        )
    return found


# --- decimals


def _halves(array: pa.Array) -> npt.NDArray[np.int64]:
    """Return a decimal128 array as [N, 2]: low and high 64 bits of the unscaled numbers."""
    raw = np.frombuffer(array.buffers()[1], np.int64)
    return raw[2 * array.offset : 2 * (array.offset + len(array))].reshape(-1, 2)


def unscaled(type_: Type, array: pa.Array, more: Sequence[tuple[int, int | None]]) -> FactColumn:
    """Return the unscaled numbers of a decimal128 array as a column, exact at any size.

    `more` are values (and nulls) by place that stand in for the array's own.
    """
    halves = _halves(array) if len(array) else np.zeros((0, 2), np.int64)
    nulls = nulls_of(array)
    low, high = halves[:, 0], halves[:, 1]
    fits = high == low >> 63
    if nulls is not None:
        fits |= nulls
    if bool(fits.all()) and all(abs(value or 0) <= LARGEST for _, value in more):
        numbers = low.copy()
        absent = np.zeros(len(array), np.bool_) if nulls is None else nulls.copy()
        for at, value in more:
            numbers[at], absent[at] = value or 0, value is None
        return whole_with_nulls(type_, numbers, absent)
    return _coded_numbers(array, dict(more))


def _coded_numbers(array: pa.Array, more: dict[int, int | None]) -> Coded:
    found = array.dictionary_encode()
    pairs = _halves(found.dictionary).tolist()
    values: list[FactValue] = [(high << 64) | (low & (1 << 64) - 1) for low, high in pairs]
    indices = found.indices.fill_null(len(values)).to_numpy().astype(np.int32)
    values.append(None)
    known = {value: code for code, value in enumerate(values)}
    for at, value in more.items():
        code = known.setdefault(value, len(values))
        if code == len(values):
            values.append(value)
        indices[at] = code
    return Coded(indices, tuple(values))


# --- values that are read one by one, each distinct one once


def by_value(
    array: pa.Array, read: Callable[[object], FactValue], type_: Type
) -> tuple[Ints, list[FactValue]]:
    """Read the distinct values of an array: codes [N] and values, null among them.

    Raises ColumnRefused with the number of documents whose value cannot be read.
    """
    encoded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
    codes: list[int] = []
    values: list[FactValue] = []
    known: dict[object, int] = {}
    failed: list[tuple[int, Problem]] = []
    given = encoded.dictionary.to_pylist()
    for at, one in enumerate([*given, None] if encoded.indices.null_count else given):
        value: FactValue = None
        try:
            value = None if one is None else read(one)
        except Problem as found:
            failed.append((at, found))
        code = known.setdefault(distinction(value), len(values))
        if code == len(values):
            values.append(value)
        codes.append(code)
    indices = encoded.indices
    if indices.null_count:
        indices = indices.cast(pa.int64()).fill_null(len(given))
    places = indices.to_numpy()
    if failed:
        _refuse(failed, places, type_)
    if codes == list(range(len(values))):
        return places, values
    return np.array(codes, np.int32).take(places), values


def _refuse(failed: list[tuple[int, Problem]], indices: Ints, type_: Type) -> None:
    counts = np.bincount(indices, minlength=max(at for at, _ in failed) + 1)
    occurring = [(at, one) for at, one in failed if counts[at]]
    if not occurring:
        return
    # Problems of one kind have one remedy: the first of each kind is shown.
    shown = {one.remedy or one.text: one for _, one in reversed(occurring)}
    chosen = list(reversed(shown.values()))[:_SHOWN]
    count = int(sum(counts[at] for at, _ in occurring))
    default = unreadable("", type_).remedy or Text("", "")
    remedies = [one.remedy or default for one in chosen]
    raise ColumnRefused(
        "HISTORY_VALUE",
        Text(
            "; ".join(f"{a.text.en}; {b.en}" for a, b in zip(chosen, remedies, strict=True)),
            "；".join(f"{a.text.zh}；{b.zh}" for a, b in zip(chosen, remedies, strict=True)),
        ),
        count,
    )
