"""Every kind of bad file is refused whole, with the place, the field and what to do."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.formats.layouts import FileReader, FileRefused, Layout
from engine.formats.layouts.lines import MAX_LINE
from tests.layouts.given import BARS, CSV, FIXED, NAMES, PEOPLE, layout, rows_in, text_of

MADE = {"bars": layout(BARS), "fixed": layout(FIXED), "csv": layout(CSV)}
FLAT = [(*row[:3], None, *row[4:]) for row in PEOPLE]


def content(name: str) -> bytes:
    """A good file of a layout."""
    return text_of(MADE[name], FLAT if name == "fixed" else PEOPLE)


def refused(name: str, bad: bytes) -> FileRefused:
    """How a file is refused; nothing of it may have been given out after its fault."""
    with pytest.raises(FileRefused) as caught:
        rows_in(MADE[name], bad)
    return caught.value


def _swap(raw: bytes, one: int, other: int) -> bytes:
    lines = raw.splitlines(keepends=True)
    lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


def _double(raw: bytes, one: int) -> bytes:
    lines = raw.splitlines(keepends=True)
    return b"".join([*lines[: one + 1], *lines[one:]])


def _drop(raw: bytes, one: int) -> bytes:
    lines = raw.splitlines(keepends=True)
    return b"".join([*lines[:one], *lines[one + 1 :]])


Change = Callable[[bytes], bytes]
CASES: list[tuple[str, Change, str, str]] = [
    ("bars", lambda raw: raw.replace(b"|3|1000", b"|4|1000"), "COUNT", "header"),
    ("bars", lambda raw: raw.replace(b"100000123.45", b"100000123.46"), "TOTAL", "header"),
    ("bars", lambda raw: raw.replace(b"T|3|", b"T|2|"), "COUNT", "trailer"),
    ("bars", lambda raw: raw.replace(b"|3|1000", b"||1000"), "COUNT", "header"),
    ("bars", lambda raw: raw.replace(b"|100000123.45|", b"||"), "TOTAL", "header"),
    ("bars", lambda raw: raw.replace(b"|20261123|", b"|2026112|"), "DATE", "header"),
    ("csv", lambda raw: raw[:-2], "LINE_END", "file"),
    ("csv", lambda raw: b"\xff\xfe" + raw.decode().encode("utf-16-le"), "ENCODING", "file"),
    ("csv", lambda raw: raw.decode().encode("gb18030"), "ENCODING", "file"),
    ("bars", lambda raw: _double(raw, 1), "ROW_NUMBER", "detail"),
    ("bars", lambda raw: _swap(raw, 1, 2), "ROW_NUMBER", "detail"),
    ("bars", lambda raw: _drop(raw, 2), "ROW_NUMBER", "detail"),
    ("bars", lambda raw: _drop(raw, 4), "CELLS", "trailer"),
    (
        "bars",
        lambda raw: raw.replace("王伟".encode("gbk"), "王伟|子".encode("gbk")),
        "CELLS",
        "detail",
    ),
    (
        "bars",
        lambda raw: raw.replace("王伟".encode("gbk"), "王伟演示公司".encode()),
        "MIXED_ENCODING",
        "file",
    ),
    ("bars", lambda raw: raw.replace("王伟".encode("gbk"), b"\xff\xff"), "ENCODING", "file"),
    ("bars", lambda raw: b"\xef\xbb\xbf" + raw, "ENCODING", "file"),
    ("bars", lambda raw: raw.decode("gb18030").encode("utf-16"), "ENCODING", "file"),
    ("bars", lambda raw: raw.replace(b"D2 refund", b"D2\0refund"), "NUL", "file"),
    ("bars", lambda raw: raw.replace(b"D2 refund", b"D2\x1brefund"), "CONTROL_CHARACTER", "detail"),
    (
        "bars",
        lambda raw: raw.replace(b"D2 refund", "D2\u202erefund".encode("gb18030")),
        "CONTROL_CHARACTER",
        "detail",
    ),
    ("bars", lambda raw: raw.replace(b"|0.01|", b"|0.001|"), "AMOUNT", "detail"),
    ("bars", lambda raw: raw.replace(b"|0.01|", b"|1|"), "TOTAL", "header"),
    ("bars", lambda raw: raw.replace(b"|0.01|", b"|-0.01|"), "TOO_SMALL", "detail"),
    ("bars", lambda raw: raw.replace(b"D2-1", b"D1-1"), "TWICE", "detail"),
    ("bars", lambda raw: raw.replace(b"901100000002", b"90110000000X"), "DIGITS", "detail"),
    ("bars", lambda raw: raw.replace(b"|6222021001000002|", b"||"), "MISSING", "detail"),
    ("bars", lambda raw: raw.replace(b"D|2|", b"X|2|"), "CONSTANT", "detail"),
    ("bars", lambda raw: raw.replace(b"D|2|", b"\r\nD|2|"), "BLANK_LINE", "file"),
    ("bars", lambda raw: raw[: raw.index(b"D|1|")], "RECORD_MISSING", "file"),
    ("bars", lambda _: b"", "RECORD_MISSING", "file"),
    ("fixed", lambda _: b"", "RECORD_MISSING", "file"),
    ("csv", lambda _: b"", "HEADER_ROW", "file"),
    ("csv", lambda raw: raw[: raw.index(b"D1-1")], "EMPTY", "file"),
    ("csv", lambda raw: raw.replace("金额".encode(), "总额".encode()), "HEADER_ROW", "file"),
    ("csv", lambda raw: raw.replace(b"D2 refund", b'"D2 refund'), "QUOTE", "detail"),
    ("csv", lambda raw: raw.replace(b"ACME Ltd", b"ACME, Ltd"), "CELLS", "detail"),
    (
        "fixed",
        lambda raw: raw.replace("王伟".encode("gbk") + b" ", "王伟".encode("gbk")),
        "LENGTH",
        "detail",
    ),
    (
        "fixed",
        lambda raw: raw.replace(
            "王伟".encode("gbk") + b" " * 36 + b"0", b"A" * 39 + "王".encode("gbk")
        ),
        "SPLIT_CHARACTER",
        "detail",
    ),
]


@pytest.mark.parametrize(("name", "change", "code", "record"), CASES)
def test_a_bad_file_is_refused_with_its_place(
    name: str, change: Change, code: str, record: str
) -> None:
    good = content(name)
    bad = change(good)
    assert bad != good
    error = refused(name, bad)
    assert code in {one.code for one in error.faults}, [str(one) for one in error.faults]
    fault = next(one for one in error.faults if one.code == code)
    assert fault.record == record
    assert fault.text.en
    assert fault.text.zh
    if record == "detail":
        assert fault.row is not None or fault.line is not None


def test_fen_for_yuan_is_named() -> None:
    lines = content("bars").decode("gb18030").split("\r\n")
    wrong = "\r\n".join(
        line.replace("123.45|赔", "12345|赔")
        .replace("|0.01|", "|1|")
        .replace("99999999.99", "9999999999")
        for line in lines
    )
    error = refused("bars", wrong.encode("gb18030"))
    assert "yuan and fen" in next(one for one in error.faults if one.code == "TOTAL").text.en


@pytest.mark.parametrize("name", MADE)
def test_a_file_cut_off_anywhere_is_refused_or_loses_nothing(name: str) -> None:
    good = content(name)
    whole = rows_in(MADE[name], good)
    for size in range(len(good)):
        try:
            found = rows_in(MADE[name], good[:size])
        except FileRefused:
            continue
        # Without trailer or count nobody can tell that whole rows are missing at the end; but no
        # row is ever taken changed.
        assert found == (whole[: len(found)] if name == "csv" else whole), size


def test_a_line_without_end_is_refused_before_it_fills_the_memory() -> None:
    class Endless(io.RawIOBase):
        """A gigabyte of one letter, made as it is read."""

        given = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
            if self.given > 1 << 30:
                return 0
            buffer[:] = b"A" * len(buffer)
            self.given += len(buffer)
            return len(buffer)

    endless = Endless()
    with pytest.raises(FileRefused) as caught:
        list(FileReader(MADE["bars"]).chunks(io.BufferedReader(endless)))
    assert caught.value.code == "LINE_TOO_LONG"
    assert endless.given < 10 * MAX_LINE + (1 << 20)


@pytest.mark.parametrize("name", MADE)
@given(junk=st.binary(max_size=400))
@settings(max_examples=150, deadline=None)
def test_no_bytes_crash_a_reader(name: str, junk: bytes) -> None:
    _read(MADE[name], junk)


@pytest.mark.parametrize("name", MADE)
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_changed_byte_is_refused_or_read_as_it_stands(name: str, data: st.DataObject) -> None:
    good = bytearray(content(name))
    place = data.draw(st.integers(0, len(good) - 1))
    good[place] = data.draw(st.integers(0, 255))
    _read(MADE[name], bytes(good))


def _read(made: Layout, raw: bytes) -> None:
    with contextlib.suppress(FileRefused):
        for chunk in FileReader(made).chunks(io.BytesIO(raw)):
            for name in NAMES:
                assert len(chunk.columns.get(name, chunk.lines)) == len(chunk)
