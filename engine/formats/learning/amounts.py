"""Which way money went: every rule the columns allow, tried against the running balance."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from engine.base.money import MoneyError, parse_major
from engine.formats.learning.roles import bare_cell, mark_of

_FRAME = re.compile(r"(?:CNY|RMB|人民币|[¥￥$€])|元$|\s|,", re.IGNORECASE)
_EMPTY = frozenset({"", "-", "--", "—", "/"})


@dataclass(frozen=True, slots=True)
class Rule:
    """An amount rule with what the balance says of it."""

    rule: str
    credit: tuple[str, ...] = ()
    debit: tuple[str, ...] = ()
    negative_is_credit: bool = False
    newest_first: bool | None = None
    proven: int = 0
    """Neighbouring rows the balance joins."""
    pairs: int = 0

    @property
    def confidence(self) -> int:
        """0 to 100: the share of rows the balance proves; 60 where there is no balance."""
        return round(100 * self.proven / self.pairs) if self.pairs else 60


def choose(rows: Sequence[Sequence[str]], place: dict[str, int], decimals: int = 2) -> Rule | None:
    """The rule most rows agree with; None when the columns allow none."""
    del decimals
    rules = _possible(rows, place)
    if not rules:
        return None
    if "balance" not in place:
        return rules[0]
    balances = [_money(row, place["balance"]) for row in rows]
    tried = [_tried(rule, rows, place, balances) for rule in rules]
    return max(tried, key=lambda one: one.proven)


def _possible(rows: Sequence[Sequence[str]], place: dict[str, int]) -> list[Rule]:
    found: list[Rule] = []
    if "credit" in place and "debit" in place:
        found.append(Rule("debit_credit"))
    if "amount" in place and "mark" in place:
        words = dict.fromkeys(
            bare_cell(row[place["mark"]]) for row in rows if place["mark"] < len(row)
        )
        credit = tuple(one for one in words if mark_of(one) == "credit")
        debit = tuple(one for one in words if mark_of(one) == "debit")
        if credit or debit:
            found.append(Rule("mark", credit or ("收入",), debit or ("支出",)))
    if "amount" in place:
        found += [Rule("signed"), Rule("signed", negative_is_credit=True)]
    return found


def _tried(
    rule: Rule,
    rows: Sequence[Sequence[str]],
    place: dict[str, int],
    balances: Sequence[int | None],
) -> Rule:
    signed = [_signed(rule, row, place) for row in rows]
    best = rule
    for newest_first in (False, True):
        order = range(len(rows) - 1, -1, -1) if newest_first else range(len(rows))
        chain = [(signed[one], balances[one]) for one in order]
        pairs = proven = 0
        for (_, before), (moved, after) in pairwise(chain):
            if before is None or after is None or moved is None:
                continue
            pairs += 1
            proven += before + moved == after
        if proven > best.proven or not best.pairs:
            best = Rule(
                rule.rule,
                rule.credit,
                rule.debit,
                rule.negative_is_credit,
                newest_first if proven else None,
                proven,
                pairs,
            )
    return best


def _signed(rule: Rule, row: Sequence[str], place: dict[str, int]) -> int | None:
    if rule.rule == "debit_credit":
        credit, debit = (_money(row, place[name]) for name in ("credit", "debit"))
        return None if credit is None and debit is None else (credit or 0) - (debit or 0)
    amount = _money(row, place["amount"])
    if amount is None:
        return None
    if rule.rule == "signed":
        return -amount if rule.negative_is_credit else amount
    way = mark_of(bare_cell(row[place["mark"]])) if place["mark"] < len(row) else None
    return {"credit": amount, "debit": -amount, "neutral": 0}.get(way or "")


def _money(row: Sequence[str], at: int) -> int | None:
    if at >= len(row):
        return None
    text = bare_cell(row[at])
    if text in _EMPTY:
        return None
    bare = _FRAME.sub("", text).removeprefix("+")
    if "." in bare:
        bare = bare.rstrip("0").rstrip(".")
    try:
        return parse_major(bare, "CNY")
    except MoneyError:
        return None
