"""Pairing statement lines with items of ours, a set at a time. Pure: no database, no clock."""

from engine.matching.kernel import match
from engine.matching.model import (
    Block,
    Candidate,
    Decide,
    Group,
    Item,
    Line,
    Matching,
    PairFacts,
    Suggestion,
    Verdict,
    reference_key,
    reference_tokens,
)

__all__ = [
    "Block",
    "Candidate",
    "Decide",
    "Group",
    "Item",
    "Line",
    "Matching",
    "PairFacts",
    "Suggestion",
    "Verdict",
    "match",
    "reference_key",
    "reference_tokens",
]
