"""camt files as banks really write them: read what can be read, say what cannot."""

from __future__ import annotations

import io
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.formats.iso20022.camt import iter_camt, read_camt
from engine.formats.statement import StatementLine, continuity, line_identities
from tests.formats.making import DAY, balance, camt, ntry, stmt

OURS = (
    "<AcctSvcrRef>BANK-1</AcctSvcrRef><NtryDtls><TxDtls><Refs><MsgId>PB1</MsgId>"
    "<InstrId>D1-1</InstrId><EndToEndId>D1-1</EndToEndId></Refs><RltdPties>"
    "<Cdtr><Nm>张三</Nm></Cdtr><CdtrAcct><Id><Othr><Id>6222</Id></Othr></Id></CdtrAcct>"
    "</RltdPties><RmtInf><Ustrd>理赔</Ustrd><Ustrd>款</Ustrd></RmtInf></TxDtls></NtryDtls>"
)


def _line(entry: str, version: str = "053.001.02") -> StatementLine:
    (read,) = read_camt(camt(stmt(entry), version)).statements
    (only,) = read.lines
    return only


def _codes(content: bytes) -> list[str]:
    return [finding.code for finding in read_camt(content).findings]


def test_a_statement_has_head_balances_and_lines() -> None:
    (read,) = read_camt(camt(stmt(ntry("1.00", details=OURS), closing="99.00"))).statements
    assert (read.account, read.currency, read.identification, read.sequence, read.date) == (
        "9010001",
        "CNY",
        "S1",
        7,
        DAY,
    )
    assert (read.opening, read.closing) == (10_000, 9_900)


def test_an_entry_carries_references_counterparty_and_text() -> None:
    found = _line(ntry("1.00", details=OURS))
    assert (found.bank_reference, found.our_reference, found.message_reference) == (
        "BANK-1",
        "D1-1",
        "PB1",
    )
    assert (found.counterparty_name, found.counterparty_account) == ("张三", "6222")
    assert found.remittance == "理赔 款"
    assert (found.amount, found.direction, found.balance) == (100, "debit", None)


@pytest.mark.parametrize("version", ["053.001.01", "053.001.02", "053.001.08", "053.001.13"])
def test_any_version_is_read(version: str) -> None:
    assert _line(ntry(details=OURS), version).our_reference == "D1-1"


def test_a_file_without_namespace_is_read() -> None:
    plain = camt(stmt(ntry())).replace(
        b' xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"', b""
    )
    assert len(read_camt(plain).statements[0].lines) == 1


def test_later_versions_wrap_status_and_party() -> None:
    details = OURS.replace("<Cdtr><Nm>张三</Nm></Cdtr>", "<Cdtr><Pty><Nm>张三</Nm></Pty></Cdtr>")
    found = _line(ntry(status="<Sts><Cd>BOOK</Cd></Sts>", details=details), "053.001.08")
    assert found.counterparty_name == "张三"


@pytest.mark.parametrize(
    ("written", "minor"),
    [("1", 100), ("1.0", 100), ("1.50000", 150), ("+1.00", 100), (" 1.00 ", 100), ("0.00", 0)],
)
def test_amounts_are_read_exactly(written: str, minor: int) -> None:
    assert _line(ntry(written)).amount == minor


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("1.001", "AMOUNT_DECIMALS"),
        ("1E+3", "AMOUNT_UNREADABLE"),
        ("1,000.00", "AMOUNT_UNREADABLE"),
        ("", "AMOUNT_UNREADABLE"),
        ("9" * 20, "AMOUNT_TOO_LARGE"),
        ("-1.00", "NEGATIVE_AMOUNT"),
    ],
)
def test_an_amount_that_cannot_be_read_exactly_is_a_finding_with_its_line(
    written: str, code: str
) -> None:
    read = read_camt(camt(stmt(ntry(written))))
    assert [(one.code, one.fatal, one.line) for one in read.findings] == [(code, True, 2)]
    assert read.statements[0].lines == ()


def test_an_unknown_currency_or_direction_is_a_finding() -> None:
    assert _codes(camt(stmt(ntry(currency=' Ccy="XYZ"')))) == [
        "UNKNOWN_CURRENCY",
        "CURRENCY_MISMATCH",
    ]
    assert _codes(camt(stmt(ntry(side="SOON")))) == ["NO_DIRECTION"]


def test_entries_that_are_not_booked_are_left_out_and_named() -> None:
    read = read_camt(camt(stmt(ntry(status="<Sts>PDNG</Sts>"))))
    assert read.statements[0].lines == ()
    assert [(one.code, one.fatal) for one in read.findings] == [("NOT_BOOKED", False)]


