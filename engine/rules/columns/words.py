"""Masks as 64-bit words, and what is counted and told apart in arrays of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.rules.columns.facts import Ints

Words = npt.NDArray[np.uint64]

_ONE = np.uint64(1)
_GATHER, _TOP = np.uint64(0x0102040810204080), np.uint64(56)
"""Multiplying by the first brings the lowest bits of eight bytes together in the top byte."""
_LEAF = 48
"""Rows of words that are counted bit by bit; more of them are added up first."""


def words_of(masks: Sequence[int], width: int) -> Words:
    """Return masks as words [masks, width]; bit i of a mask is bit i % 64 of word i // 64."""
    data = b"".join(mask.to_bytes(width * 8, "little") for mask in masks)
    return np.frombuffer(data, "<u8").reshape(len(masks), width)


def mask_of(words: Words) -> int:
    """Return the words [width] of one mask as an int."""
    return int.from_bytes(np.ascontiguousarray(words, "<u8").tobytes(), "little")


def lowest_bits(words: Words) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Return per row of words [n, width] its lowest bit (-1 for none) and whether it has more.

    int64 [n], bool [n].
    """
    if words.shape[1] == 1:
        word, at, more = words[:, 0], None, None
    else:
        # Which words have bits, as bits themselves: the first such word is their lowest bit.
        at, more = lowest_bits(_nonzero(words))
        word = words.reshape(-1).take(at + np.arange(0, words.size, words.shape[1]), mode="clip")
    less = word - _ONE
    # The bits below the lowest one: all of `less` that `word` has not.
    lowest = np.bitwise_count(~word & less).astype(np.int64)
    twice = (word & less) != 0
    if at is not None and more is not None:
        lowest += at << 6
        twice |= more
    lowest[(word == 0) if at is None else (at < 0)] = -1
    return lowest, twice


def _nonzero(words: Words) -> Words:
    """Return which words [n, m] are not zero as the bits of words [n, ceil(m / 64)]."""
    rows, width = words.shape
    octets = -(-width // 8)
    flags = np.zeros((rows, octets * 8), np.bool_)
    np.not_equal(words, 0, out=flags[:, :width])
    found = np.zeros((rows, -(-width // 64)), np.uint64)
    found.view(np.uint8)[:, :octets] = (flags.view(np.uint64) * _GATHER) >> _TOP
    return found


def count_bits(words: Words) -> npt.NDArray[np.int64]:
    """Return how many of the rows of words [n, width] have each bit set: int64 [width * 64].

    Three rows of one weight become a sum of that weight and a carry of twice the weight.
    """
    total = np.zeros(words.shape[1] * 64, np.int64)
    weight = 1
    while len(words):
        carries: list[Words] = []
        while len(words) > _LEAF:
            third = len(words) // 3
            a, b, c = words[:third], words[third : 2 * third], words[2 * third : 3 * third]
            rest = words[3 * third :]
            half = a ^ b
            carries.append((a & b) | (half & c))
            words = np.concatenate([half ^ c, rest]) if len(rest) else half ^ c
        spread = np.unpackbits(words.view(np.uint8), axis=1, bitorder="little")
        total += spread.sum(axis=0, dtype=np.int64) * weight
        words = np.concatenate(carries) if carries else words[:0]
        weight *= 2
    return total


def tell_apart(parts: Iterable[npt.NDArray[np.generic]], rows: int) -> tuple[Ints, Ints]:
    """Tell the distinct tuples of some arrays [rows] apart, exactly.

    Return (codes [rows], one row of each code). Codes count up in order of first occurrence.
    """
    codes = np.zeros(rows, np.int64)
    count = 1
    for part in parts:
        found = pa.array(part).dictionary_encode()
        inner = found.indices.to_numpy().astype(np.int64)
        if count > 1:
            inner += codes * len(found.dictionary)
            found = pa.array(inner).dictionary_encode()
            inner = found.indices.to_numpy().astype(np.int64)
        codes, count = inner, len(found.dictionary)
    firsts = np.zeros(count if rows else 0, np.int64)
    firsts[codes[::-1]] = np.arange(rows - 1, -1, -1)
    return codes, firsts


def together(codes: Ints) -> list[Ints]:
    """Return per code, from 0 up, the rows that have it, ascending. Codes [rows] skip none."""
    order = np.argsort(codes, kind="stable")
    return np.split(order, np.cumsum(np.bincount(codes))[:-1])
