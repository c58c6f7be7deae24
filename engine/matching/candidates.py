"""Which pairs are worth asking about, most selective joins first.

A pair is a candidate when both sides share a reference, or the counterparty's account and (within
tolerance) the amount, or at least the amount. Everything else the rules would have to accept
blindly, so it is never asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence

from engine.matching.model import (
    Decide,
    Item,
    Line,
    PairFacts,
    Verdict,
    reference_key,
    reference_tokens,
)

NEVER = 1 << 30
"""A rank behind every row."""


def facts_of(item: Item, line: Line, reference: str) -> PairFacts:
    """The facts of one pair."""
    return PairFacts(
        item=item.kind,
        direction=line.block.direction,
        currency=line.block.currency,
        reference=reference,
        amount_gap=abs(item.amount - line.amount),
        days_apart=abs((item.date - line.date).days),
        same_account=(
            item.counterparty_account is not None
            and item.counterparty_account == line.counterparty_account
        ),
        same_name=(
            item.counterparty_name is not None and item.counterparty_name == line.counterparty_name
        ),
    )


class Judge:
    """Asks the ruleset once per distinct facts and keeps the answers that can become a match."""

    def __init__(self, decide: Decide) -> None:
        self._decide = decide
        self._known: dict[PairFacts, Verdict] = {}

    def __call__(self, facts: PairFacts) -> Verdict:
        """The verdict for `facts`."""
        found = self._known.get(facts)
        if found is None:
            found = self._known[facts] = self._decide(facts)
        return found

    def accepts(self, item: Item, facts: PairFacts) -> Verdict | None:
        """The verdict when it can lead to a match of `item`, else None."""
        if item.exact_only and facts.reference != "equal":
            return None
        verdict = self(facts)
        if verdict.outcome == "unmatched" or verdict.cardinality not in (None, item.cardinality):
            return None
        return verdict


def by_reference(items: Sequence[Item], lines: Sequence[Line]) -> Iterator[tuple[Item, Line, str]]:
    """Pairs that share a reference: (item, line, "equal" or "contained"), each once."""
    equal: dict[tuple[Hashable, str], list[Item]] = defaultdict(list)
    mentioned: dict[tuple[Hashable, str], list[Item]] = defaultdict(list)
    for item in items:
        for key in _keys(item.references):
            equal[item.block, key].append(item)
        for key in _keys((*item.references, *item.mentions)):
            mentioned[item.block, key].append(item)
    for line in lines:
        seen: set[int] = set()
        for key in _keys(line.references):
            for item in equal.get((line.block, key), ()):
                if item.id not in seen:
                    seen.add(item.id)
                    yield item, line, "equal"
        for key in reference_tokens(" ".join((*line.references, line.text or ""))):
            for item in mentioned.get((line.block, key), ()):
                if item.id not in seen:
                    seen.add(item.id)
                    yield item, line, "contained"


def by_account(
    items: Iterable[Item], lines: Iterable[Line], *, any_amount: bool
) -> Iterator[tuple[Item, Line]]:
    """Pairs with the same counterparty account and amount (any amount when asked)."""
    index: dict[Hashable, list[Item]] = defaultdict(list)
    for item in items:
        if item.counterparty_account is not None:
            index[item.block, item.counterparty_account, not any_amount and item.amount].append(
                item
            )
    for line in lines:
        key = (line.block, line.counterparty_account, not any_amount and line.amount)
        for item in index.get(key, ()):
            yield item, line


def by_amount(items: Iterable[Item], lines: Iterable[Line]) -> Iterator[tuple[Item, Line]]:
    """Pairs with the same amount and another (or no) counterparty account."""
    index: dict[Hashable, list[Item]] = defaultdict(list)
    for item in items:
        index[item.block, item.amount].append(item)
    for line in lines:
        for item in index.get((line.block, line.amount), ()):
            if (
                item.counterparty_account is None
                or item.counterparty_account != line.counterparty_account
            ):
                yield item, line


def floor(judge: Judge, items: Sequence[Item], lines: Sequence[Line], *, same_account: bool) -> int:
    """The best rank a pair of equal amount without a reference could have: NEVER when none.

    Every combination of facts such pairs can have is asked, so passes before this rank may run
    without forming those pairs.
    """
    if not items or not lines:
        return NEVER
    widest = max(
        abs((max(i.date for i in items) - min(x.date for x in lines)).days),
        abs((max(x.date for x in lines) - min(i.date for i in items)).days),
    )
    shapes = {(i.kind, i.block.direction, i.block.currency, i.cardinality) for i in items}
    best = NEVER
    for kind, direction, currency, cardinality in shapes:
        for days in range(widest + 1):
            for same_name in (True, False):
                facts = PairFacts(
                    kind, direction, currency, "none", 0, days, same_account, same_name
                )
                verdict = judge(facts)
                if verdict.outcome != "unmatched" and verdict.cardinality in (None, cardinality):
                    best = min(best, verdict.rank)
    return best


def tolerates_gap(judge: Judge, items: Sequence[Item]) -> bool:
    """Whether some row takes a pair without a reference whose amounts differ.

    Asked with a difference of one minor unit: a row that takes a larger one takes this too.
    """
    shapes = {(i.kind, i.block.direction, i.block.currency) for i in items}
    return any(
        judge(PairFacts(*shape, "none", 1, 0, True, same_name)).outcome != "unmatched"
        for shape in shapes
        for same_name in (True, False)
    )


def _keys(references: Iterable[str]) -> set[str]:
    return {key for key in map(reference_key, references) if key is not None}
