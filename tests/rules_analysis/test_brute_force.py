"""The analysis says what trying every fact says: no overlap, gap or dead row more or less.

Tables are small and random; a plain interpreter of the written cells, which shares nothing with
the analysis, is asked about every combination of telling values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import combinations, product

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.base.findings import Finding
from tests.rules_analysis.support import findings, table

Fact = dict[str, object]

AMOUNTS = [n * 100 for n in range(-1, 8)]
"""Amounts in whole yuan around and between every literal the tables use (0, 200, 400, 600)."""
TYPES = ["claimant", "agent", "staff"]
ACCOUNTS = ["62", "621", "63", "x62", "y", None]
URGENT = [True, False]


@cache
def matches(cell: str, value: object) -> bool:
    """Interpret one written cell against one value, in the simplest way."""
    if cell == "-":
        return True
    if cell == "null":
        return value is None
    if value is None:
        return ", " in cell and "null" in cell.split(", ")
    if found := re.fullmatch(r"not\((.*)\)", cell):
        return not matches(found[1], value)
    if found := re.fullmatch(r"([\[(])(\d+)\.\.(\d+)([\])])", cell):
        low, high = int(found[2]), int(found[3])
        assert isinstance(value, int)
        above = value >= low if found[1] == "[" else value > low
        return above and (value <= high if found[4] == "]" else value < high)
    if ", " in cell:
        return any(matches(part, value) for part in cell.split(", "))
    if found := re.fullmatch(r"(starts|contains)\(\"(.*)\"\)", cell):
        assert isinstance(value, str)
        return value.startswith(found[2]) if found[1] == "starts" else found[2] in value
    if found := re.fullmatch(r"(<=|>=|<|>|!=)? ?(\d+)", cell):
        assert isinstance(value, int)
        number = int(found[2])
        compared = {
            None: value == number,
            "<": value < number,
            "<=": value <= number,
            ">": value > number,
            ">=": value >= number,
            "!=": value != number,
        }
        return compared[found[1]]
    return str(value).lower() == cell


NUMBER = st.sampled_from(["0", "200", "400", "600"])
AMOUNT = st.one_of(
    st.just("-"),
    st.builds("{} {}".format, st.sampled_from(["<", "<=", ">", ">=", "!="]), NUMBER),
    NUMBER,
    st.builds(
        "{}{}..{}{}".format,
        st.sampled_from("[("),
        st.sampled_from(["0", "200"]),
        st.sampled_from(["400", "600"]),
        st.sampled_from("])"),
    ),
    st.just("not([200..400))"),
    st.just("< 0, > 400"),
)
TYPE = st.sampled_from(["-", *TYPES, "claimant, agent", "not(staff)", "not(claimant, agent)"])
ACCOUNT = st.sampled_from(
    [
        "-",
        "null",
        'starts("62")',
        'not(starts("62"))',
        'contains("2")',
        "y",
        "null, y",
        'starts("6")',
    ]
)
TRUTH = st.sampled_from(["-", "true", "false"])
ROW = st.tuples(AMOUNT, TYPE, ACCOUNT, TRUTH)
ROWS = st.lists(ROW, min_size=1, max_size=6)


def facts() -> Iterator[tuple[object, ...]]:
    return product(AMOUNTS, TYPES, [*ACCOUNTS, "other"], URGENT)


def hits(rows: list[tuple[str, ...]], fact: tuple[object, ...]) -> list[int]:
    return [
        place
        for place, row in enumerate(rows)
        if all(matches(cell, value) for cell, value in zip(row, fact, strict=True))
    ]


def ruleset(rows: list[tuple[str, ...]], policy: str) -> str:
    lines = ["id | amount | creditor_type | creditor_account | urgent => approvers"]
    lines += [f"A{n} | {' | '.join(row)} => r{n}" for n, row in enumerate(rows)]
    return table("\n".join(lines), policy=policy)


def coded(found: list[Finding], code: str) -> list[str]:
    return [one.message.en for one in found if one.code == code]


@settings(max_examples=120, deadline=None)
@given(ROWS)
def test_overlaps_are_exactly_the_pairs_that_some_fact_hits(rows: list[tuple[str, ...]]) -> None:
    pairs = {pair for fact in facts() for pair in combinations(hits(rows, fact), 2)}
    said = coded(findings(ruleset(rows, "unique")), "R301")
    assert {tuple(map(int, re.findall(r"A(\d)", one)[:2])) for one in said} == pairs


@settings(max_examples=120, deadline=None)
@given(ROWS, st.sampled_from(["unique", "first"]))
def test_a_gap_is_said_exactly_when_some_fact_hits_nothing(
    rows: list[tuple[str, ...]], policy: str
) -> None:
    gap = any(not hits(rows, fact) for fact in facts())
    assert bool(coded(findings(ruleset(rows, policy)), "R303")) is gap


@settings(max_examples=120, deadline=None)
@given(ROWS)
def test_unreachable_rows_are_exactly_those_no_fact_hits_first(rows: list[tuple[str, ...]]) -> None:
    reached = {found[0] for fact in facts() if (found := hits(rows, fact))}
    possible = {row for fact in facts() for row in hits(rows, fact)}
    said = findings(ruleset(rows, "first"))
    unreachable = {int(re.findall(r"A(\d)", one)[0]) for one in coded(said, "R305")}
    dead = {int(re.findall(r"A(\d)", one)[0]) for one in coded(said, "R306")}
    assert dead == set(range(len(rows))) - possible
    assert unreachable == possible - reached


@settings(max_examples=80, deadline=None)
@given(ROWS, st.sampled_from(["unique", "first"]))
def test_every_witness_is_true(rows: list[tuple[str, ...]], policy: str) -> None:
    for one in findings(ruleset(rows, policy)):
        if one.code not in {"R301", "R303"}:
            continue
        found = hits(rows, _witness(one.message.en))
        if one.code == "R303":
            assert not found, one.message.en
        else:
            assert set(map(int, re.findall(r"A(\d)", one.message.en)[:2])) <= set(found)


def _witness(message: str) -> tuple[object, ...]:
    """The facts a sentence names; columns it leaves out may have any value."""
    said = dict(re.findall(r"(\w+) = ([^,;]+(?:,\d{3})*(?:\.\d+)?)", message.split("; ")[0]))
    amount = said.get("amount", "0").replace(",", "")
    account = said.get("creditor_account", "62")
    return (
        int(amount),
        said.get("creditor_type", "claimant"),
        None if account == "null" else "other" if account == "any other value" else account,
        said.get("urgent", "true") == "true",
    )
