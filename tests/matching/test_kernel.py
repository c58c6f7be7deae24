"""The pure matching kernel: passes, ambiguity, totals, interchangeable twins, order, speed."""

from __future__ import annotations

import datetime as dt
import random
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.matching import (
    Block,
    Item,
    Line,
    Matching,
    PairFacts,
    Verdict,
    match,
    reference_tokens,
)
from engine.matching.candidates import facts_of
from tests.matching.support import DAY, UNMATCHED, item, line, rules


def _pairs(found: Matching) -> list[tuple[int, int, str | None]]:
    return [(group.item_id, group.line_id, group.row) for group in found.groups]


def test_a_line_with_our_instruction_id_is_the_document() -> None:
    found = match([item(1), item(2)], [line(9, reference="D2-1", account=None)], rules)
    assert _pairs(found) == [(2, 9, "M1")]


def test_our_number_in_the_text_counts_as_contained() -> None:
    found = match([item(1), item(2)], [line(9, text="付款 D2 赔款")], rules)
    assert _pairs(found) == [(2, 9, "M3")]


def test_a_number_inside_a_longer_number_is_not_contained() -> None:
    found = match([item(1, account="A")], [line(9, text="付款 D12", account="B")], rules)
    assert found.groups == ()
    assert found.suggestions[0].reason == "propose"


def test_a_line_without_reference_matches_by_account_amount_and_window() -> None:
    found = match([item(1)], [line(9, day=DAY + dt.timedelta(days=3))], rules)
    assert _pairs(found) == [(1, 9, "M4")]


def test_outside_the_window_nothing_matches() -> None:
    found = match([item(1)], [line(9, day=DAY + dt.timedelta(days=4))], rules)
    assert found == Matching()


def test_an_item_the_bank_has_not_confirmed_needs_its_exact_reference() -> None:
    unsure = replace(item(1), exact_only=True)
    assert match([unsure], [line(9, text="D1")], rules) == Matching()
    assert _pairs(match([unsure], [line(9, reference="D1-1")], rules)) == [(1, 9, "M1")]


def test_another_account_of_the_counterparty_is_only_proposed() -> None:
    found = match([item(1)], [line(9, account="999")], rules)
    assert found.groups == ()
    assert [(s.line_id, s.reason) for s in found.suggestions] == [(9, "propose")]


def test_two_equal_items_for_one_line_are_left_to_a_person() -> None:
    found = match([item(1), item(2)], [line(9)], rules)
    assert found.groups == ()
    (suggestion,) = found.suggestions
    assert suggestion.reason == "ambiguous"
    assert [c.item_id for c in suggestion.candidates] == [1, 2]


def test_a_payment_booked_twice_is_left_to_a_person() -> None:
    found = match([item(1)], [line(8, reference="D1-1"), line(9, reference="D1-1")], rules)
    assert found.groups == ()
    assert [s.line_id for s in found.suggestions] == [8, 9]


def test_what_is_ambiguous_in_a_strict_pass_is_not_taken_by_a_weaker_one() -> None:
    """Line 9 would fit item 2 by amount alone, but it carries item 1's reference twice over."""
    found = match(
        [item(1, account="A"), item(2, account="B")],
        [line(8, reference="D1-1", account="B"), line(9, reference="D1-1", account="B")],
        rules,
    )
    assert found.groups == ()


def test_the_exact_reference_wins_before_equal_amounts_are_compared() -> None:
    found = match([item(1), item(2)], [line(8, reference="D1-1"), line(9)], rules)
    assert _pairs(found) == [(1, 8, "M1"), (2, 9, "M4")]


def test_twins_are_paired_in_order_where_the_rule_says_interchangeable() -> None:
    items = [item(2), item(1), item(3, day=DAY - dt.timedelta(days=1))]
    found = match(items, [line(7), line(8), line(9)], rules, interchangeable=True)
    assert _pairs(found) == [(3, 7, "M4"), (1, 8, "M4"), (2, 9, "M4")]
    assert all(group.interchangeable for group in found.groups)


def test_two_twins_and_one_line_stay_ambiguous_even_when_interchangeable() -> None:
    found = match([item(1), item(2)], [line(9)], rules, interchangeable=True)
    assert found.groups == ()


