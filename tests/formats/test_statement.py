"""Continuity names every reason; identity never drops an equal line nor takes one twice."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.formats.statement import (
    Break,
    Previous,
    Statement,
    StatementLine,
    continuity,
    line_identities,
)
from tests.formats.making import line, statement

BEFORE = Previous("9010001", "CNY", 6, 10_000)


def _reasons(found: Statement, before: Previous | None = BEFORE) -> list[Break]:
    return [one.reason for one in continuity(found, before)]


@pytest.mark.parametrize(
    ("found", "reasons"),
    [
        (statement(), []),
        (statement(line(-100), line(250)), []),
        (statement(line(-100, 9_900), line(250, 10_150)), []),
        (statement(sequence=None), []),
        (statement(account="9010002"), [Break.ACCOUNT]),
        (statement(currency="USD"), [Break.CURRENCY]),
        (statement(sequence=8), [Break.SEQUENCE_GAP]),
        (statement(sequence=6), [Break.SEQUENCE_REPEATED]),
        (statement(opening=None, closing=5), [Break.OPENING_MISSING]),
        (dataclasses.replace(statement(), closing=None), [Break.CLOSING_MISSING]),
        (statement(opening=10_001), [Break.OPENING_DIFFERS]),
        (statement(line(-100), closing=10_000), [Break.SUM_DIFFERS]),
        (statement(line(-100, 9_901)), [Break.RUNNING_BALANCE]),
    ],
)
def test_every_break_has_its_name(found: Statement, reasons: list[Break]) -> None:
    assert _reasons(found) == reasons


def test_the_first_statement_of_an_account_needs_no_predecessor() -> None:
    assert _reasons(statement(line(-100), sequence=31), None) == []


AMOUNTS = st.lists(st.integers(-(10**17), 10**17).filter(bool), max_size=8)


@given(AMOUNTS, st.integers(-(10**17), 10**17), st.data())
def test_a_missing_or_changed_line_always_breaks_continuity(
    amounts: list[int], opening: int, data: st.DataObject
) -> None:
    whole = statement(*(line(one) for one in amounts), opening=opening)
    before = dataclasses.replace(BEFORE, closing=opening)
    assert _reasons(whole, before) == []
    if not amounts:
        return
    place = data.draw(st.integers(0, len(amounts) - 1))
    rest = whole.lines[:place] + whole.lines[place + 1 :]
    assert Break.SUM_DIFFERS in _reasons(dataclasses.replace(whole, lines=rest), before)


LINES = st.lists(
    st.builds(
        line,
        st.sampled_from([-100, 100, 250]),
        reference=st.sampled_from([None, None, "B1", "B2"]),
        remittance=st.sampled_from([None, "保费"]),
    ),
    max_size=10,
)


@given(LINES)
def test_identities_are_unique_and_the_same_when_read_again(lines: list[StatementLine]) -> None:
    found = line_identities(statement(*lines))
    assert len(set(found)) == len(lines)
    assert found == line_identities(statement(*lines))


def test_the_same_bank_reference_is_the_same_line_in_another_statement() -> None:
    first = line_identities(statement(line(reference="B1"), sequence=7))
    again = line_identities(statement(line(5), line(reference="B1"), sequence=8))
    assert first[0] == again[1]


def test_equal_lines_without_reference_in_two_statements_are_two_lines() -> None:
    first = line_identities(statement(line(), sequence=7))
    second = line_identities(statement(line(), sequence=8))
    assert first != second
