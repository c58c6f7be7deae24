"""MT940 and MT942: marks, dates, references, pages, broken messages."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.formats.reading import FormatError
from engine.formats.statement import StatementLine, continuity
from engine.formats.swift.mt940 import read_mt940


def message(*fields: str, account: str = "DE02120300000000202051") -> str:
    """A message with these fields after the account."""
    return "\r\n".join((":20:STMT", f":25:{account}", *fields, "-", ""))


def lines(text: str) -> list[tuple[int, str]]:
    """Signed amounts and booking days of the only statement."""
    (statement,) = read_mt940(text.encode()).statements
    return [(one.signed, one.booking_date.isoformat()) for one in statement.lines]


OPEN, CLOSE = ":60F:C261122EUR100,00", ":62F:C261123EUR"


@pytest.mark.parametrize(
    ("field", "signed"),
    [
        ("2611231123C12,5NTRFNONREF", 1250),
        ("2611231123D12,50NTRFNONREF", -1250),
        ("2611231123CR12,50NTRFNONREF", 1250),
        ("2611231123DR12,50NTRFNONREF", -1250),
        ("2611231123RC12,50NTRFNONREF", -1250),
        ("2611231123RD12,50NTRFNONREF", 1250),
        ("2611231123RCR12,50NTRFNONREF", -1250),
        ("261123C1234567,89NTRFNONREF", 123456789),
        ("261123    C1,NTRFNONREF", 100),
        ("2611231123C1.234,50NTRFNONREF", 123450),
        ("2611231123C000000000012,5000NTRFNONREF", 1250),
    ],
)
def test_mark_and_amount_say_which_way_money_went(field: str, signed: int) -> None:
    assert lines(message(OPEN, f":61:{field}")) == [(signed, "2026-11-23")]


@pytest.mark.parametrize(
    ("field", "day"),
    [
        ("2601020102", "2026-01-02"),
        ("2601021231", "2025-12-31"),
        ("2512310102", "2026-01-02"),
        ("260230", "2026-02-28"),
        ("2602300301", "2026-03-01"),
    ],
)
def test_the_entry_date_is_in_the_year_nearest_to_the_value_date(field: str, day: str) -> None:
    assert lines(message(OPEN, f":61:{field}C1,NTRFNONREF")) == [(100, day)]


def test_a_day_that_does_not_exist_is_said() -> None:
    read = read_mt940(message(OPEN, ":61:260230C1,NTRFNONREF").encode())
    assert [(one.code, one.fatal) for one in read.findings] == [("DATE_MOVED", False)]


@pytest.mark.parametrize(
    ("details", "name", "account", "text", "reference"),
    [
        (
            "166?00GS?20EREF+D20261123-1?21SVWZ+Rechnung 7?3012030000?31DE021?32ACME?33 Ltd",
            "ACME Ltd",
            "DE021",
            "Rechnung 7",
            "D20261123-1",
        ),
        ("020~00X~20erste~21zweite~32Meier~3112345", "Meier", "12345", "erste zweite", None),
        (
            "/TRTP/SEPA/IBAN/NL91ABNA0417164300/NAME/J JANSEN/REMI/FACTUUR 9/EREF/D1-1",
            "J JANSEN",
            "NL91ABNA0417164300",
            "FACTUUR 9",
            "D1-1",
        ),
        ("plain words\r\nover two lines", None, None, "plain words over two lines", None),
        ("166?20EREF+NOTPROVIDED?21SVWZ+x", None, None, "x", None),
    ],
)
def test_details_give_party_text_and_reference(
    details: str, name: str | None, account: str | None, text: str, reference: str | None
) -> None:
    read = read_mt940(message(OPEN, ":61:261123C1,NTRFNONREF", f":86:{details}").encode())
    (line,) = read.statements[0].lines
    assert (line.counterparty_name, line.counterparty_account) == (name, account)
    assert (line.remittance, line.our_reference) == (text, reference)


def test_references_are_ours_and_the_banks() -> None:
    read = read_mt940(message(OPEN, ":61:261123C1,NTRFD20261123-1//B77\r\nextra words").encode())
    (line,) = read.statements[0].lines
    assert (line.our_reference, line.bank_reference) == ("D20261123-1", "B77")
    assert line.remittance == "extra words"


def test_every_statement_of_a_file_stands_for_itself() -> None:
    good = message(OPEN, ":61:261123D40,NTRFX", f"{CLOSE}60,00")
    wrong = message(OPEN, ":61:261123D40,NTRFX", f"{CLOSE}61,00", account="X2")
    read = read_mt940((good + wrong).encode())
    assert [len(continuity(one, None)) for one in read.statements] == [0, 1]


def test_pages_of_one_statement_are_joined() -> None:
    first = message(":28C:7/1", OPEN, ":61:261123D40,NTRFX", ":62M:C261123EUR60,00")
    second = message(":28C:7/2", ":60M:C261123EUR60,00", ":61:261123D10,NTRFX", f"{CLOSE}50,00")
    (statement,) = read_mt940((first + second).encode()).statements
    assert (statement.opening, statement.closing, len(statement.lines)) == (10_000, 5_000, 2)
    assert continuity(statement, None) == ()


def test_a_line_that_cannot_be_read_keeps_its_statement_back() -> None:
    read = read_mt940(message(OPEN, ":61:261123X40,NTRFX", f"{CLOSE}60,00").encode())
    assert [(one.code, one.fatal, one.line) for one in read.findings] == [("LINE", True, 4)]
    assert [one.reason.value for one in continuity(read.statements[0], None)] == ["SUM_DIFFERS"]


def test_an_entry_outside_of_any_message_is_said() -> None:
    read = read_mt940((message(OPEN, f"{CLOSE}100,00") + ":61:261123C1,NTRFX\r\n").encode())
    assert [(one.code, one.fatal) for one in read.findings] == [("OUTSIDE", True)]


@pytest.mark.parametrize(("count", "total", "codes"), [(1, "12,00", []), (2, "12,00", ["TOTALS"])])
def test_totals_of_a_report_are_verified(count: int, total: str, codes: list[str]) -> None:
    report = message(
        ":34F:EUR0,", ":13D:2611231200+0100", ":61:261123C12,NTRFX", f":90C:{count}EUR{total}"
    )
    read = read_mt940(report.encode())
    assert [one.code for one in read.findings] == codes
    assert read.statements[0].date == dt.date(2026, 11, 23)


@pytest.mark.parametrize("text", ["", "hello", ":61:261123C1,NTRFX", ":20:X\r\n:28:1\r\n-"])
def test_what_is_no_statement_is_refused(text: str) -> None:
    with pytest.raises(FormatError) as caught:
        read_mt940(text.encode())
    assert caught.value.code == "NO_MT940"


WHOLE = message(
    ":28C:1/1",
    OPEN,
    ":61:2611231123D40,00NTRFD1-1//B1",
    ":86:166?20EREF+D1-1?21SVWZ+text?32Wang",
    f"{CLOSE}60,00",
).encode()


def test_a_message_cut_off_anywhere_is_never_taken_as_whole() -> None:
    for size in range(len(WHOLE) - 3):
        try:
            read = read_mt940(WHOLE[:size])
        except FormatError:
            continue
        statement = read.statements[0]
        if not continuity(statement, None):
            assert [one.signed for one in statement.lines] == [-4_000]
            assert statement.closing == 6_000


@given(junk=st.binary(max_size=300), place=st.integers(0, len(WHOLE)))
@settings(max_examples=300, deadline=None)
def test_no_bytes_crash_the_reader(junk: bytes, place: int) -> None:
    try:
        read = read_mt940(WHOLE[:place] + junk + WHOLE[place:])
    except FormatError as error:
        assert error.text.zh  # noqa: PT017 - any outcome but a crash
    else:
        assert all(one.amount >= 0 for made in read.statements for one in made.lines)


def first_line(*fields: str) -> StatementLine:
    """The first line of a message with these fields."""
    return read_mt940(message(OPEN, *fields).encode()).statements[0].lines[0]


def test_reversals_and_returns_say_so() -> None:
    assert first_line(":61:261123RC1,NTRFX").return_reason == "REVERSAL"
    assert first_line(":61:261123C1,NTRFX").return_reason is None
    returned = first_line(":61:261123C1,NTRFX", ":86:109?00RETOURE?20a?34914")
    assert returned.return_reason == "914"
    assert first_line(":61:261123C1,NTRFX", ":86:166?20a?34171").return_reason is None


def test_the_party_is_found_where_banks_put_it_in_field_61() -> None:
    behind = first_line(":61:261123D1,N060P000029225      KPN MOBIEL")
    assert (behind.our_reference, behind.counterparty_name) == ("P000029225", "KPN MOBIEL")
    below = first_line(":61:261123D1,NOVBNL47INGB9999999999\r\nj jansen")
    assert (below.counterparty_account, below.counterparty_name) == (
        "NL47INGB9999999999",
        "j jansen",
    )
    account = first_line(":61:261123D1,N102EREF\r\nNL70ABNA0987654321")
    assert (account.counterparty_account, account.our_reference) == ("NL70ABNA0987654321", None)


def test_named_parts_and_numbered_lines_give_party_and_text() -> None:
    named = first_line(
        ":61:261123C1,NTRFX",
        ":86:911 X; Z RACH.: \r\n56114010810000267002001001; OD: JAN NOWAK; TYT.: FAKTURA 7",
    )
    assert (named.counterparty_name, named.remittance) == ("JAN NOWAK", "FAKTURA 7")
    assert named.counterparty_account == "56114010810000267002001001"
    numbered = first_line(":61:261123C1,NTRFX", ":NS:01first\r\n02second\r\n15Meier\r\n16 AG")
    assert (numbered.counterparty_name, numbered.remittance) == ("Meier AG", "first second")


def test_a_time_at_the_beginning_of_a_wrapped_line_is_no_field() -> None:
    line = first_line(":61:261123C1,NTRFX", ":86:166?20at 2026-11-23T13\r\n:12:11 done")
    assert line.remittance == "at 2026-11-23T13:12:11 done"


def test_a_full_line_goes_on_in_the_middle_of_a_word() -> None:
    full = "x" * 63 + "fa"
    assert first_line(":61:261123C1,NTRFX", f":86:{full}\r\nctuur").remittance == full + "ctuur"


def test_a_balance_without_currency_has_that_of_the_message() -> None:
    read = read_mt940(message(OPEN, ":62F:C261123100,00").encode())
    (statement,) = read.statements
    assert (statement.closing, read.findings) == (10_000, ())
    assert [(one.kind, one.amount) for one in statement.balances] == [
        ("60F", 10_000),
        ("62F", 10_000),
    ]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ((OPEN, f"{CLOSE}100,00", OPEN), "SECOND_BALANCE"),
        ((OPEN, ":25:OTHER", f"{CLOSE}100,00"), "SECOND_ACCOUNT"),
        ((OPEN, ":61:261123C12,34,56NTRFX", f"{CLOSE}100,00"), "AMOUNT"),
    ],
)
def test_statements_run_together_are_kept_back(fields: tuple[str, ...], code: str) -> None:
    read = read_mt940(message(*fields).encode())
    assert [(one.code, one.fatal, one.statement) for one in read.findings] == [(code, True, 0)]


def test_entries_of_a_message_without_account_are_not_lost_silently() -> None:
    read = read_mt940((":20:A\r\n:61:261123C1,NTRFX\r\n-\r\n" + message(OPEN)).encode())
    assert [(one.code, one.fatal) for one in read.findings] == [
        ("NO_CURRENCY", True),
        ("NO_STATEMENT", False),
    ]
