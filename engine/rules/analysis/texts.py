"""Classes of texts that `starts` and `contains` tests cannot tell apart."""

from __future__ import annotations

from itertools import chain, combinations

from engine.rules.model import TextTest

MOST_CONTAINS = 4
"""Distinct `contains` arguments up to which every combination is made; beyond, they are opaque."""

_SEPARATORS = "·-_#0123456789xyzXYZ~^"


def text_classes(names: set[str], tests: list[TextTest]) -> tuple[list[str], bool]:
    """One sample text for each class, and whether `contains` tests are exact on them.

    A class is the longest prefix tested for, together with the tested parts it contains. Parts
    joined by a character that stands in none of them contain nothing new, so every class that can
    be is made exactly once; the class with no prefix and no part is left to OtherValue.
    """
    prefixes = {test.argument for test in tests if test.function == "starts"}
    parts = sorted({test.argument for test in tests if test.function == "contains"})
    separator = _separator(names | prefixes | set(parts))
    exact = len(parts) <= MOST_CONTAINS and separator is not None
    if not exact:
        parts = []
    joint = separator or "·"
    subsets = chain.from_iterable(combinations(parts, n) for n in range(len(parts) + 1))
    samples: dict[tuple[frozenset[str], frozenset[str]], str] = {}
    for subset in subsets:
        for prefix in ["", *sorted(prefixes)]:
            sample = joint.join([prefix, *subset]) if subset else prefix
            if sample in names:
                sample += joint
            signature = (
                frozenset(p for p in prefixes if sample.startswith(p)),
                frozenset(p for p in parts if p in sample),
            )
            if any(signature):
                samples.setdefault(signature, sample)
    return list(samples.values()), exact


def _separator(texts: set[str]) -> str | None:
    return next((c for c in _SEPARATORS if all(c not in text for text in texts)), None)