def test_interchangeable_needs_the_same_payee() -> None:
    items = [item(1, name="王伟"), item(2, name="李娜")]
    found = match(items, [line(8), line(9)], rules, interchangeable=True)
    assert found.groups == ()


def test_the_total_of_a_batch_matches_one_line() -> None:
    items = [item(1), item(2, 5_000), item(100, 15_000, members=(1, 2), reference="PB1")]
    found = match(items, [line(9, 15_000, reference="PB1", account=None, name=None)], rules)
    (group,) = found.groups
    assert group.claims == (1, 2)
    assert group.row == "M2"


def test_items_booked_one_by_one_are_not_taken_again_by_their_total() -> None:
    items = [item(1), item(2, 5_000), item(100, 15_000, members=(1, 2), reference="PB1")]
    lines = [line(7, reference="D1-1"), line(9, 15_000, reference="PB1")]
    assert _pairs(match(items, lines, rules)) == [(1, 7, "M1")]


@pytest.mark.parametrize(
    "block", [Block(2, "CNY", "pay"), Block(1, "USD", "pay"), Block(1, "CNY", "collect")]
)
def test_pairs_never_cross_account_currency_or_direction(block: Block) -> None:
    assert match([item(1)], [line(9, reference="D1-1", block=block)], rules) == Matching()


def test_a_rule_that_tolerates_a_difference_is_asked_about_unequal_amounts() -> None:
    def tolerant(facts: PairFacts) -> Verdict:
        if facts.same_account and facts.amount_gap <= 500:
            return Verdict("auto", "one_to_one", "T1", 0)
        return UNMATCHED

    found = match([item(1), item(2, 90_000)], [line(9, 10_300)], tolerant)
    assert _pairs(found) == [(1, 9, "T1")]
    assert found.groups[0].facts.amount_gap == 300


def test_a_row_without_reference_before_the_exact_one_keeps_its_place() -> None:
    """Passes follow row order, also where a table puts the weaker pass first."""

    def account_first(facts: PairFacts) -> Verdict:
        if facts.reference == "none" and facts.same_account and facts.amount_gap == 0:
            return Verdict("auto", "one_to_one", "R1", 0)
        if facts.reference == "equal" and facts.amount_gap == 0:
            return Verdict("auto", "one_to_one", "R2", 1)
        return UNMATCHED

    items = [item(1, account="A"), item(2, account="B")]
    lines = [line(8, reference="D1-1", account="B")]
    assert _pairs(match(items, lines, account_first)) == [(2, 8, "R1")]


_ACCOUNTS = st.sampled_from(["A", "B", None])
_AMOUNTS = st.sampled_from([100, 200, 300])
_DAYS = st.integers(0, 5).map(lambda n: DAY + dt.timedelta(days=n))


@st.composite
def _books(draw: st.DrawFn) -> tuple[list[Item], list[Line]]:
    items = [
        item(n, draw(_AMOUNTS), account=draw(_ACCOUNTS), day=draw(_DAYS))
        for n in range(1, draw(st.integers(1, 8)) + 1)
    ]
    if len(items) >= 2 and draw(st.booleans()):
        members = tuple(i.id for i in items[: draw(st.integers(2, len(items)))])
        total = sum(i.amount for i in items if i.id in members)
        items.append(item(100, total, members=members, reference="PB1", day=draw(_DAYS)))
    references = [None, "PB1", *(f"D{n}-1" for n in range(1, 9))]
    lines = [
        line(
            n,
            draw(st.sampled_from([100, 200, 300, 400, 500])),
            reference=draw(st.sampled_from(references)),
            text=draw(st.sampled_from([None, "D1", "付 D2 款", "D3-1"])),
            account=draw(_ACCOUNTS),
            day=draw(_DAYS),
        )
        for n in range(1, draw(st.integers(1, 8)) + 1)
    ]
    return items, lines


@settings(max_examples=300, deadline=None)
@given(_books(), st.randoms(use_true_random=False), st.booleans())
def test_the_result_does_not_depend_on_input_order(
    books: tuple[list[Item], list[Line]], chance: random.Random, twins: bool
) -> None:
    items, lines = books
    straight = match(items, lines, rules, interchangeable=twins)
    chance.shuffle(items)
    chance.shuffle(lines)
    assert match(items, lines, rules, interchangeable=twins) == straight


