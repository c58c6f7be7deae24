"""Files without a row of names: fixed ones, and lines that are bookings from the first on."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.formats.layouts import FileRefused, load, read_statement
from engine.formats.learning import Learned, learn
from engine.formats.reading import FormatError
from tests.learning.samples import DAYS, MOVES, NAMES, START, balances, money

WORDS = ["转账", "代收保费", "费", "代付", "工资", "理赔", "退款", "收", "利息", "付"]


def padded(text: str, width: int, *, right: bool = False) -> bytes:
    """A cell of so many bytes."""
    raw = text.encode("gb18030")
    blank = b" " * (width - len(raw))
    return blank + raw if right else raw + blank


def columns_line(at: int, word: str, moved: int, after: int) -> bytes:
    """Debit and credit in columns, amounts to the right."""
    return b"".join(
        (
            DAYS[at].replace("-", "").encode(),
            padded(word, 20),
            padded(money(-moved) if moved < 0 else "", 16, right=True),
            padded(money(moved) if moved > 0 else "", 16, right=True),
            padded(money(after), 18, right=True),
            padded(NAMES[at], 30),
        )
    )


def run_together_line(at: int, word: str, moved: int, after: int) -> bytes:
    """A mark, and amounts in fen filled with zeros, without anything between."""
    return b"".join(
        (
            b"D",
            DAYS[at].replace("-", "").encode(),
            padded(word, 20),
            b"D" if moved < 0 else b"C",
            f"{abs(moved):015d}{after:015d}".encode(),
            padded(NAMES[at], 30),
        )
    )


def lines(write: object) -> list[bytes]:
    """All bookings."""
    assert callable(write)
    return [write(at, WORDS[at], MOVES[at], after) for at, after in enumerate(balances())]


def signed(learned: Learned) -> list[int]:
    (statement,) = learned.statements
    return [one.signed for one in statement.lines]


@pytest.mark.parametrize("write", [columns_line, run_together_line])
@pytest.mark.parametrize("around", [False, True], ids=["bare", "header and trailer"])
def test_a_fixed_file_is_cut_so_that_the_balance_joins_its_rows(
    write: object, around: bool
) -> None:
    rows = lines(write)
    content = [b"H6222000011112222".ljust(40), *rows, b"T0010".ljust(24)] if around else rows
    learned = learn("fixed", b"\r\n".join(content) + b"\r\n")
    assert learned.complete, (learned.text, learned.faults)
    assert (learned.head_line, signed(learned)) == (0, list(MOVES))
    assert learned.rule is not None
    assert learned.rule.proven == len(MOVES) - 1
    assert learned.statements[0].opening == START


def test_a_fixed_file_is_written_again_byte_for_byte() -> None:
    rows = [
        f"{'D' if moved < 0 else 'C'}{DAYS[at].replace('-', '')}{abs(moved):012d}{after:014d}"
        for at, (moved, after) in enumerate(zip(MOVES, balances(), strict=True))
    ]
    learned = learn("fixed", ("\r\n".join(rows) + "\r\n").encode())
    assert signed(learned) == list(MOVES)
    assert learned.round_trip is not None
    assert learned.round_trip.same, learned.round_trip.reason.en


def test_a_longer_amount_has_room_and_a_longer_text_is_refused() -> None:
    rows = [columns_line(at, WORDS[at], moved, balances()[at]) for at, moved in enumerate(MOVES)]
    layout = load(learn("fixed", b"\n".join(rows) + b"\n").text, "x.yaml")
    longer = columns_line(0, "费", 999_999_999_99, 999_999_999_99)
    read = read_statement(layout, io.BytesIO(longer + b"\n"), account="1")
    assert read.statements[0].lines[0].signed == 999_999_999_99
    with pytest.raises(FileRefused):
        read_statement(
            layout, io.BytesIO(columns_line(0, "很长的一段摘要", -1, 1) + b"\n"), account="1"
        )


@given(
    moves=st.lists(st.integers(-(10**9), 10**9).filter(bool), min_size=4, max_size=12),
    debit_first=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_lines_without_names_are_read_by_what_the_balance_proves(
    moves: list[int], debit_first: bool
) -> None:
    now, rows = 10**10, []
    for place, moved in enumerate(moves):
        now += moved
        sides = [money(-moved) if moved < 0 else "", money(moved) if moved > 0 else ""]
        rows.append(
            ",".join(
                [f"11/{place + 1:02d}/2026", f"text {place}x"]
                + (sides if debit_first else sides[::-1])
                + [money(now)]
            )
        )
    learned = learn("td", "\n".join(rows).encode() + b"\n")
    if learned.rule is not None and learned.rule.proven == len(moves) - 1:
        assert learned.complete
        assert signed(learned) == moves
    else:
        # One side alone has no column to tell it from.
        assert len({moved > 0 for moved in moves}) == 1


def test_what_has_no_day_or_amount_at_one_place_is_no_table() -> None:
    for content in (
        b"a,b,c\nd,e,f\n",
        b"2026-11-02,x,y\n2026-11-03,z,w\n",
        b"x" * 40 + b"\n" + b"y" * 40 + b"\n",
    ):
        with pytest.raises(FormatError, match="NO_TABLE"):
            learn("x", content)


def test_three_numbers_without_a_gap_are_cut_apart_by_the_balance() -> None:
    rows = [
        f"{DAYS[at].replace('-', '')}101112{'D' if moved < 0 else 'C'}"
        f"{abs(moved):015d}{after:015d}62220000{at * 37:08d}"
        for at, (moved, after) in enumerate(zip(MOVES, balances(), strict=True))
    ]
    learned = learn("fixed", ("\n".join(rows) + "\n").encode())
    assert learned.complete
    assert signed(learned) == list(MOVES)
