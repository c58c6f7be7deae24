"""What matching compares: items of ours, statement lines, the facts of a pair, the groups found.

Amounts are minor units, always positive; `direction` is ours (pay or collect): a debit line of
the statement is `pay`, a credit line `collect`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, field

_TOKEN = re.compile(r"[A-Z0-9-]+")


def reference_key(text: str | None) -> str | None:
    """A reference as it is compared: upper case, no blanks around; None when empty."""
    return (text or "").strip().upper() or None


def reference_tokens(text: str | None) -> frozenset[str]:
    """The whole words of `text` that could be references of ours.

    Words, not substrings: the reference P-1 must never be found inside P-12.
    """
    return frozenset(token.strip("-") for token in _TOKEN.findall((text or "").upper()))


@dataclass(frozen=True, slots=True)
class Block:
    """Pairs are formed only inside one block."""

    account: int
    currency: str
    direction: str


@dataclass(frozen=True, slots=True)
class Item:
    """Something of ours that should appear on a statement.

    `members` are the ids of the single items this one stands for (the total of a payment batch,
    two or more); empty for a single item. `references` make a pair `equal` when the line carries
    one of them as its reference; `mentions` make it `contained` when the line's text does.
    """

    id: int
    kind: str
    block: Block
    amount: int
    date: dt.date
    references: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    counterparty_account: str | None = None
    counterparty_name: str | None = None
    members: tuple[int, ...] = ()
    exact_only: bool = False
    """Only a line with one of `references` can be it: the bank has not said yet it was done."""

    @property
    def claims(self) -> tuple[int, ...]:
        """Ids of the single items that are gone once this one is matched."""
        return self.members or (self.id,)

    @property
    def cardinality(self) -> str:
        """The only cardinality this item can have."""
        return "batch_total" if self.members else "one_to_one"


@dataclass(frozen=True, slots=True)
class Line:
    """A statement line that has no match yet."""

    id: int
    block: Block
    amount: int
    date: dt.date
    references: tuple[str, ...] = ()
    text: str | None = None
    counterparty_account: str | None = None
    counterparty_name: str | None = None


@dataclass(frozen=True, slots=True)
class PairFacts:
    """What the matching ruleset is asked about one item beside one line."""

    item: str
    direction: str
    currency: str
    reference: str
    """equal | contained | none"""
    amount_gap: int
    days_apart: int
    same_account: bool
    same_name: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """The ruleset's answer about a pair. `rank` is the row's place in the table, 0 = strictest."""

    outcome: str
    """auto | propose | unmatched"""
    cardinality: str | None
    row: str | None
    rank: int


Decide = Callable[[PairFacts], Verdict]


@dataclass(frozen=True, slots=True)
class Group:
    """Items and one line that belong together; the row and the facts say why."""

    item_id: int
    claims: tuple[int, ...]
    line_id: int
    row: str | None
    facts: PairFacts
    interchangeable: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """An item a person may choose for a line."""

    item_id: int
    claims: tuple[int, ...]
    row: str | None
    facts: PairFacts


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A line left to a person: proposed by the rule, or `ambiguous` (several are equally good)."""

    line_id: int
    reason: str
    """ambiguous | propose"""
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Matching:
    """All groups and suggestions of one run, in order of line id."""

    groups: tuple[Group, ...] = field(default=())
    suggestions: tuple[Suggestion, ...] = field(default=())
