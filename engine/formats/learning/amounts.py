"""Which way money went: every rule the columns allow, tried against the running balance."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from engine.base.money import MoneyError, parse_major
from engine.formats.layouts.loose import plain_amount
from engine.formats.learning.roles import bare_cell, mark_of, without_note

_CODE = re.compile(r"^[+-]?(?:[A-Z]{3}|[$€])\s*(?=[-+\d])")
_MOST_WORDS = 4
_NO_MARKS: Mapping[str, str] = {}
_PAID_BACK = re.compile(r"还款|存入|payment|paid|refund|退款|退货", re.IGNORECASE)
_EMPTY = frozenset({"", "-", "--", "—", "/"})


@dataclass(frozen=True, slots=True)
class Rule:
    """An amount rule with what the balance says of it."""

    rule: str
    credit: tuple[str, ...] = ()
    debit: tuple[str, ...] = ()
    negative: str = ""
    """What a minus means, as the layout says it; empty where it need not."""
    newest_first: bool | None = None
    proven: int = 0
    """Neighbouring rows the balance joins."""
    pairs: int = 0

    @property
    def confidence(self) -> int:
        """0 to 100: the share of rows the balance proves; 60 where there is no balance, 40 where a
        minus might mean the other thing as well."""
        if self.pairs:
            return round(100 * self.proven / self.pairs)
        return 40 if self.negative == "reverses" else 60


def choose(
    rows: Sequence[Sequence[str]],
    place: Mapping[str, int],
    marks: Mapping[str, str] = _NO_MARKS,
) -> Rule | None:
    """The rule most rows agree with; None when the columns allow none. `marks` are words of a mark
    that `proven_marks` found."""
    rules = _possible(rows, place, marks)
    if not rules:
        return None
    if "balance" not in place:
        return rules[0]
    balances = [_money(row, place["balance"]) for row in rows]
    tried = [_tried(rule, rows, place, balances) for rule in rules]
    return max(tried, key=lambda one: one.proven)


def proven_marks(
    rows: Sequence[Sequence[str]], place: Mapping[str, int]
) -> tuple[int, dict[str, str]] | None:
    """A column whose words nobody knows, but of which each goes with one direction of the balance
    (1 and 0, 转 and 取); with what each word says. None where there is none, or it is not needed.
    """
    if "mark" in place or not {"amount", "balance"} <= place.keys():
        return None
    moved = [_money(row, place["amount"]) for row in rows]
    balances = [_money(row, place["balance"]) for row in rows]
    if any(one is None or one < 0 for one in moved) or None in balances:
        return None
    taken = frozenset(place.values())
    for at in range(min(map(len, rows))):
        words = [bare_cell(row[at]) for row in rows]
        if at in taken or not 1 < len(set(words)) <= _MOST_WORDS or "" in words:
            continue
        for step in (1, -1):
            said = _said(words[::step], moved[::step], balances[::step])
            if said is not None:
                return at, said
    return None


def _said(
    words: Sequence[str], moved: Sequence[int | None], balances: Sequence[int | None]
) -> dict[str, str] | None:
    """What each word says when the rows stand from the oldest to the newest."""
    said: dict[str, str] = {}
    for word, amount, (before, after) in zip(words[1:], moved[1:], pairwise(balances), strict=True):
        if before is None or after is None or amount is None:
            return None
        way = {before + amount: "credit", before - amount: "debit"}.get(after)
        if way is None or said.setdefault(word, way) != way:
            return None
    rest = set(words) - said.keys()
    if len(said) == len(rest) == 1:  # only the first row has it: of two words the other one
        known = next(iter(said.values()))
        said[rest.pop()] = "debit" if known == "credit" else "credit"
    return said if set(said.values()) == {"credit", "debit"} and not rest else None


def _possible(
    rows: Sequence[Sequence[str]], place: Mapping[str, int], marks: Mapping[str, str]
) -> list[Rule]:
    """The likeliest first."""
    found: list[Rule] = []
    if "credit" in place and "debit" in place:
        found += _with_signs(Rule("debit_credit"), rows, place)
    if "amount" in place and "mark" in place:
        words = dict.fromkeys(
            bare_cell(row[place["mark"]]) for row in rows if place["mark"] < len(row)
        )
        credit = tuple(one for one in words if marks.get(one, mark_of(one)) == "credit")
        debit = tuple(one for one in words if marks.get(one, mark_of(one)) == "debit")
        if credit or debit:
            rule = Rule("mark", credit or ("收入",), debit or ("支出",))
            found += _with_signs(rule, rows, place)
    if "amount" in place:
        signed = [Rule("signed"), Rule("signed", negative="credit")]
        found += reversed(signed) if _owed(rows, place) else signed
    return found


def _owed(rows: Sequence[Sequence[str]], place: Mapping[str, int]) -> bool:
    """Whether amounts are what is owed, as on a credit card: what is paid back has the minus."""
    ways = {
        (_money(row, place["amount"]) or 0) > 0
        for row in rows
        if any(_PAID_BACK.search(cell) for cell in row)
    }
    return ways == {False}


def _with_signs(rule: Rule, rows: Sequence[Sequence[str]], place: Mapping[str, int]) -> list[Rule]:
    """A rule of sides, with what a minus can mean where there is one."""
    plain, agrees = True, True
    for row in rows:
        for amount, came_in in _sided(rule, row, place):
            plain = plain and amount >= 0
            agrees = agrees and (not amount or (amount > 0) == came_in)
    if plain:
        return [rule]
    reverses = replace(rule, negative="reverses")
    return [replace(rule, negative="agrees"), reverses] if agrees else [reverses]


def _sided(rule: Rule, row: Sequence[str], place: Mapping[str, int]) -> list[tuple[int, bool]]:
    """Amounts of a row, each with whether its side is that of money that came in."""
    if rule.rule == "debit_credit":
        sides = [(_money(row, place["debit"]), False), (_money(row, place["credit"]), True)]
        return [(amount, came_in) for amount, came_in in sides if amount is not None]
    amount = _money(row, place["amount"])
    word = bare_cell(row[place["mark"]]) if place["mark"] < len(row) else ""
    if amount is None or word not in (*rule.credit, *rule.debit):
        return []
    return [(amount, word in rule.credit)]


def _tried(
    rule: Rule,
    rows: Sequence[Sequence[str]],
    place: Mapping[str, int],
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
            if not moved and before == after:  # nothing happened, which proves nothing
                continue
            pairs += 1
            proven += before + moved == after
        if proven > best.proven or not best.pairs:
            best = replace(
                rule, newest_first=newest_first if proven else None, proven=proven, pairs=pairs
            )
    return best


def _signed(rule: Rule, row: Sequence[str], place: Mapping[str, int]) -> int | None:
    if rule.rule == "signed":
        amount = _money(row, place["amount"])
        return -amount if amount is not None and rule.negative == "credit" else amount
    sides = _sided(rule, row, place)
    if not sides:
        at = place.get("mark", len(row))
        return 0 if at < len(row) and mark_of(bare_cell(row[at])) == "neutral" else None
    if rule.negative == "agrees":
        return sum(amount for amount, _ in sides)
    return sum(amount if came_in else -amount for amount, came_in in sides)


def _money(row: Sequence[str], at: int) -> int | None:
    if at >= len(row):
        return None
    text = bare_cell(row[at])
    if text in _EMPTY:
        return None
    plain = plain_amount(_CODE.sub("", without_note(text)))
    try:
        return None if plain is None else parse_major(plain, "CNY")
    except MoneyError:
        return None