def test_missing_dates_are_taken_from_what_is_there() -> None:
    read = read_camt(camt(stmt(ntry(dates="<ValDt><DtTm>2026-11-20T09:00:00</DtTm></ValDt>"))))
    assert read.statements[0].lines[0].booking_date.isoformat() == "2026-11-20"
    assert [one.code for one in read.findings] == ["NO_BOOKING_DATE"]
    read = read_camt(camt(stmt(ntry(dates=""))))
    assert read.statements[0].lines[0].booking_date == DAY


def test_a_batch_booking_has_the_message_reference_alone() -> None:
    details = (
        "<NtryDtls><Btch><MsgId>PB1</MsgId><NbOfTxs>2</NbOfTxs></Btch></NtryDtls>"
        "<AddtlNtryInf>代付</AddtlNtryInf>"
    )
    found = _line(ntry(details=details))
    assert (found.message_reference, found.our_reference, found.remittance) == ("PB1", None, "代付")


def test_an_entry_of_several_transactions_of_one_message_names_the_message() -> None:
    one = "<TxDtls><Refs><MsgId>PB1</MsgId><EndToEndId>{}</EndToEndId></Refs></TxDtls>"
    found = _line(ntry(details=f"<NtryDtls>{one.format('A')}{one.format('B')}</NtryDtls>"))
    assert (found.message_reference, found.our_reference) == ("PB1", None)


def test_not_provided_is_no_reference() -> None:
    found = _line(ntry(details=OURS.replace("D1-1", "NOTPROVIDED")))
    assert found.our_reference is None


def test_a_return_has_its_reason_and_the_parties_of_the_original() -> None:
    details = OURS.replace("</RmtInf>", "</RmtInf><RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>")
    found = _line(ntry(side="CRDT", details=details))
    assert (found.return_reason, found.our_reference) == ("AC04", "D1-1")
    assert found.counterparty_account == "6222"
    assert _line(ntry(details="<RvslInd>true</RvslInd>")).return_reason == "REVERSAL"


def test_debit_balances_are_negative() -> None:
    read = read_camt(camt(stmt(opening="-5.00", closing="-6.00", entries=ntry())))
    assert (read.statements[0].opening, read.statements[0].closing) == (-500, -600)


def test_several_statements_stay_several() -> None:
    read = read_camt(camt(stmt(ntry()) + stmt(ntry() + ntry())))
    assert [len(one.lines) for one in read.statements] == [1, 2]


def test_a_report_gives_book_and_available_balance() -> None:
    body = (
        "<Rpt><Id>R</Id><CreDtTm>2026-11-23T09:30:00+08:00</CreDtTm>"
        "<Acct><Id><Othr><Id>9010001</Id></Othr></Id><Ccy>CNY</Ccy></Acct>"
        f"{balance('ITBD', '10.00')}{balance('ITAV', '8.00')}</Rpt>"
    )
    (report,) = read_camt(camt(body, "052.001.02", "BkToCstmrAcctRpt")).balances
    assert (report.booked, report.available) == (1_000, 800)
    assert report.as_of.isoformat() == "2026-11-23T09:30:00+08:00"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "XML_BROKEN"),
        (b"no xml at all", "XML_BROKEN"),
        (camt(stmt(ntry()))[:-30], "XML_BROKEN"),
        (b"<html><body>502</body></html>", "NO_CAMT"),
        (b'<!DOCTYPE x [<!ENTITY x "0">]>' + camt(stmt(ntry("1&x;00")))[38:], "XML_DOCTYPE"),
        (
            b'<!DOCTYPE x SYSTEM "file:///etc/passwd">' + camt(stmt(ntry()))[38:],
            "XML_DOCTYPE",
        ),
        (camt(stmt(ntry("1&x;00"))), "XML_BROKEN"),
    ],
)
def test_broken_and_hostile_files_are_findings_and_never_a_crash(content: bytes, code: str) -> None:
    read = read_camt(content)
    assert read.statements == () or code == "XML_BROKEN"
    assert [one.code for one in read.findings if one.fatal] == [code]


def test_a_file_that_breaks_off_gives_only_complete_statements() -> None:
    whole = camt(stmt(ntry()) + stmt(ntry()))
    read = read_camt(whole[: whole.rindex(b"</Stmt>") - 10])
    assert len(read.statements) == 1
    assert [one.code for one in read.findings] == ["XML_BROKEN"]


