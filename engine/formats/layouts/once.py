"""Whether a value stands twice in a file, in little memory however long the file is."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator

_BUCKETS = 64


class Once:
    """Remembers 64-bit hashes of texts by row. Two different texts with one hash are one in 2**64:
    of a million rows, one file in 37 million would be refused wrongly."""

    def __init__(self) -> None:
        self._hashes = [array("q") for _ in range(_BUCKETS)]
        self._rows = [array("q") for _ in range(_BUCKETS)]

    def add(self, texts: Iterable[object], rows: Iterable[int]) -> None:
        """Remember `texts`, of these `rows`; None is nothing and stands as often as it likes."""
        hashes, numbers = self._hashes, self._rows
        texts = list(texts)
        if None in texts:
            kept = [(one, row) for one, row in zip(texts, rows, strict=False) if one is not None]
            texts, rows = [one for one, _ in kept], [row for _, row in kept]
        for one, row in zip(map(hash, texts), rows, strict=False):
            bucket = one & (_BUCKETS - 1)
            hashes[bucket].append(one)
            numbers[bucket].append(row)

    def twice(self) -> Iterator[tuple[int, int]]:
        """(earlier row, later row) of texts that stand twice."""
        for hashes, rows in zip(self._hashes, self._rows, strict=True):
            if len(set(hashes)) == len(hashes):
                continue
            first: dict[int, int] = {}
            for one, row in zip(hashes, rows, strict=True):
                if one in first:
                    yield first[one], row
                else:
                    first[one] = row
