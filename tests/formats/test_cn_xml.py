"""GB18030 XML: byte limits, exact control totals, nothing replaced silently."""

from __future__ import annotations

import pytest

from engine.formats.cn_xml.reader import read_balance, read_items, read_message, read_statements
from engine.formats.cn_xml.writer import ADDED, write_batch
from engine.formats.payment import PaymentItem, PaymentMessage, cut
from engine.formats.reading import FormatError
from engine.formats.templates import find_message
from engine.formats.xml_out.rendering import shared_renderer
from engine.formats.xml_out.writing import hash_total, message_faults
from tests.formats.making import item, message

DEFINITION, TEMPLATE = find_message("batch", ("cn_xml",), more=ADDED)


def written_batch(sent: PaymentMessage) -> bytes:
    return write_batch(sent, DEFINITION, TEMPLATE, shared_renderer())


def _cms(body: str, encoding: str = "GB18030") -> bytes:
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?><CMS><HEAD><TRCODE>QRY</TRCODE>'
        f"<RETCODE>0000</RETCODE><RETMSG>成功</RETMSG></HEAD><BODY>{body}</BODY></CMS>"
    )
    return text.encode("gb18030" if encoding.upper().startswith("GB") else "utf-8")


@pytest.mark.parametrize(("direction", "code"), [("pay", "PAYBAT"), ("collect", "COLBAT")])
def test_a_batch_has_its_control_totals(direction: str, code: str) -> None:
    sent = message(item(1, account="6222-000123"), item(2, account="A1234567"), direction=direction)
    written = written_batch(sent)
    assert written.startswith(b'<?xml version="1.0" encoding="GB18030"?>')
    read = read_message(written)
    assert read.trcode == code
    totals = [read.body.findtext(name) for name in ("TOTNUM", "TOTAMT", "HASHTOT")]
    assert totals == ["2", "200.02", str(123 + 234567)]
    assert hash_total(sent) == 234690


def test_names_come_back_as_they_went_in() -> None:
    written = written_batch(message(item(1, name="䶮𠮷·€<&>")))
    assert read_message(written).body.findtext("LIST/ITEM/OPPNAME") == "䶮𠮷·€<&>"


@pytest.mark.parametrize(
    ("bad", "field", "code"),
    [
        (item(1, name="张" * 61), "counterparty_name", "FIELD_TOO_LONG"),
        (item(1, name="\ue000"), "counterparty_name", "CHARACTER_REFUSED"),
        (item(1, name="\ud840"), "counterparty_name", "CHARACTER_REFUSED"),
        (item(1, code="9" * 13), "counterparty_bank_code", "FIELD_TOO_LONG"),
    ],
)
def test_lengths_are_bytes_and_strangers_are_named(bad: PaymentItem, field: str, code: str) -> None:
    (found,) = message_faults(message(bad), DEFINITION)
    assert (found.row, found.field, found.code) == (1, field, code)
    with pytest.raises(FormatError):
        written_batch(message(bad))


def test_a_refused_character_is_named_by_its_code_point() -> None:
    (found,) = message_faults(message(item(1, name="张\ue000")), DEFINITION)
    assert "U+E000" in found.text.en
    assert "U+E000" in found.text.zh


def test_the_purpose_is_cut_at_sixty_bytes_of_whole_characters() -> None:
    kept = cut("D20261123-000001 " + "款" * 60, DEFINITION.limits)
    assert len(kept.encode("gb18030")) == 59
    assert kept.endswith("款")


@pytest.mark.parametrize("encoding", ["GB18030", "GBK", "gb2312", "UTF-8"])
def test_the_declared_encoding_is_believed(encoding: str) -> None:
    assert read_message(_cms("", encoding)).retmsg == "成功"


def test_bytes_that_do_not_fit_their_encoding_are_refused() -> None:
    with pytest.raises(FormatError) as refused:
        read_message(_cms("", "UTF-8").replace("成".encode(), b"\xb3\xc9"))
    assert refused.value.code == "CN_ENCODING"


@pytest.mark.parametrize("content", [b"", b"<html/>", b"\x00\xff<Document><half"])
def test_what_is_no_message_is_refused(content: bytes) -> None:
    with pytest.raises(FormatError):
        read_message(content)


def test_items_without_a_reference_are_left_out() -> None:
    body = (
        "<LIST><ITEM><REFNO>D1-1</REFNO><STAT>E103</STAT><STATMSG>户名不符</STATMSG>"
        "<BANKSEQ/></ITEM><ITEM><STAT>0000</STAT></ITEM></LIST>"
    )
    (only,) = read_items(read_message(_cms(body)))
    assert (only.instruction_id, only.status, only.text, only.bank_reference) == (
        "D1-1",
        "E103",
        "户名不符",
        None,
    )


def test_a_balance_without_a_currency_is_refused() -> None:
    with pytest.raises(FormatError) as refused:
        read_balance(read_message(_cms("<ACCNO>1</ACCNO>")))
    assert refused.value.code == "CN_FIELD"


def test_a_line_that_cannot_be_read_is_a_finding_and_the_sum_will_not_fit() -> None:
    row = (
        "<ROW><BANKSEQ>{}</BANKSEQ><TXDATE>20261123</TXDATE><DCFLAG>{}</DCFLAG><AMT>1.00</AMT>"
        "<BAL>9.00</BAL></ROW>"
    )
    body = (
        "<ACCNO>1</ACCNO><LIST><STM><SEQ>1</SEQ><STMDATE>20261123</STMDATE><CCY>CNY</CCY>"
        f"<OPENBAL>10.00</OPENBAL><CLOSEBAL>9.00</CLOSEBAL><DETAIL>{row.format(1, 'D')}"
        f"{row.format(2, 'X')}</DETAIL></STM></LIST>"
    )
    read = read_statements(read_message(_cms(body)))
    assert [line.bank_reference for line in read.statements[0].lines] == ["1"]
    assert [(one.code, one.fatal) for one in read.findings] == [("CN_FIELD", True)]
    assert read.statements[0].lines[0].value_date == read.statements[0].lines[0].booking_date
