"""What bad files get: every one a sentence with place and remedy, and nothing by halves."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.formats import archives, encodings, readers
from engine.formats.archives import is_archive, members_of
from engine.formats.encodings import text_of_bytes
from engine.formats.looking import looked_into
from engine.formats.readers import read_file
from engine.formats.reading import FormatError
from tests.formats.making import camt, ntry, stmt
from tests.readers.test_mt940 import CLOSE, OPEN, WHOLE, message
from tests.readers.test_others import BAI2, OFX, nacha


def code_of(content: bytes) -> str:
    """The code a file is refused with."""
    with pytest.raises(FormatError) as caught:
        read_file(content)
    assert caught.value.text.en
    assert caught.value.text.zh
    return caught.value.code


@pytest.mark.parametrize("content", [b"", b"  \r\n\t ", b"\n"])
def test_an_empty_file_is_refused(content: bytes) -> None:
    assert code_of(content) == "EMPTY"


def test_a_file_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "MAX_BYTES", 100)
    assert code_of(WHOLE) == "TOO_LARGE"


TEXTS = [
    ("mt940", WHOLE),
    ("bai2", BAI2.encode()),
    ("ofx", OFX.encode()),
    ("nacha", nacha(("22", 5)).encode()),
]


@pytest.mark.parametrize(("name", "content"), TEXTS)
@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_encoding_of_a_file_gives_the_same_lines(
    name: str, content: bytes, codec: str
) -> None:
    read = read_file(content.decode().encode(codec))
    plain = read_file(content)
    assert read.format == name
    assert read.statements == plain.statements


def test_utf_16_is_read_in_xml() -> None:
    plain = camt(stmt(ntry("1.00"), closing="99.00"))
    wide = plain.decode().replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16")
    assert read_file(wide).statements == read_file(plain).statements


@pytest.mark.parametrize(
    ("text", "codec"),
    [("保险公司北京", "gb18030"), ("Grüße aus Köln", "cp1252"), ("Żółć", "utf-8")],
)
def test_the_encoding_of_text_is_found_out(text: str, codec: str) -> None:
    content = message(OPEN, ":61:261123C1,NTRFX", f":86:{text}").encode(codec)
    assert read_file(content).statements[0].lines[0].remittance == text


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (b"a\nb\0c" * 5, "NUL", 2),
        (b"\xff\xfea", "ENCODING", 1),
        (b"\xef\xbb\xbfa\n\xff", "ENCODING", 2),
        ("é\n".encode() + b"\xe9t\xe9 ", "MIXED_ENCODING", 2),
        (b"a\n" + b"x" * 200, "LINE_TOO_LONG", 2),
    ],
)
def test_damaged_text_is_refused_with_its_line(content: bytes, code: str, line: int) -> None:
    with pytest.raises(FormatError) as caught:
        text_of_bytes(content, max_line=100)
    assert caught.value.code == code
    assert caught.value.text.en.startswith(f"line {line}: ")


def test_a_line_without_end_is_refused_before_it_is_read() -> None:
    assert code_of(WHOLE + b":86:" + b"x" * (encodings.MAX_LINE + 1)) == "LINE_TOO_LONG"


@pytest.mark.parametrize("bad", ["\u202e", "\u200f", "\x07", "\x1b", "\ufeff"])
def test_characters_nobody_sees_are_taken_out_and_said(bad: str) -> None:
    content = message(OPEN, ":61:261123C1,NTRFX", f":86:166?20a{bad}b?32Wa{bad}ng")
    read = read_file(content.encode())
    (line,) = read.statements[0].lines
    assert (line.counterparty_name, line.remittance) == ("Wang", "ab")
    assert [(one.code, one.fatal, one.statement) for one in read.findings] == [("UNSEEN", False, 0)]


def test_a_doctype_is_refused_whatever_the_format() -> None:
    evil = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY x "0">]>'
    assert code_of(evil + camt(stmt(ntry())).split(b"\n", 1)[1]) == "XML_DOCTYPE"
    assert code_of(evil + b"<OFX></OFX>") == "DOCTYPE"


def test_xml_cut_off_anywhere_is_refused_as_a_whole() -> None:
    whole = camt(stmt(ntry("1.00"), closing="99.00") + stmt(ntry("1.00"), closing="99.00"))
    for size in range(0, len(whole) - 1, 7):
        try:
            read = read_file(whole[:size])
        except FormatError:
            continue
        assert read.refused is not None


def test_statements_of_a_file_follow_each_other() -> None:
    first = message(OPEN, ":61:261123D40,NTRFX", f"{CLOSE}60,00")
    second = message(":60F:C261123EUR60,00", ":61:261124D1,NTRFX", ":62F:C261124EUR59,00")
    other = message(":60F:C261123EUR61,00", ":61:261124D2,NTRFX", ":62F:C261124EUR59,00")
    for parts, kept_back in (((first, second), 0), ((second, first), 0), ((first, other), 1)):
        read = read_file("".join(parts).encode())
        assert [one.balanced for one in read.verdicts] == [True, True]
        assert sum(bool(one.reasons) for one in read.verdicts) == kept_back


def test_a_broken_statement_keeps_back_itself_alone() -> None:
    good = message(OPEN, ":61:261123D40,NTRFX", f"{CLOSE}60,00")
    bad = message(OPEN, ":61:261123D4O,NTRFX", f"{CLOSE}60,00", account="X2")
    verdicts = read_file((bad + good).encode()).verdicts
    assert [bool(one.reasons) for one in verdicts] == [True, False]
    assert "line 4" in verdicts[0].reasons[0].en


def test_totals_of_the_file_keep_all_of_it_back() -> None:
    read = read_file(BAI2.replace("99,201000", "99,201001").encode())
    assert read.refused is not None
    account = read_file(
        BAI2.replace("49,201000", "49,201001").replace(",201000,1", ",201001,1").encode()
    )
    assert account.refused is None
    assert account.verdicts[0].reasons


def zipped(**members: bytes) -> bytes:
    """A zip file of members; `__` in a name stands for a slash."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return made.getvalue()


