"""Return files of the shipped layouts: no bad one is taken, none by halves, none misread."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.base.yaml_marks import lf
from engine.formats.layouts import FileRefused, Layout, ReturnFile, load, read_return
from engine.formats.layouts.folder import LAYOUTS

NAMES = ("bars-return", "fixed-return", "comma-return")
MADE = {name: load((LAYOUTS / f"{name}.yaml").read_text("utf-8"), f"{name}.yaml") for name in NAMES}


def content(name: str) -> bytes:
    """The file of the layout's own example."""
    if name == "fixed-return":
        return (LAYOUTS / "samples" / "fixed-return.dat").read_bytes()
    text = lf((LAYOUTS / f"{name}.yaml").read_text("utf-8"))
    block = text.split("    file: |\n")[1]
    return re.sub(r"^ {6}", "", block, flags=re.MULTILINE).replace("\n", "\r\n").encode("gb18030")


GOOD = {name: content(name) for name in NAMES}


def read(made: Layout, raw: bytes) -> ReturnFile:
    """A return file in yuan."""
    return read_return(made, io.BytesIO(raw), "CNY")


def _long(raw: bytes) -> bytes:
    """An account of 35 bytes, the last two a character; a csv has no widths, there it is a cell
    more."""
    return b"6," if b",62" in raw else b"6" * 33 + "王".encode("gb18030")


def _rows(change: Callable[[list[bytes]], list[bytes]]) -> Callable[[bytes], bytes]:
    return lambda raw: b"".join(change(raw.splitlines(keepends=True)))


Change = Callable[[bytes], bytes]
BAD: dict[str, Change] = {
    "empty": lambda _: b"",
    "a row missing": _rows(lambda rows: rows[:1] + rows[2:]),
    "a row twice": _rows(lambda rows: [*rows[:2], *rows[1:]]),
    "no first line": _rows(lambda rows: rows[1:]),
    "the last line missing": _rows(lambda rows: rows[:-1]),
    "first line last": _rows(lambda rows: [*rows[1:], rows[0]]),
    "UTF-8": lambda raw: raw.decode("gb18030").encode(),
    "UTF-16": lambda raw: raw.decode("gb18030").encode("utf-16"),
    "a byte order mark": lambda raw: b"\xef\xbb\xbf" + raw,
    "a zero byte": lambda raw: raw.replace(b"6222021001000001", b"622202100100\x000001"[:17]),
    "a control character": lambda raw: raw.replace(b"6222021001000001", b"622202100100000\x07"),
    "a direction mark": lambda raw: raw.replace(
        b"6222021001000001", b"622202100100" + "\u202e".encode("gb18030")
    ),
    "a Chinese character a byte over its field": lambda raw: raw.replace(
        b"6222021001000001", _long(raw)
    ),
    "a separator in a text": lambda raw: raw.replace(b"6222021001000001", b"62220,|1001000001"),
    "an amount in fen": lambda raw: (
        re.sub(rb"49999\.99", b"4999999", raw)
        if b"49999.99" in raw
        else raw.replace(b"000000004999999", b"000000049999.99")
    ),
    "an amount without its last digit": lambda raw: (
        raw.replace(b"49999.99", b"49999.9")
        if b"49999.99" in raw
        else raw.replace(b"000000004999999", b"00000000499999 ")
    ),
    "lines that end nowhere": lambda raw: raw.replace(b"\r\n", b""),
    "an endless line": lambda raw: raw + b"9" * 70_000,
    "another bank's file": lambda _: b"H|1|2\r\nX|9\r\n",
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("case", BAD)
def test_a_bad_return_file_is_refused_with_a_remedy(name: str, case: str) -> None:
    bad = BAD[case](GOOD[name])
    assert bad != GOOD[name]
    with pytest.raises(FileRefused) as caught:
        read(MADE[name], bad)
    for fault in caught.value.faults:
        assert fault.text.en.count(" ") > 2
        assert fault.text.zh
        assert fault.record == "file" or fault.line is not None


@pytest.mark.parametrize("name", NAMES)
def test_a_return_file_cut_off_anywhere_is_refused_or_whole(name: str) -> None:
    whole = read(MADE[name], GOOD[name]).items
    for size in range(len(GOOD[name])):
        try:
            found = read(MADE[name], GOOD[name][:size]).items
        except FileRefused:
            continue
        assert found == whole, size
        assert size >= len(GOOD[name]) - 8  # only the end of the last line may be gone


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_a_changed_byte_never_changes_how_many_items_or_how_much(
    name: str, data: st.DataObject
) -> None:
    """Count and sum of the file hold every amount; a csv has only its count."""
    good = bytearray(GOOD[name])
    place = data.draw(st.integers(0, len(good) - 1))
    good[place] = data.draw(st.integers(0, 255))
    whole = read(MADE[name], GOOD[name]).items
    try:
        found = read(MADE[name], bytes(good)).items
    except FileRefused:
        return
    assert len(found) == len(whole)
    if name != "comma-return":
        assert sum(one.amount for one in found) == sum(one.amount for one in whole)
    for one, other in zip(found, whole, strict=True):
        listed = MADE[name].codes
        assert listed is not None
        assert one.code == other.code or one.meaning == listed.read.get(one.code, "unknown")
