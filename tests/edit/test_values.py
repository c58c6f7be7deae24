"""Edits of envelope values, in braces and in block style."""

from __future__ import annotations

import pytest

from engine.rules.edit import AddValue, Edit, EditRefused, RemoveValue, SetValue, apply
from tests.edit.given import changed_lines, made

TEXT = """\
# head
kind: approval  # the kind
title: {en: Payment approval, zh: "付款: 审批"}
params: {small: 5万, large: 50万}   # thresholds
overrides:
  # the south
  SH: {large: 30万}
  SZ:
    large: 20万   # near
    small: 1万

hit_policy: unique
block_on: [account, currency]
order:
- a
- b   # last
note: >
  folded
  text
rules: |
  id | amount => approvers
  A1 | -      => cfo
"""


@pytest.mark.parametrize(
    ("edit", "old", "new"),
    [
        (SetValue(path="params.large", value="30万"), "large: 50万}   #", "large: 30万}   #"),
        (SetValue(path="params.small", value="a, b"), "{small: 5万,", '{small: "a, b",'),
        (SetValue(path="params.small", value=""), "{small: 5万,", '{small: "",'),
        (SetValue(path="title.zh", value='说"好"'), '"付款: 审批"', r'"说\"好\""'),
        (SetValue(path="title.en", value="No: 1 # x"), "Payment approval", '"No: 1 # x"'),
        (SetValue(path="overrides.SZ.large", value="[1..2)"), "20万   #", '"[1..2)"   #'),
        (SetValue(path="overrides.SZ.large", value="9万"), "20万   #", "9万   #"),
        (SetValue(path="kind", value="routing"), "approval  #", "routing  #"),
        (
            SetValue(path="block_on", value=("account", "a b", "- c")),
            "[account, currency]",
            '[account, a b, "- c"]',
        ),
        (SetValue(path="block_on.1", value="date"), ", currency]", ", date]"),
        (SetValue(path="order.1", value="c"), "- b   #", "- c   #"),
        (SetValue(path="note", value="one line"), ">\n  folded\n  text", "one line"),
        (AddValue(path="params.mid", value="20万"), "large: 50万}", "large: 50万, mid: 20万}"),
        (
            AddValue(path="overrides.SH.small", value="1万"),
            "{large: 30万}",
            "{large: 30万, small: 1万}",
        ),
        (
            AddValue(path="overrides.SZ.mid", value="2万"),
            "    small: 1万\n",
            "    small: 1万\n    mid: 2万\n",
        ),
        (
            AddValue(path="overrides.BJ.large", value="9万"),
            "    small: 1万\n",
            "    small: 1万\n  BJ: {large: 9万}\n",
        ),
        (
            AddValue(path="adjustable.large", value="down"),
            "# thresholds\n",
            "# thresholds\nadjustable: {large: down}\n",
        ),
        (
            AddValue(path="priority.level", value=("a", "b")),
            "hit_policy: unique\n",
            "hit_policy: unique\npriority: {level: [a, b]}\n",
        ),
        (
            AddValue(path="on_error", value="stop"),
            "    small: 1万\n",
            "    small: 1万\non_error: stop\n",
        ),
        (AddValue(path="block_on.2", value="x"), "currency]", "currency, x]"),
        (AddValue(path="order.2", value="x"), "- b   # last\n", "- b   # last\n- x\n"),
        (RemoveValue(path="params.large"), "{small: 5万, large: 50万}", "{small: 5万}"),
        (RemoveValue(path="params.small"), "{small: 5万, large: 50万}", "{large: 50万}"),
        (RemoveValue(path="overrides.SZ.large"), "    large: 20万   # near\n", ""),
        (RemoveValue(path="overrides.SH.large"), "  SH: {large: 30万}\n", ""),
        (RemoveValue(path="overrides.SZ"), "  SZ:\n    large: 20万   # near\n    small: 1万\n", ""),
        (RemoveValue(path="order.0"), "- a\n", ""),
        (RemoveValue(path="block_on.0"), "[account, ", "["),
        (RemoveValue(path="note"), "note: >\n  folded\n  text\n", ""),
    ],
)
def test_one_value_changes_and_nothing_else(edit: Edit, old: str, new: str) -> None:
    assert TEXT.count(old) == 1
    assert made(TEXT, edit) == TEXT.replace(old, new)
    crlf = TEXT.replace("\n", "\r\n")
    assert made(crlf, edit) == TEXT.replace(old, new).replace("\n", "\r\n")


