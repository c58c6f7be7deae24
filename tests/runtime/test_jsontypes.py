"""JSON without floats and its one canonical form."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.runtime.jsontypes import (
    JsonError,
    JsonValue,
    canonical_json,
    check_value,
    content_hash,
    parse_object,
)

VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=12,
)


@given(VALUES)
def test_the_canonical_form_reads_back_as_the_value(value: JsonValue) -> None:
    assert json.loads(canonical_json(value)) == value


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), VALUES))
def test_the_order_of_keys_does_not_change_the_hash(value: dict[str, JsonValue]) -> None:
    assert content_hash(dict(reversed(value.items()))) == content_hash(value)


def test_the_hash_is_of_the_compact_sorted_utf8_form() -> None:
    assert canonical_json({"b": [1, None], "a": "张"}) == '{"a":"张","b":[1,null]}'
    # printf '{"a":1}' | sha256sum
    expected = "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"
    assert content_hash({"a": 1}) == expected


@pytest.mark.parametrize("value", [1.5, float("nan"), {"a": [1.0]}, {1: "a"}, b"x", {1, 2}])
def test_what_json_without_floats_cannot_carry_is_refused(value: object) -> None:
    with pytest.raises(JsonError) as caught:
        check_value(value)
    assert caught.value.code == "JSON_VALUE"


def test_the_refusal_names_the_place() -> None:
    with pytest.raises(JsonError, match=r"\$\.lines\[1\]\.amount: a float"):
        check_value({"lines": [{"amount": 1}, {"amount": 1.0}]})


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "JSON_SYNTAX"),
        ("[1]", "JSON_VALUE"),
        ('{"a": 1.5}', "JSON_VALUE"),
        ('{"a": NaN}', "JSON_VALUE"),
        ('{"a": 1, "a": 1}', "JSON_KEY_TWICE"),
        ('{"a": [{"b": 1, "\\u0062": 2}]}', "JSON_KEY_TWICE"),
    ],
)
def test_text_that_is_no_object_without_floats_is_refused(text: str, code: str) -> None:
    with pytest.raises(JsonError) as caught:
        parse_object(text)
    assert caught.value.code == code
