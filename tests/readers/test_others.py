"""BAI2, OFX and NACHA: amounts, totals and references, and the front door to all readers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.formats.bai2.reader import read_bai2
from engine.formats.nacha.reader import read_nacha
from engine.formats.ofx.reader import read_ofx
from engine.formats.readers import FileRead, read_file, reader_of, readers
from engine.formats.reading import FormatError
from engine.formats.statement import continuity
from tests.readers.test_mt940 import WHOLE

BAI2 = """\
01,BANK,US,261123,0900,1,80,1,2/
02,US,BANK,1,261123,,USD,2/
03,4711,USD,010,100000,,,015,97500,,/
16,475,3000,V,261124,,B1,D1-1,CHEQUE PAID/
88,SECOND LINE
16,195,500,,B2,,WIRE, WITH COMMA/
49,201000,5/
98,201000,1,7/
99,201000,1,9/
"""

OFX = """\
OFXHEADER:100
DATA:OFXSGML
VERSION:102

<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS></SONRS></SIGNONMSGSRSV1>
<BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD
<BANKACCTFROM><BANKID>1<ACCTID>4711<ACCTTYPE>CHECKING</BANKACCTFROM>
<BANKTRANLIST><DTSTART>20261101<DTEND>20261130
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20261123120000.000[-5:EST]<TRNAMT>-1,234.50<FITID>F1
<NAME>A &amp; B<MEMO></STMTTRN>
<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20261124<TRNAMT>+5,00<FITID>F2<NAME>C</STMTTRN>
</BANKTRANLIST><LEDGERBAL><BALAMT>77.10<DTASOF>20261130</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>
"""


def nacha(*entries: tuple[str, int], debit: int | None = None) -> str:
    """A file of one batch with entries (transaction code, amount); `debit` lies about the sum."""
    lines = [
        f"101 04200001302313801042611230900A094101{'BANK':<23}COMPANY".ljust(94),
        f"5200{'COMPANY':<36}0231380104PPD{'PAYROLL':<10}261123261123   1042000010000001",
    ]
    hashed = debits = credits = 0
    for place, (code, amount) in enumerate(entries, 1):
        lines.append(
            f"6{code}021200025{'998412345':<17}{amount:010d}{'A271':<15}{'JULIAN PRICE':<22}  "
            f"004200001{place:07d}"[:94]
            .replace("004200001", "04200001", 1)
            .ljust(94)
        )
        hashed += 2120002
        debits += amount if code[1] in "678" else 0
        credits += amount if code[1] in "12" else 0
    said = debits if debit is None else debit
    sums = f"{hashed:010d}{said:012d}{credits:012d}"
    lines.append(f"8200{len(entries):06d}{sums}{'0231380104':<35}042000010000001")
    lines.append(f"9000001000001{len(entries):08d}{sums}".ljust(94))
    return "\n".join(lines) + "\n"


def test_bai2_gives_bookings_balances_and_references() -> None:
    read = read_bai2(BAI2.encode())
    (statement,) = read.statements
    assert read.findings == ()
    assert (statement.account, statement.opening, statement.closing) == ("4711", 100_000, 97_500)
    first, second = statement.lines
    assert (first.signed, second.signed) == (-3_000, 500)
    assert (first.bank_reference, first.our_reference) == ("B1", "D1-1")
    assert first.remittance == "CHEQUE PAID SECOND LINE"
    assert second.remittance == "WIRE, WITH COMMA"
    assert first.value_date.isoformat() == "2026-11-24"
    assert continuity(statement, None) == ()


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("49,201000,5/", "49,201001,5/", "TOTALS"),
        ("49,201000,5/", "49,201000,6/", "TOTALS"),
        ("49,201000,5/\n", "", "NO_TRAILER"),
        ("16,475,3000", "16,475,30.00", "RECORD"),
        ("16,475,", "16,ABC,", "RECORD"),
        ("03,4711,USD", "03,4711,XXX", "RECORD"),
    ],
)
def test_bai2_that_does_not_add_up_is_said(old: str, new: str, code: str) -> None:
    assert old in BAI2
    read = read_bai2(BAI2.replace(old, new).encode())
    assert code in {one.code for one in read.findings if one.fatal}


def test_ofx_without_end_tags_gives_bookings_and_balance() -> None:
    read = read_ofx(OFX.encode())
    (statement,) = read.statements
    assert read.findings == ()
    assert (statement.account, statement.currency, statement.closing) == ("4711", "USD", 7_710)
    assert [one.signed for one in statement.lines] == [-123_450, 500]
    assert statement.lines[0].counterparty_name == "A & B"
    assert statement.lines[0].bank_reference == "F1"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("<OFX>", "<!DOCTYPE x><OFX>", "DOCTYPE"),
        ("<OFX>", "<OFY>", "NO_OFX"),
        ("STMTRS", "INVSTMTRS", "INVESTMENT"),
        ("STMTRS", "OTHERRS", "NO_STATEMENT"),
    ],
)
def test_ofx_that_holds_no_statement_is_refused(old: str, new: str, code: str) -> None:
    with pytest.raises(FormatError) as caught:
        read_ofx(OFX.replace(old, new).encode())
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<TRNAMT>-1,234.50", "<TRNAMT>much"),
        ("<DTPOSTED>20261124", "<DTPOSTED>20261324"),
        ("<CURDEF>USD", "<CURDEF>XXX"),
    ],
)
def test_an_ofx_booking_that_cannot_be_read_is_said(old: str, new: str) -> None:
    read = read_ofx(OFX.replace(old, new).encode())
    assert [one for one in read.findings if one.fatal]


def test_nacha_credits_to_receivers_are_debits_of_the_company() -> None:
    read = read_nacha(nacha(("22", 27_000), ("27", 100)).encode())
    assert read.findings == ()
    (statement,) = read.statements
    assert [one.signed for one in statement.lines] == [-27_000, 100]
    assert statement.lines[0].counterparty_account == "998412345"
    assert statement.lines[0].counterparty_name == "JULIAN PRICE"


@pytest.mark.parametrize(
    "change",
    [
        lambda text: nacha(("22", 27_000), ("27", 100), debit=101),
        lambda text: "\n".join(text.split("\n")[:-2]),
        lambda text: text.replace("\n9000001", "\n9000002"),
        lambda text: "\n".join(one for one in text.split("\n") if not one.startswith("627")),
        lambda text: text.replace("0000027000", "00000270X0"),
    ],
)
def test_nacha_totals_hold_or_the_file_is_not_whole(change: Callable[[str], str]) -> None:
    text = nacha(("22", 27_000), ("27", 100))
    assert [one for one in read_nacha(change(text).encode()).findings if one.fatal]


def test_nacha_entries_without_money_are_lines_and_keep_their_addenda() -> None:
    text = nacha(("22", 27_000), ("21", 0))
    old = next(one for one in text.split("\n") if one.startswith("621"))
    addenda = "798C01121042880000001      121042881918171614".ljust(79) + "091012980000088"
    changed = text.replace(old, f"{old[:78]}1{old[79:]}\n{addenda}")
    changed = changed.replace("8200000002", "8200000003").replace(
        "900000100000100000002", "900000100000100000003"
    )
    read = read_nacha(changed.encode())
    assert read.findings == ()
    assert [(one.amount, one.return_reason) for one in read.statements[0].lines] == [
        (27_000, None),
        (0, "C01"),
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n5200", "\n5100"),
        ("\n8200", "\n8220"),
        ("042000010000001\n9", "042000010000002\n9"),
    ],
)
def test_a_nacha_batch_that_does_not_fit_its_control_record_is_said(old: str, new: str) -> None:
    text = nacha(("22", 27_000))
    assert text.count(old) == 1
    read = read_nacha(text.replace(old, new).encode())
    assert next(one.code for one in read.findings if one.fatal) == "BATCH"


def test_bai2_names_the_party_in_continuations_and_keeps_zero_amounts() -> None:
    record = "16,447,0,,B9,,ACH\n88,EREF: D1-9\n88,CRNM: ACME\n88,DBNM: US\n88,CACT: 77\n"
    text = BAI2.replace("49,201000,5/", record + "49,201000,10/")
    text = text.replace(",1,7/", ",1,12/").replace(",1,9/", ",1,14/")
    read = read_bai2(text.encode())
    assert read.findings == ()
    last = read.statements[0].lines[-1]
    assert (last.amount, last.direction, last.our_reference) == (0, "debit", "D1-9")
    assert (last.counterparty_name, last.counterparty_account) == ("ACME", "77")
    assert [one.kind for one in read.statements[0].balances] == ["010", "015"]


def test_ofx_without_currency_takes_that_of_its_bookings_and_their_balances() -> None:
    text = OFX.replace("<CURDEF>USD", "<CURDEF>").replace("<LEDGERBAL><BALAMT>77.10", "<LEDGERBAL>")
    text = text.replace(
        "<MEMO></STMTTRN>", "<ACCTBAL>72.10<CURRENCY><CURSYM>AUD</CURRENCY></STMTTRN>"
    )
    read = read_ofx(text.encode())
    assert read.findings == ()
    assert (read.statements[0].currency, read.statements[0].lines[0].balance) == ("AUD", 7_210)


def test_ofx_without_its_end_is_kept_back_whole() -> None:
    read = read_file(OFX.replace("</OFX>", "").encode())
    assert len(read.statements) == 1
    assert read.refused is not None


def test_ofx_says_what_the_server_said() -> None:
    text = "<OFX><STATUS><CODE>2000<SEVERITY>ERROR<MESSAGE>General error</STATUS></OFX>"
    with pytest.raises(FormatError) as caught:
        read_ofx(text.encode())
    assert "status 2000 General error" in caught.value.text.en


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (BAI2.encode(), "bai2"),
        (OFX.encode(), "ofx"),
        (nacha(("22", 1)).encode(), "nacha"),
        (WHOLE, "mt940"),
        (b"\xef\xbb\xbf" + WHOLE, "mt940"),
        (
            b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"/>',
            "camt",
        ),
    ],
)
def test_a_file_is_recognised_by_how_it_begins(content: bytes, name: str) -> None:
    found = reader_of(content)
    assert found is not None
    assert found.name == name


def test_a_file_of_no_known_format_is_refused_with_what_is_known() -> None:
    with pytest.raises(FormatError) as caught:
        read_file("交易日期,金额\n2026-11-23,1.00\n".encode())
    assert caught.value.code == "UNKNOWN_FORMAT"
    assert all(one.name in caught.value.text.en for one in readers())


@pytest.mark.parametrize("good", [BAI2.encode(), OFX.encode(), nacha(("22", 5)).encode(), WHOLE])
@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_no_changed_file_crashes_a_reader(good: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(good)))
    size = data.draw(st.integers(0, 20))
    bad = good[:place] + data.draw(st.binary(max_size=20)) + good[place + size :]
    reader = reader_of(good)
    assert reader is not None
    _read(reader.read, bad)


@pytest.mark.parametrize("good", [BAI2.encode(), OFX.encode(), nacha(("22", 5)).encode()])
def test_a_file_cut_off_is_refused_or_said_not_to_be_whole(good: bytes) -> None:
    reader = reader_of(good)
    assert reader is not None
    whole = reader.read(good)
    for size in range(len(good)):
        read = _read(reader.read, good[:size])
        if read is not None and read.whole and read.statements != whole.statements:
            # OFX has no totals: only bookings before a whole end tag are taken, and the balance of
            # a statement that is not closed is missing.
            assert read.statements[0].closing is None


def _read(read: Callable[[bytes], FileRead], content: bytes) -> FileRead | None:
    try:
        return read(content)
    except FormatError:
        return None