class _Long(io.BytesIO):
    """A camt file of `count` entries that is never in memory as a whole."""

    def __init__(self, count: int) -> None:
        whole = camt(stmt("@"))
        head, _, tail = whole.partition(b"@")
        entry = ntry(details=OURS).encode()

        def parts() -> Iterator[bytes]:
            yield head
            for _ in range(count // 100):
                yield entry * 100
            yield tail

        super().__init__()
        self._parts = parts()
        self._rest = b""

    def read(self, size: int | None = -1) -> bytes:
        size = size or 0
        while len(self._rest) < size and (part := next(self._parts, b"")):
            self._rest += part
        given, self._rest = self._rest[:size], self._rest[size:]
        return given


def _resident() -> int:
    """Bytes this process holds: libxml2's memory is not Python's."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def test_memory_does_not_grow_with_the_file() -> None:
    """20,000 entries are 16 MB of text and some 200 MB as a tree."""
    list(iter_camt(_Long(1_000)))
    before, peak, count = _resident(), 0, 0
    for part in iter_camt(_Long(20_000)):
        if isinstance(part, StatementLine):
            count += 1
            if count % 1_000 == 0:
                peak = max(peak, _resident())
    assert count == 20_000
    assert peak - before < 16_000_000


def _batch(*shares: str) -> str:
    parts = "".join(
        f"<TxDtls><Refs><EndToEndId>E{place}</EndToEndId></Refs>"
        f'<Amt Ccy="CNY">{share}</Amt><CdtDbtInd>DBIT</CdtDbtInd></TxDtls>'
        for place, share in enumerate(shares)
    )
    return f"<NtryDtls><Btch><MsgId>PB1</MsgId></Btch>{parts}</NtryDtls>"


def test_a_batch_whose_transactions_add_up_is_a_line_for_each() -> None:
    entry = ntry("3.50", details=_batch("1.00", "2.50"))
    (read,) = read_camt(camt(stmt(entry, closing="96.50"))).statements
    assert [(one.amount, one.our_reference, one.message_reference) for one in read.lines] == [
        (100, "E0", "PB1"),
        (250, "E1", "PB1"),
    ]
    assert continuity(read, None) == ()


def test_equal_transactions_of_a_batch_are_told_apart() -> None:
    entry = ntry("2.00", details="<AcctSvcrRef>B</AcctSvcrRef>" + _batch("1.00", "1.00"))
    (read,) = read_camt(camt(stmt(entry))).statements
    assert len(set(line_identities(read))) == 2


@pytest.mark.parametrize("shares", [("1.00", "2.00"), ("1.00", ""), ("4.50", "-1.00")])
def test_a_batch_whose_transactions_do_not_add_up_stays_whole(shares: tuple[str, ...]) -> None:
    assert _line(ntry("3.50", details=_batch(*shares))).amount == 350


def test_every_balance_is_kept_with_its_kind_currency_and_day() -> None:
    extra = balance("OPAV", "7.00") + balance("CLBD", "9.99").replace("CNY", "SEK")
    (read,) = read_camt(camt(stmt(extra))).statements
    assert [(one.kind, one.amount, one.currency) for one in read.balances] == [
        ("OPBD", 10_000, "CNY"),
        ("CLBD", 10_000, "CNY"),
        ("OPAV", 700, "CNY"),
        ("CLBD", 999, "SEK"),
    ]
    assert read.closing == 10_000


def test_a_closing_balance_in_another_currency_proves_nothing_and_is_named() -> None:
    read = read_camt(camt(stmt().replace('<Amt Ccy="CNY">', '<Amt Ccy="SEK">')))
    assert [one.code for one in read.findings] == ["BALANCE_CURRENCY", "BALANCE_CURRENCY"]
    assert (read.statements[0].opening, read.statements[0].closing) == (None, None)


def test_a_page_between_others_runs_from_interim_to_interim_balance() -> None:
    pages = stmt(ntry("1.00")).replace("OPBD", "ITBD").replace("CLBD", "ITBD")
    (read,) = read_camt(camt(pages.replace("100.00", "99.00"))).statements
    assert (read.opening, read.closing) == (9_900, 9_900)


def test_without_an_account_currency_the_booked_balances_tell_it() -> None:
    first = balance("CLAV", "5").replace("CNY", "JPY")
    content = stmt(ntry()).replace("<Ccy>CNY</Ccy>", "").replace("<Bal>", first + "<Bal>", 1)
    (read,) = read_camt(camt(content)).statements
    assert (read.currency, len(read.lines)) == ("CNY", 1)
