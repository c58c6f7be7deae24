"""Files of one history, whatever their format and however they overlap, give each line once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.formats.readers import read_file
from engine.formats.statement import Statement, continuity, line_identities
from tests.formats.making import balance, camt, ntry

DAY_0 = dt.date(2026, 11, 1)
ACCOUNT = "9010001"


@dataclass(frozen=True)
class Booking:
    """One booking of a history: `day` from DAY_0, `signed` in minor units."""

    day: int
    signed: int
    reference: str | None
    text: str

    @property
    def on(self) -> dt.date:
        return DAY_0 + dt.timedelta(days=self.day)


def major(minor: int, point: str) -> str:
    """An amount without sign."""
    return f"{abs(minor) // 100}{point}{abs(minor) % 100:02d}"


def as_mt940(window: Sequence[Booking], opening: int) -> bytes:
    """A statement of the window."""

    def mark(minor: int) -> str:
        return "D" if minor < 0 else "C"

    closing = opening + sum(one.signed for one in window)
    parts = [":20:S", f":25:{ACCOUNT}", f":60F:{mark(opening)}261101CNY{major(opening, ',')}"]
    for one in window:
        bank = f"//{one.reference}" if one.reference else ""
        parts.append(
            f":61:{one.on:%y%m%d}{one.on:%m%d}{mark(one.signed)}{major(one.signed, ',')}"
            f"NTRFNONREF{bank}"
        )
        parts.append(f":86:{one.text}")
    parts += [f":62F:{mark(closing)}261130CNY{major(closing, ',')}", "-", ""]
    return "\r\n".join(parts).encode()


def as_camt(window: Sequence[Booking], opening: int) -> bytes:
    """A camt.053 of the window, which the bank does not number."""
    entries = "".join(
        ntry(
            major(one.signed, "."),
            "DBIT" if one.signed < 0 else "CRDT",
            dates=f"<BookgDt><Dt>{one.on}</Dt></BookgDt>",
            details=(f"<AcctSvcrRef>{one.reference}</AcctSvcrRef>" if one.reference else "")
            + f"<AddtlNtryInf>{one.text}</AddtlNtryInf>",
        )
        for one in window
    )
    closing = opening + sum(one.signed for one in window)
    signed = ["-" * (one < 0) + major(one, ".") for one in (opening, closing)]
    return camt(
        "<Stmt><Id>S</Id><CreDtTm>2026-11-30T18:00:00+08:00</CreDtTm>"
        f"<Acct><Id><Othr><Id>{ACCOUNT}</Id></Othr></Id><Ccy>CNY</Ccy></Acct>"
        f"{balance('OPBD', signed[0])}{balance('CLBD', signed[1])}{entries}</Stmt>"
    )


def as_ofx(window: Sequence[Booking], opening: int) -> bytes:
    """An OFX file of the window; FITID is what the bank numbers by."""
    bookings = "".join(
        f"<STMTTRN><DTPOSTED>{one.on:%Y%m%d}<TRNAMT>{'-' * (one.signed < 0)}"
        f"{major(one.signed, '.')}"
        + (f"<FITID>{one.reference}" if one.reference else "")
        + f"<MEMO>{one.text}</STMTTRN>"
        for one in window
    )
    closing = opening + sum(one.signed for one in window)
    return (
        f"OFXHEADER:100\n\n<OFX><STMTRS><CURDEF>CNY<BANKACCTFROM><ACCTID>{ACCOUNT}</BANKACCTFROM>"
        f"<BANKTRANLIST>{bookings}</BANKTRANLIST><LEDGERBAL><BALAMT>{'-' * (closing < 0)}"
        f"{major(closing, '.')}<DTASOF>20261130</LEDGERBAL></STMTRS></OFX>"
    ).encode()


def as_bai2(window: Sequence[Booking], opening: int) -> bytes:
    """A BAI2 file of the window: a group for each day, since bookings have the day of theirs."""
    parts, groups, file_total, file_records = ["01,BANK,US,261130,0900,1,,,2/"], 0, 0, 2
    for day in sorted({one.day for one in window}):
        mine = [one for one in window if one.day == day]
        closing = opening + sum(one.signed for one in mine)
        total = opening + closing + sum(abs(one.signed) for one in mine)
        records = 2 + len(mine)
        parts.append(f"02,US,BANK,1,{mine[0].on:%y%m%d},,CNY,2/")
        parts.append(f"03,{ACCOUNT},CNY,010,{opening},,,015,{closing},,/")
        parts += [
            f"16,{'475' if one.signed < 0 else '195'},{abs(one.signed)},,{one.reference or ''},,"
            f"{one.text}/"
            for one in mine
        ]
        parts += [f"49,{total},{records}/", f"98,{total},1,{records + 2}/"]
        opening, groups = closing, groups + 1
        file_total, file_records = file_total + total, file_records + records + 2
    parts.append(f"99,{file_total},{groups},{file_records}/")
    return "\n".join(parts).encode()


FORMATS = [as_mt940, as_camt, as_ofx, as_bai2]
Render = Callable[[Sequence[Booking], int], bytes]

HISTORIES = st.lists(
    st.builds(
        Booking,
        day=st.integers(0, 3),
        signed=st.sampled_from([-100, 100, 250]),
        reference=st.sampled_from([None, None, "B1", "B2"]),
        text=st.sampled_from(["a", "b"]),
    ),
    min_size=1,
    max_size=12,
).map(lambda found: sorted(found, key=lambda one: one.day))


def read(render: Render, window: Sequence[Booking], opening: int) -> list[Statement]:
    """The statements of a file of the window, proven right."""
    found = read_file(render(window, opening))
    assert found.findings == ()
    assert not any(one.reasons for one in found.verdicts)
    return list(found.statements)


def identities(statements: Sequence[Statement]) -> list[str]:
    """Identities of all lines of a file."""
    return [one for statement in statements for one in line_identities(statement)]


@pytest.mark.parametrize("render", FORMATS)
@given(history=HISTORIES)
@settings(max_examples=40, deadline=None)
def test_a_file_read_again_has_the_same_lines_and_equal_ones_are_apart(
    render: Render, history: list[Booking]
) -> None:
    first = identities(read(render, history, 10_000))
    assert len(set(first)) == len(history)
    assert identities(read(render, history, 10_000)) == first


@pytest.mark.parametrize("render", FORMATS)
@given(history=HISTORIES, data=st.data())
@settings(max_examples=60, deadline=None)
def test_files_of_overlapping_days_add_each_line_once(
    render: Render, history: list[Booking], data: st.DataObject
) -> None:
    known: set[str] = set()
    end = 0
    while end < 4:
        start = data.draw(st.integers(0, end))
        end = data.draw(st.integers(end + 1, 4))
        before = [one for one in history if one.day < start]
        window = [one for one in history if start <= one.day < end]
        if not window:
            continue
        opening = 10_000 + sum(one.signed for one in before)
        found = identities(read(render, window, opening))
        fresh = set(found) - known
        # The window ends later than all before it: new are the days that nobody told of yet.
        assert len(found) == len(set(found)) == len(window)
        known |= fresh
        assert len(known) == sum(one.day < end for one in history)


@pytest.mark.parametrize("render", [as_mt940, as_camt, as_bai2])
@given(history=HISTORIES, data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_booking_left_out_of_a_file_is_always_noticed(
    render: Render, history: list[Booking], data: st.DataObject
) -> None:
    content = render(history, 10_000)
    place = data.draw(st.integers(0, len(history) - 1))
    less = render([*history[:place], *history[place + 1 :]], 10_000)
    if len(history) == 1:
        return
    # The lines of a file without the booking, between the balances of the whole one.
    whole, short = read_file(content).statements, read_file(less).statements
    lines = tuple(line for one in short for line in one.lines)
    changed = Statement(
        ACCOUNT, "CNY", "S", None, DAY_0, whole[0].opening, whole[-1].closing, lines
    )
    assert continuity(changed, None)
