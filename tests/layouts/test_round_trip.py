"""What a layout writes it reads back, byte for byte and value for value."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.formats.layouts.model import Value
from tests.layouts.given import BARS, CSV, FIXED, PEOPLE, layout, rows_in, text_of

LAYOUTS = {"bars": layout(BARS), "fixed": layout(FIXED), "csv": layout(CSV)}

words = st.text(
    st.one_of(
        st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters='|"'),
        st.sampled_from("王伟演示北京公司（）保险赔款￥Ⅷ㈱ 　é"),
    ),
    min_size=1,
    max_size=14,
).filter(lambda text: text == text.strip())
rows = st.lists(
    st.tuples(
        st.from_regex(r"D[0-9]{1,8}-[0-9]", fullmatch=True),
        st.from_regex(r"[0-9]{5,32}", fullmatch=True),
        words,
        st.one_of(st.none(), st.from_regex(r"[0-9]{12}", fullmatch=True)),
        st.integers(1, 10**12),
        st.one_of(st.none(), words),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda row: row[0],
)


@pytest.mark.parametrize("name", LAYOUTS)
@given(many=rows)
@settings(max_examples=60, deadline=None)
def test_rows_come_back_as_they_were_written(name: str, many: list[tuple[Value, ...]]) -> None:
    made = LAYOUTS[name]
    if name == "fixed":
        many = [(*row[:3], None, *row[4:]) for row in many]
    content = text_of(made, many)
    back = rows_in(made, content)
    assert back == [tuple(row) for row in many]
    assert text_of(made, back) == content


def test_a_file_looks_as_the_bank_wants_it() -> None:
    lines = text_of(LAYOUTS["bars"]).decode("gb18030").split("\r\n")
    assert lines == [
        "H|PB1|20261123|3|100000123.45|",
        "D|1|D1-1|6222021001000001|王伟|901100000001|123.45|赔款|",
        "D|2|D2-1|6222021001000002|演示（北京）公司|901100000002|0.01|D2 refund|",
        "D|3|D3-1|6222021001000003|ACME Ltd||99999999.99||",
        "T|3|",
        "",
    ]


def test_fixed_fields_are_counted_in_bytes() -> None:
    content = text_of(LAYOUTS["fixed"], [(*row[:3], None, *row[4:]) for row in PEOPLE])
    lines = content.split(b"\n")
    assert {len(line) for line in lines[:-1]} == {139}
    assert lines[0][54:94].decode("gb18030") == "王伟" + " " * 36
    assert lines[3] == b"99" + b"0000000003" + b"00000000010000012345".rjust(20, b"0") + b" " * 107


def test_a_separator_that_is_half_a_character_splits_nothing() -> None:
    """`|` and `\\` are second bytes of many characters in GBK."""
    trail = [
        bytes((lead, 0x7C)).decode("gbk")
        for lead in range(0x81, 0xFE)
        if _is_gbk(bytes((lead, 0x7C)))
    ]
    assert len(trail) > 100
    many = [(f"D{place}-1", "6222", one * 3, None, 1, one) for place, one in enumerate(trail, 1)]
    made = LAYOUTS["bars"]
    assert rows_in(made, text_of(made, many)) == many


def _is_gbk(pair: bytes) -> bool:
    try:
        pair.decode("gbk")
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.parametrize("name", LAYOUTS)
def test_many_rows_come_back_byte_for_byte(name: str) -> None:
    made = LAYOUTS[name]
    many = [
        (
            f"D{number}-1",
            f"6222{number:012d}",
            f"王伟{number % 977}公司",
            None if name == "fixed" else "901100000001",
            number * 7,
            f"赔款 {number % 31}",
        )
        for number in range(1, 20_001)
    ]
    content = text_of(made, many)
    back = rows_in(made, content)
    assert back == many
    assert text_of(made, back) == content