@settings(max_examples=300, deadline=None)
@given(_books(), st.booleans())
def test_nothing_is_in_two_groups_and_group_sums_are_equal(
    books: tuple[list[Item], list[Line]], twins: bool
) -> None:
    items, lines = books
    found = match(items, lines, rules, interchangeable=twins)
    claims = [claim for group in found.groups for claim in group.claims]
    used = [group.line_id for group in found.groups]
    assert len(claims) == len(set(claims))
    assert len(used) == len(set(used))
    assert not set(used) & {s.line_id for s in found.suggestions}
    amounts = {i.id: i.amount for i in items}
    booked = {x.id: x.amount for x in lines}
    for group in found.groups:
        assert sum(amounts[claim] for claim in group.claims) == booked[group.line_id]


def _plainly(items: list[Item], lines: list[Line]) -> tuple[set[tuple[int, int]], set[int]]:
    """Passes over all pairs there are, by sets: (groups, lines left to a person)."""
    groups: set[tuple[int, int]] = set()
    left: set[int] = set()
    claimed: set[int] = set()
    for rank in range(5):
        edges = [
            (i, x)
            for i in items
            for x in lines
            if claimed.isdisjoint(i.claims)
            and x.id not in left | {line_id for _, line_id in groups}
            and i.block == x.block
            and rules(_facts(i, x)).rank == rank
        ]
        taken: set[int] = set()
        for i, x in edges:
            rivals = [
                e for e in edges if e[1].id == x.id or not set(e[0].claims).isdisjoint(i.claims)
            ]
            taken.update(i.claims)
            if len(rivals) == 1 and rules(_facts(i, x)).outcome == "auto":
                groups.add((i.id, x.id))
            else:
                left.add(x.id)
        claimed |= taken
    return groups, left


def _facts(one: Item, other: Line) -> PairFacts:
    if set(one.references) & set(other.references):
        reference = "equal"
    elif {*one.references, *one.mentions} & reference_tokens(other.text):
        reference = "contained"
    else:
        reference = "none"
    return facts_of(one, other, reference)


@settings(max_examples=300, deadline=None)
@given(_books())
def test_forming_pairs_late_finds_what_forming_all_pairs_finds(
    books: tuple[list[Item], list[Line]],
) -> None:
    items, lines = books
    found = match(items, lines, rules)
    groups, left = _plainly(items, lines)
    assert {(group.item_id, group.line_id) for group in found.groups} == groups
    assert {suggestion.line_id for suggestion in found.suggestions} == left


def _many(count: int, *, equal_amounts: bool) -> tuple[list[Item], list[Line]]:
    chance = random.Random(1)
    items = [
        item(n, 50_000 if equal_amounts else 100 + n * 7 % 90_000, account=f"62{n}")
        for n in range(count)
    ]
    lines = [
        line(
            n + 10_000_000,
            i.amount,
            reference=None if n % 10 == 0 else f"D{n}-1",
            account=i.counterparty_account,
        )
        for n, i in enumerate(items)
    ]
    chance.shuffle(lines)
    return items, lines


@pytest.mark.parametrize("equal_amounts", [False, True])
def test_a_thousand_against_a_thousand_takes_well_under_a_second(equal_amounts: bool) -> None:
    items, lines = _many(1_000, equal_amounts=equal_amounts)
    began = time.perf_counter()
    found = match(items, lines, rules)
    assert time.perf_counter() - began < 1.0
    assert len(found.groups) == 1_000


def test_a_hundred_thousand_against_a_hundred_thousand_takes_seconds() -> None:
    items, lines = _many(100_000, equal_amounts=False)
    began = time.perf_counter()
    found = match(items, lines, rules)
    assert time.perf_counter() - began < 30
    assert len(found.groups) == 100_000


def test_pairs_of_the_wrong_cardinality_are_no_candidates() -> None:
    def anything(facts: PairFacts) -> Verdict:
        return Verdict("auto", "batch_total", "X", 0)

    assert match([item(1)], [line(9)], anything) == Matching()


def test_blocks_of_the_same_shape_do_not_mix() -> None:
    other = Block(2, "CNY", "pay")
    found = match([item(1), item(2, block=other)], [line(8), line(9, block=other)], rules)
    assert _pairs(found) == [(1, 8, "M4"), (2, 9, "M4")]