def test_a_mapping_left_empty_goes_unless_a_comment_stands_behind_it() -> None:
    edits = (RemoveValue(path="params.large"), RemoveValue(path="params.small"))
    assert changed_lines(TEXT, made(TEXT, *edits)) == [
        ("params: {small: 5万, large: 50万}   # thresholds", "params: {}   # thresholds")
    ]
    bare = TEXT.replace("   # thresholds", "")
    assert made(bare, *edits) == bare.replace("params: {small: 5万, large: 50万}\n", "")


def test_braces_over_several_lines_keep_their_lines_and_comments() -> None:
    text = "params: {\n  a: 1,  # one\n  b: 2   # two\n}\nkind: x\n"
    assert made(text, RemoveValue(path="params.b")) == text.replace("  b: 2   # two\n", "")
    assert made(text, RemoveValue(path="params.a")) == text.replace("  a: 1,  # one\n", "")
    added = made(text, AddValue(path="params.c", value="3"))
    assert added == text.replace("b: 2   #", "b: 2, c: 3   #")


def test_a_key_with_nothing_behind_it_takes_a_first_entry() -> None:
    text = "kind: x\nparams:\nhit_policy: first\n"
    assert made(text, AddValue(path="params.a", value="1")) == text.replace(
        "params:", "params: {a: 1}"
    )
    assert made(text, SetValue(path="params", value="y")) == text.replace("params:", "params: y")


def test_a_key_with_a_dot_in_it_is_found() -> None:
    text = "overrides: {SH.01: {large: 1}}\n"
    assert "{large: 2}" in made(text, SetValue(path="overrides.SH.01.large", value="2"))


@pytest.mark.parametrize(
    ("edit", "code", "said"),
    [
        (SetValue(path="params.larg", value="1"), "EDIT_NO_KEY", "did you mean 'params.large'"),
        (SetValue(path="params", value="1"), "EDIT_VALUE", "params.…"),
        (SetValue(path="rules", value="1"), "EDIT_KEY_TABLE", "rows"),
        (SetValue(path="block_on", value="x"), "EDIT_VALUE", "block_on.0"),
        (SetValue(path="order", value=("x",)), "EDIT_VALUE", "order.0"),
        (SetValue(path="kind", value=("x",)), "EDIT_VALUE", "one text"),
        (SetValue(path="kind", value="a\nb"), "EDIT_TEXT", "one line"),
        (SetValue(path="kind", value="a\x07b"), "EDIT_TEXT", "U+0007"),
        (SetValue(path="kind..x", value="a"), "EDIT_NO_KEY", "no path"),
        (SetValue(path="", value="a"), "EDIT_NO_KEY", "no path"),
        (AddValue(path="params.large", value="1"), "EDIT_KEY_EXISTS", "set it"),
        (AddValue(path="kind.x", value="1"), "EDIT_NO_KEY", "one value"),
        (AddValue(path="order.7", value="1"), "EDIT_NO_KEY", "number of its items"),
        (RemoveValue(path="params.tiny"), "EDIT_NO_KEY", "params"),
        (RemoveValue(path="examples"), "EDIT_KEY_TABLE", "rows"),
    ],
)
def test_what_cannot_be_done_is_refused(edit: Edit, code: str, said: str) -> None:
    with pytest.raises(EditRefused) as refused:
        apply(TEXT, [edit])
    assert refused.value.code == code
    assert said in refused.value.text.en