def test_a_zip_file_gives_a_row_for_each_member() -> None:
    rows = looked_into("x.zip", zipped(a=WHOLE, d__b=BAI2.encode(), c=b"hello"), None, None)
    assert [(row.file, row.format, row.lines) for row in rows] == [
        ("x.zip/a", "mt940", 1),
        ("x.zip/d/b", "bai2", 2),
        ("x.zip/c", "-", 0),
    ]


def _named(name: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(name, b"x")
    return made.getvalue()


def _encrypted() -> bytes:
    made = bytearray(zipped(a=b"x"))
    made[6] |= 1
    made[made.index(b"PK\x01\x02") + 8] |= 1
    return bytes(made)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (_named("../../etc/x"), "ZIP_NAME"),
        (_named("/etc/x"), "ZIP_NAME"),
        (_named("a\\..\\..\\x"), "ZIP_NAME"),
        (_named("C:x"), "ZIP_NAME"),
        (_encrypted(), "ZIP_ENCRYPTED"),
        (zipped(a=bytes(3_000_000)), "ZIP_BOMB"),
        (zipped(a=zipped(b=b"x")), "ZIP_NESTED"),
        (zipped(**{f"m{number}": b"" for number in range(201)}), "ZIP_MEMBERS"),
        (zipped(a=WHOLE * 50)[:-30], "ZIP_BROKEN"),
        (zipped(a=WHOLE)[:30] + zipped(a=WHOLE)[100:], "ZIP_BROKEN"),
        (zipped(a=WHOLE).replace(WHOLE[:4], b"PK\x03\x04")[:60], "ZIP_BROKEN"),
    ],
)
def test_a_zip_file_beyond_its_limits_is_refused_whole(content: bytes, code: str) -> None:
    assert is_archive(content)
    with pytest.raises(FormatError) as caught:
        members_of(content)
    assert caught.value.code == code
    (row,) = looked_into("x.zip", content, None, None)
    assert row.refused == caught.value.text


def test_members_together_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_TOTAL", 1_000)
    with pytest.raises(FormatError) as caught:
        members_of(zipped(a=b"x" * 600, b=b"y" * 600))
    assert caught.value.code == "ZIP_BOMB"


def test_what_a_zip_file_says_of_sizes_is_not_believed() -> None:
    made = bytearray(zipped(a=bytes(3_000_000)))
    place = made.index(b"PK\x01\x02") + 24
    made[place : place + 4] = (10).to_bytes(4, "little")
    with pytest.raises(FormatError) as caught:
        members_of(bytes(made))
    assert caught.value.code in ("ZIP_BOMB", "ZIP_BROKEN")


@given(place=st.integers(0, 400), size=st.integers(0, 200), junk=st.binary(max_size=20))
@settings(max_examples=200, deadline=None)
def test_no_changed_zip_file_crashes(place: int, size: int, junk: bytes) -> None:
    whole = zipped(a=WHOLE, b=BAI2.encode())
    bad = whole[:place] + junk + whole[place + size :]
    assert looked_into("x.zip", bad, None, None)
