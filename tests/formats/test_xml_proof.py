"""Messages of templates nobody trusts: what is dropped, doubled or altered never leaves."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from engine.formats.payment import PaymentItem, PaymentMessage
from engine.formats.reading import FormatError
from engine.formats.templates import find_message
from engine.formats.xml_out.definition import definition_findings, read_definition
from engine.formats.xml_out.rendering import Template, shared_renderer
from engine.formats.xml_out.writing import message_faults, write_message
from tests.formats.making import item, message

PLAIN = """kind: xml_message
name: orders
directions: [pay]
encoding: gb18030
template: orders.xml.j2
limits: {name: 60, account: 32, bank_code: 12, remittance: 60, reference: 30}
root: Orders
head: {message_id: No, account_number: Account, count: Count, total_minor: Fen}
item: List/Order
fields:
  instruction_id: "@ref"
  account: To/Account
  name: To/Name
  bank_code: To/Bank
  minor: Fen
"""
TEMPLATE = """<?xml version="1.0" encoding="GB18030"?>
<Orders><No>{{ message_id }}</No><Account>{{ account_number }}</Account><Count>{{ count }}</Count>
<Fen>{{ total_minor }}</Fen><List>
{% for one in items %}
<Order ref="{{ one.instruction_id }}"><To><Account>{{ one.account }}</Account>
<Name>{{ one.name }}</Name>{% if one.bank_code %}<Bank>{{ one.bank_code }}</Bank>{% endif %}</To>
<Fen>{{ one.minor }}</Fen></Order>
{% endfor %}
</List></Orders>"""


def written(template: str, sent: PaymentMessage, definition: str = PLAIN) -> bytes:
    made = read_definition(definition.replace('"@ref"', '"@ref"'), "orders.yaml")
    return write_message(sent, made, Template("b/orders.xml.j2", template, "b"), shared_renderer())


def many(count: int) -> PaymentMessage:
    return message(*(item(n, n, code=None if n % 3 else "901290000020") for n in range(1, count)))


def test_a_message_without_schema_is_read_back_by_its_places() -> None:
    content = written(TEMPLATE, message(item(1, name="䶮<&>"), item(2, 7, code=None)))
    root = etree.fromstring(content)
    assert root.findtext("List/Order/To/Name") == "䶮<&>"
    assert root.findtext("Fen") == "10008"


@pytest.mark.parametrize("count", [2, 100, 101, 102, 1_000])
def test_messages_of_every_length_are_compared_to_the_last_item(count: int) -> None:
    sent = many(count)
    assert written(TEMPLATE, sent).count(b"<Order ") == count - 1
    last = sent.items[-1].instruction_id
    changed = TEMPLATE.replace("{{ one.minor }}", "{{ one.minor + (1 if loop.last else 0) }}")
    with pytest.raises(FormatError) as refused:
        written(changed, sent)
    assert f"item {count - 1} ({last}): its minor" in refused.value.text.en


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("in items %}", "in (items|list)[1:] %}", "item 1 "),
        ("in items %}", "in items if one.place != 150 %}", "item 150 "),
        ("in items %}", "in items|reverse %}", "item 1 "),
        ("in items %}", "in (items|list)[:0] %}", "0 items instead of 199"),
        ("</List>", "<Order/></List>", "more than 199 items"),
        ("{% endfor %}", "{% if loop.first %}<Order/>{% endif %}{% endfor %}", "item 2 "),
        ("</List>", "</List><List/>", "List is there twice"),
        ("</List>", "</List><More><Fen>5</Fen></More>", "a further Fen"),
        ("<Fen>{{ one.minor }}</Fen>", "<Fen>{{ one.minor }}</Fen><Fen>1</Fen>", "its minor"),
        ("<Fen>{{ one.minor }}</Fen>", "<Fen>{{ one.minor }}0</Fen>", "its minor"),
        ("<Fen>{{ one.minor }}</Fen>", "<Fen> {{ one.minor }}</Fen>", "its minor"),
        ("<Fen>{{ one.minor }}</Fen>", "<X><Fen>{{ one.minor }}</Fen></X>", "its minor"),
        ("</To>", "<X><Fen>9</Fen></X></To>", "its amount"),
        ("{{ one.account }}", "{{ one.account[:-1] }}0", "its account"),
        ("{{ one.account }}", "{{ account_number }}", "its account"),
        ("{{ one.name }}", "{{ one.name|upper }}x", "its name"),
        ("{% if one.bank_code %}", "{% if loop.index == 1 %}", None),
        ("{% if one.bank_code %}", "{% if false %}", "its bank_code"),
        ('ref="{{ one.instruction_id }}"', 'ref="{{ message_id }}"', "its instruction_id"),
        ('ref="{{ one.instruction_id }}"', "", "its instruction_id"),
        ("{{ count }}", "{{ count + 1 }}", "count at Count"),
        ("{{ total_minor }}", "{{ total }}", "total_minor at Fen"),
        ("<Count>{{ count }}</Count>", "", "count at Count"),
        ("<No>{{ message_id }}</No>", "<No>{{ message_id }}</No><No>2</No>", "message_id at No"),
        ("<Orders>", '<Orders xmlns="urn:x">', "begins with"),
        ("{{ one.name }}", "{{ one.name }}{{ '<a/>'|safe * 300 }}", None),
        (
            "{{ one.name }}",
            "{{ one.name }}</Name></To></Order><Order><To><Name>{{ one.name }}",
            "more than 199 items",
        ),
    ],
)
def test_a_template_that_drops_doubles_or_alters_is_refused(
    old: str, new: str, said: str | None
) -> None:
    assert old in TEMPLATE
    with pytest.raises(FormatError) as refused:
        written(TEMPLATE.replace(old, new, 1), many(200))
    assert refused.value.code == "XML_DIFFERS"
    if said is not None:
        assert said in refused.value.text.en


def test_one_item_cannot_pass_for_two_in_the_words_of_another() -> None:
    """The comparison joins texts; a value with its separators must not fold an item away."""
    first = "{% for one in items %}{% if loop.first %}"
    fold = TEMPLATE.replace("{% for one in items %}", first).replace(
        "{% endfor %}", "{% endif %}{% endfor %}"
    )
    tricks = ["{{ one.name }}&#9;&#10;&#9;&#10;2&#9;&#10;1&#10;D20261123-000002-1"]
    for trick in tricks:
        with pytest.raises(FormatError) as refused:
            written(fold.replace("{{ one.name }}", trick), many(3))
        assert refused.value.code == "XML_DIFFERS"


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("kind: xml_message", "kind: xml", "X101", 1),
        ("item: List/Order", "item: //Order", "X101", 9),
        ("  minor: Fen", "  minor: 'count(//x)'", "X101", 15),
        ("  minor: Fen\n", "", "X101", 11),
        ("message_id: No, ", "", "X101", 8),
        ("name: 60", "name: 0", "X101", 6),
        ("name: 60", "name: sixty", "X101", 6),
        ("encoding: gb18030", "encoding: utf-16", "X101", 4),
        ("template: orders.xml.j2", "template: ../orders.xml.j2", "X101", 5),
        ("template: orders.xml.j2", "template: orders.xml.j2\nhacks: 1", "X101", 1),
        ("count: Count", "counts: Count", "X102", 8),
        ("root: Orders", "root: Orders\nschema: pain.001.001.03", "X103", 8),
        ("root: Orders", "root: Orders\nroot: Orders", "R003", 8),
        ("  name: To/Name", "\tname: To/Name", None, 13),
    ],
)
def test_a_mistake_in_a_definition_is_named_with_its_place(
    old: str, new: str, code: str | None, line: int
) -> None:
    assert old in PLAIN
    text = PLAIN.replace(old, new, 1)
    first = definition_findings(text, "orders.yaml")[0]
    assert first.span.line == line
    assert code is None or first.code == code
    with pytest.raises(FormatError) as refused:
        read_definition(text, "orders.yaml")
    assert refused.value.code == "MESSAGE_DEFINITION"
    assert f"orders.yaml:{line}:" in refused.value.text.en


def test_the_documented_definition_is_sound() -> None:
    page = (Path(__file__).parents[2] / "docs" / "bank-messages.md").read_text("utf-8")
    documented = page.split("```yaml\n")[1].split("```")[0]
    assert read_definition(documented, "docs").fields[1].paths == ("To/Account", "To/IBAN")


TEXTS = st.text(max_size=150)
ITEMS = st.builds(
    PaymentItem,
    st.text("D0123456789-<", min_size=1, max_size=40),
    st.integers(-1, 10**18),
    TEXTS,
    st.one_of(st.text("0123456789", max_size=36), TEXTS),
    st.one_of(st.none(), TEXTS),
    TEXTS,
)


@settings(max_examples=150)
@given(
    st.lists(ITEMS, max_size=5),
    st.sampled_from(["CNY", "JPY", "BHD"]),
    st.sampled_from(
        [("pay", "pain.001.001.03"), ("pay", "pain.001.001.09"), ("collect", "pain.008.001.02")]
    ),
)
def test_whatever_is_to_be_written_is_valid_or_refused_with_its_item(
    items: list[PaymentItem], currency: str, how: tuple[str, str]
) -> None:
    direction, version = how
    definition, template = find_message(version, ("iso20022",))
    sent = replace(message(direction=direction, currency=currency), items=tuple(items))
    found = message_faults(sent, definition)
    if found:
        assert all(
            fault.row == 0 or items[fault.row - 1].instruction_id == fault.instruction_id
            for fault in found
        )
        with pytest.raises(FormatError) as refused:
            write_message(sent, definition, template, shared_renderer())
        assert refused.value.code == found[0].code
        return
    root = etree.fromstring(write_message(sent, definition, template, shared_renderer()))
    accounts = [one.text for one in root.iterfind(".//{*}Othr/{*}Id")]
    for one in items:
        assert one.counterparty_account in accounts


def test_a_long_message_takes_the_memory_of_its_bytes_and_not_of_its_tree() -> None:
    """40,000 payments are 15 MB of XML; their tree alone would take 200 MB."""
    program = (
        "import resource\n"
        "from tests.formats.test_xml_proof import many, find_message, shared_renderer\n"
        "from engine.formats.xml_out.writing import write_message\n"
        "sent = many(40_001)\n"
        "definition, template = find_message('pain.001.001.03', ('iso20022',))\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "content = write_message(sent, definition, template, shared_renderer())\n"
        "after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print(len(content) // 1024, after - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    size, taken = map(int, done.stdout.split())
    assert size > 14_000
    assert taken < 4 * size
