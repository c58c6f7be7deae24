"""What a file proves of each of its statements: that it adds up, and follows the one before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from engine.base.money import format_major
from engine.base.text import Text
from engine.formats.reading import ReadFinding
from engine.formats.statement import Break, Statement, continuity

UNPROVEN = frozenset({Break.OPENING_MISSING, Break.CLOSING_MISSING})
"""A statement without balances cannot be said to add up or not."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A statement of a file. It is kept back when there are `reasons`.

    `balanced` is None where the file has no two balances to prove the lines by.
    """

    statement: Statement
    balanced: bool | None
    reasons: tuple[Text, ...]


def judged(
    statements: Sequence[Statement], findings: Sequence[ReadFinding], *, chained: bool
) -> tuple[Verdict, ...]:
    """A verdict for each statement. `chained`: closing balances lead to the next opening ones, as
    they do in statements, but not in reports of one day that overlap."""
    apart = _apart(statements) if chained else {}
    verdicts = []
    for place, statement in enumerate(statements):
        mine = [one for one in findings if one.statement == place]
        breaks = continuity(statement, None)
        reasons = [one.text for one in mine if one.fatal]
        reasons += [one.text for one in breaks if one.reason not in UNPROVEN]
        balanced: bool | None = not reasons
        if breaks and all(one.reason in UNPROVEN for one in breaks):
            balanced = None
        if place in apart:
            reasons.append(apart[place])
        verdicts.append(Verdict(statement, balanced, tuple(reasons)))
    return tuple(verdicts)


def _apart(statements: Sequence[Statement]) -> dict[int, Text]:
    """Statements that do not begin where the one before of their account ended, by place. Files
    with the newest statement first are as good as the others; of one day no order is known."""
    accounts: dict[tuple[str, str], list[int]] = {}
    for place, one in enumerate(statements):
        if one.opening is not None and one.closing is not None:
            accounts.setdefault((one.account, one.currency), []).append(place)
    found: dict[int, Text] = {}
    for places in accounts.values():
        forward = _breaks(statements, places)
        if forward and _breaks(statements, places[::-1]):
            found.update(forward)
    return found


def _breaks(statements: Sequence[Statement], places: Sequence[int]) -> dict[int, Text]:
    found: dict[int, Text] = {}
    for before, after in pairwise(places):
        ended, begins = statements[before].closing, statements[after].opening
        same_day = statements[before].date == statements[after].date
        if ended is None or begins is None or ended == begins or same_day:
            continue
        currency = statements[after].currency
        was, now = (format_major(one, currency, grouped=True) for one in (ended, begins))
        found[after] = Text(
            f"statement {after + 1} opens with {now}, the one before closed with {was}; a "
            "statement is missing or was changed, ask the bank",
            f"第 {after + 1} 份对账单期初余额为 {now},上一份期末余额为 {was};"
            "缺少对账单或对账单被改动,请联系银行",
        )
    return found
