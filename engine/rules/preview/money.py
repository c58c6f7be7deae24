"""Sums of money over many documents, exact at any size."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Amounts = npt.NDArray[np.int64] | npt.NDArray[np.object_]
"""Minor units per document: int64, or Python ints where one does not fit."""

Codes = npt.NDArray[np.int64]

_SAFE = 2**62


def sums(codes: Codes, amounts: Amounts, size: int) -> list[int]:
    """The sum of `amounts` per code (0 .. size-1); never wraps around."""
    if amounts.dtype != np.int64:
        return _added(codes, amounts, np.zeros(size, dtype=object))
    most = max(abs(int(amounts.max(initial=0))), abs(int(amounts.min(initial=0))))
    if most * max(len(amounts), 1) < _SAFE:
        return _added(codes, amounts, np.zeros(size, dtype=np.int64))
    high = _added(codes, amounts >> 32, np.zeros(size, dtype=np.int64))
    low = _added(codes, amounts & 0xFFFFFFFF, np.zeros(size, dtype=np.int64))
    return [(one << 32) + other for one, other in zip(high, low, strict=True)]


def _added(codes: Codes, amounts: Amounts, into: Amounts) -> list[int]:
    np.add.at(into, codes, amounts)
    return [int(one) for one in into]


def largest_per_code(codes: Codes, amounts: Amounts, size: int) -> npt.NDArray[np.int64]:
    """Per code the first document with the largest amount; -1 for codes no document has."""
    best = np.full(size, -1, dtype=np.int64)
    if len(codes) == 0:
        return best
    most = np.full(size, amounts.min(), dtype=amounts.dtype)
    np.maximum.at(most, codes, amounts)
    at = np.flatnonzero(amounts == most[codes])[::-1]
    best[codes[at]] = at  # of equal indices the last written stays: the first document
    return best


def largest(at: npt.NDArray[np.int64], amounts: Amounts, count: int) -> npt.NDArray[np.int64]:
    """The `count` documents of `at` with the largest amounts, largest first, then in file order."""
    own = amounts[at]
    if len(at) > count > 0:
        least = np.partition(own, len(own) - count)[len(own) - count]
        kept = own >= least
        at, own = at[kept], own[kept]
    return at[np.argsort(-own, kind="stable")][:count]
