"""pain out: valid, exact, read back; what cannot be carried is refused with its field."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from engine.formats.iso20022.pain002 import Reading, read_pain002
from engine.formats.payment import PaymentItem, PaymentMessage, cut
from engine.formats.reading import FormatError
from engine.formats.templates import find_message
from engine.formats.xml_out.rendering import Job, shared_renderer
from engine.formats.xml_out.writing import Renderer, message_faults, write_message
from tests.formats.making import item, message

PAYMENTS = ("pain.001.001.03", "pain.001.001.09")
COLLECTIONS = ("pain.008.001.02",)
VERSIONS = [("pay", version) for version in PAYMENTS] + [
    ("collect", version) for version in COLLECTIONS
]


def written(
    sent: PaymentMessage, version: str = PAYMENTS[0], renderer: Renderer | None = None
) -> bytes:
    definition, template = find_message(version, ("iso20022",))
    return write_message(sent, definition, template, renderer or shared_renderer())


DEFINITION = find_message(PAYMENTS[0], ("iso20022",))[0]


@pytest.mark.parametrize(("direction", "version"), VERSIONS)
def test_every_version_is_valid_and_says_what_was_asked(direction: str, version: str) -> None:
    sent = message(item(1), item(2, 1, code=None), direction=direction)
    root = etree.fromstring(written(sent, version))
    assert root.tag == f"{{urn:iso:std:iso:20022:tech:xsd:{version}}}Document"
    assert root.findtext(".//{*}CtrlSum") == "100.02"
    assert [one.text for one in root.iter("{*}InstrId")] == [
        "D20261123-000001-1",
        "D20261123-000002-1",
    ]
    assert [one.text for one in root.iter("{*}InstdAmt")] == ["100.01", "0.01"]


def test_a_yen_amount_has_no_decimals() -> None:
    sent = message(item(1, 500), currency="JPY")
    assert b'<InstdAmt Ccy="JPY">500</InstdAmt>' in written(sent)


def test_a_payment_version_cannot_carry_a_collection() -> None:
    with pytest.raises(FormatError) as refused:
        written(message(direction="collect"))
    assert refused.value.code == "XML_DIRECTION"


@pytest.mark.parametrize(
    ("bad", "field", "code"),
    [
        (item(1, name="张\x1b三"), "counterparty_name", "CHARACTER_REFUSED"),
        (item(1, name="张\n三"), "counterparty_name", "CHARACTER_REFUSED"),
        (item(1, name="\ud800"), "counterparty_name", "CHARACTER_REFUSED"),
        (item(1, name="\ufffe"), "counterparty_name", "CHARACTER_REFUSED"),
        (item(1, name="张" * 141), "counterparty_name", "FIELD_TOO_LONG"),
        (item(1, name="  "), "counterparty_name", "FIELD_EMPTY"),
        (item(1, account="1" * 35), "counterparty_account", "FIELD_TOO_LONG"),
        (item(1, account=""), "counterparty_account", "FIELD_EMPTY"),
        (item(1, remittance=""), "remittance", "FIELD_EMPTY"),
        (item(1, code=""), "counterparty_bank_code", "FIELD_EMPTY"),
        (item(1, amount=0), "amount", "AMOUNT_NOT_POSITIVE"),
        (item(2), "instruction_id", "ID_TWICE"),
    ],
)
def test_what_cannot_be_written_is_named_by_row_and_field(
    bad: PaymentItem, field: str, code: str
) -> None:
    found = [
        (one.row, one.field, one.code) for one in message_faults(message(item(2), bad), DEFINITION)
    ]
    assert found == [(2, field, code)]
    with pytest.raises(FormatError) as refused:
        written(message(item(2), bad))
    assert refused.value.code == code


def test_the_own_account_is_checked_as_row_zero() -> None:
    bad = replace(message(), account_name="")
    assert [(one.row, one.field) for one in message_faults(bad, DEFINITION)] == [
        (0, "account_name")
    ]


def test_a_message_without_items_is_refused() -> None:
    assert [one.code for one in message_faults(replace(message(), items=()), DEFINITION)] == [
        "NO_ITEMS"
    ]


class _Careless:
    """A template that changes something on the way."""

    def __init__(self, old: str, new: str) -> None:
        self._old, self._new = old.encode(), new.encode()

    def render(self, job: Job) -> Iterator[bytes]:
        content = b"".join(shared_renderer().render(job))
        assert self._old in content
        yield content.replace(self._old, self._new, 1)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (">100.01</InstdAmt>", ">100.02</InstdAmt>", "XML_DIFFERS"),
        (">100.01</InstdAmt>", ">100.010</InstdAmt>", "XML_DIFFERS"),
        ('Ccy="CNY"', 'Ccy="USD"', "XML_DIFFERS"),
        ("<CtrlSum>200.02<", "<CtrlSum>200.03<", "XML_DIFFERS"),
        ("<NbOfTxs>2<", "<NbOfTxs>3<", "XML_DIFFERS"),
        ("<EndToEndId>D20261123-000001-1<", "<EndToEndId>D20261123-000002-1<", "XML_DIFFERS"),
        ("<Id>6222000011112222<", "<Id>6222000011112223<", "XML_DIFFERS"),
        ("<MmbId>901290000020<", "<MmbId>901290000021<", "XML_DIFFERS"),
        ("<Ustrd>D20261123-000001 理赔款<", "<Ustrd>x<", "XML_DIFFERS"),
        ("<ReqdExctnDt>2026-11-23<", "<ReqdExctnDt>2026-11-24<", "XML_DIFFERS"),
        ("<Id>9010000000000001<", "<Id>9010000000000002<", "XML_DIFFERS"),
        ("<PmtMtd>TRF<", "<PmtMtd>XXX<", "XML_INVALID"),
        ("<BtchBookg>false</BtchBookg>", "<Bogus/>", "XML_INVALID"),
        ("</PmtInf>", "", "XML_BROKEN"),
        ("</Document>", "", "XML_BROKEN"),
        ("</Document>", "</Document><x/>", "XML_BROKEN"),
        (">100.01</InstdAmt>", ">100<!-- -->.01</InstdAmt>", "XML_FORBIDDEN"),
        (">100.01</InstdAmt>", "><?x?>100.01</InstdAmt>", "XML_FORBIDDEN"),
        ("<Document", "<!DOCTYPE x><Document", "XML_FORBIDDEN"),
        ("</PmtInf>", "</PmtInf><PmtInf/>", "XML_DIFFERS"),
    ],
)
def test_a_template_that_says_something_else_is_caught(old: str, new: str, code: str) -> None:
    with pytest.raises(FormatError) as refused:
        written(message(), renderer=_Careless(old, new))
    assert refused.value.code == code


def test_what_breaks_the_schema_is_shown_with_its_line() -> None:
    with pytest.raises(FormatError) as refused:
        written(message(), renderer=_Careless("<PmtMtd>TRF<", "<PmtMtd>XXX<"))
    assert "line 5" in refused.value.text.en
    assert "<PmtInf><PmtInfId>" in refused.value.text.en


def test_the_item_that_differs_is_named() -> None:
    with pytest.raises(FormatError) as refused:
        written(message(item(1), item(2, 7)), renderer=_Careless(">0.07<", ">0.08<"))
    assert "item 2 (D20261123-000002-1): its amount" in refused.value.text.en


NAMES = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Cn", "Co", "Zl", "Zp")), min_size=1, max_size=140
).filter(lambda name: name.strip() != "")


@given(NAMES, st.integers(1, 10**17), st.sampled_from(VERSIONS))
def test_any_name_and_amount_is_written_and_read_back(
    name: str, amount: int, how: tuple[str, str]
) -> None:
    direction, version = how
    sent = message(item(1, amount, name=name), direction=direction)
    root = etree.fromstring(written(sent, version))
    party = "Cdtr" if direction == "pay" else "Dbtr"
    names = [one.findtext("{*}Nm") for one in root.iter(f"{{*}}{party}")]
    assert name in names


def test_a_long_remittance_is_cut_at_a_character_and_keeps_our_number_first() -> None:
    kept = cut("D20261123-000001 " + "款" * 200, DEFINITION.limits)
    assert len(kept) == 140
    assert kept.startswith("D20261123-000001 款")


def _pain002(group: str, items: str = "") -> bytes:
    return (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>'
        "<OrgnlGrpInfAndSts><OrgnlMsgId>PB1</OrgnlMsgId>"
        f"{group}</OrgnlGrpInfAndSts>{items}</CstmrPmtStsRpt></Document>"
    ).encode()


@pytest.mark.parametrize(
    ("status", "reading"),
    [
        *((code, Reading.PENDING) for code in ("RCVD", "ACTC", "ACCP", "ACSP", "ACWC", "PDNG")),
        ("ACSC", Reading.PAID),
        ("ACCC", Reading.PAID),
        ("RJCT", Reading.REJECTED),
        ("PART", Reading.UNKNOWN),
        ("NEWS", Reading.UNKNOWN),
    ],
)
def test_each_status_has_one_reading_and_the_unlisted_is_unknown(
    status: str, reading: Reading
) -> None:
    report = read_pain002(_pain002(f"<GrpSts>{status}</GrpSts>"))
    assert report.group.reading is reading


def test_items_below_a_payment_information_are_read_with_reason_and_text() -> None:
    item_xml = (
        "<OrgnlPmtInfAndSts><PmtInfSts>PART</PmtInfSts>"
        "<TxInfAndSts><OrgnlInstrId>D1-1</OrgnlInstrId><TxSts>RJCT</TxSts><StsRsnInf><Rsn>"
        "<Cd>AC04</Cd></Rsn><AddtlInf>已销户</AddtlInf></StsRsnInf></TxInfAndSts>"
        "<TxInfAndSts><OrgnlEndToEndId>D2-1</OrgnlEndToEndId><TxSts>ACSC</TxSts></TxInfAndSts>"
        "<TxInfAndSts><TxSts>ACSC</TxSts></TxInfAndSts></OrgnlPmtInfAndSts>"
    )
    report = read_pain002(_pain002("", item_xml))
    assert report.group.status == "PART"
    assert [(one.instruction_id, one.status.status) for one in report.transactions] == [
        ("D1-1", "RJCT"),
        ("D2-1", "ACSC"),
    ]
    assert (report.transactions[0].status.reason, report.transactions[0].status.text) == (
        "AC04",
        "已销户",
    )
    assert [one.code for one in report.findings] == ["NO_REFERENCE"]


@pytest.mark.parametrize("content", [b"", b"oops", b"<html/>", b"\x00\xff<Document><half"])
def test_what_is_no_pain002_is_refused(content: bytes) -> None:
    with pytest.raises(FormatError):
        read_pain002(content)
