"""Comparing two views of one day: pure, set at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from engine.base.money import format_major
from engine.runtime.jsontypes import JsonValue


@dataclass(frozen=True, slots=True)
class Sent:
    """A document of the day. `amount` in minor units; `taken` False when it was refused."""

    number: str
    direction: str
    currency: str
    amount: int
    taken: bool = True

    def __str__(self) -> str:
        state = "" if self.taken else " refused"
        return f"{self.direction} {self.currency} {format_major(self.amount, self.currency)}{state}"


@dataclass(frozen=True, slots=True)
class Difference:
    """A document or message the two views disagree about. `way`: sent | told."""

    way: str
    number: str
    code: str
    """MISSING_HERE, MISSING_THERE, CONTENT_DIFFERS, NOT_ACKNOWLEDGED"""
    ours: str
    theirs: str

    def to_json(self) -> dict[str, JsonValue]:
        """As it is stored."""
        return {
            "way": self.way,
            "number": self.number,
            "code": self.code,
            "ours": self.ours,
            "theirs": self.theirs,
        }


def compare_sent(ours: Mapping[str, Sent], theirs: Mapping[str, Sent]) -> list[Difference]:
    """By the source's document number; what they know to be refused and we have not is equal."""
    found = []
    for number in sorted(ours.keys() | theirs.keys()):
        here, there = ours.get(number), theirs.get(number)
        if here is None and there is not None and there.taken:
            found.append(Difference("sent", number, "MISSING_HERE", "", str(there)))
        elif there is None and here is not None:
            found.append(Difference("sent", number, "MISSING_THERE", str(here), ""))
        elif here is not None and there is not None and here != there:
            found.append(Difference("sent", number, "CONTENT_DIFFERS", str(here), str(there)))
    return found


def compare_told(
    acked: Mapping[str, str], waiting: Mapping[str, str], theirs: Collection[str]
) -> list[Difference]:
    """Messages by id -> what they say: acknowledged on the day, still waiting, and the ids the
    source received on the day."""
    found = [
        Difference("told", one, "MISSING_THERE", acked[one], "")
        for one in sorted(acked.keys() - set(theirs))
    ]
    for one in sorted(waiting):
        there = "received" if one in theirs else ""
        found.append(Difference("told", one, "NOT_ACKNOWLEDGED", waiting[one], there))
    known = acked.keys() | waiting.keys()
    found += [
        Difference("told", one, "MISSING_HERE", "", "received")
        for one in sorted(set(theirs) - known)
    ]
    return found


def totals(ours: Mapping[str, Sent], theirs: Mapping[str, Sent]) -> list[dict[str, JsonValue]]:
    """Count and sum of what was taken, per direction and currency, side by side."""
    counted: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for place, view in enumerate((ours, theirs)):
        for one in view.values():
            if one.taken:
                row = counted[one.direction, one.currency]
                row[place] += 1
                row[2 + place] += one.amount
    return [
        {
            "way": "sent",
            "direction": direction,
            "currency": currency,
            "ours": row[0],
            "theirs": row[1],
            "our_amount": format_major(row[2], currency),
            "their_amount": format_major(row[3], currency),
        }
        for (direction, currency), row in sorted(counted.items())
    ]
