"""What is kept up to a number."""

from __future__ import annotations

from functools import partial

from engine.base.bounded import Bounded


def test_what_was_asked_for_longest_ago_makes_room() -> None:
    made: list[str] = []
    kept: Bounded[str, str] = Bounded(2)

    def make(key: str) -> str:
        made.append(key)
        return key.upper()

    for key in ("a", "b", "a", "c", "a", "b"):
        assert kept.get(key, partial(make, key)) == key.upper()
    assert made == ["a", "b", "c", "b"]
    assert len(kept) == 2
