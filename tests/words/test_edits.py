"""Exact edits of a vocabulary's text: one line changes, and it means what was asked."""

from __future__ import annotations

import pytest

from engine.rules import parse_vocabulary
from engine.rules.edit import EditRefused
from engine.rules.edit.lines import line_diff
from engine.rules.model import Vocabulary
from engine.rules.words import (
    AddListed,
    AddWord,
    Listed,
    RemoveListed,
    RemoveWord,
    SetLabel,
    SetType,
    WordEdit,
    edit_words,
    told_diff,
    word_diff,
)
from tests.kinds.pages import RULESETS

SHIPPED = (RULESETS / "vocabulary.yaml").read_text("utf-8")
BLOCK = """# ours
amount:   # money
  type: money
  en: amount
  zh: 金额
risk:
  type: code
  en: risk
  zh: 风险
  values:
    low: 低   # harmless
    high:
      en: rather high
      zh: 高
"""


def read(text: str) -> Vocabulary:
    found, findings = parse_vocabulary("vocabulary.yaml", text)
    assert found is not None, findings
    return found


BONUS = AddListed(word="business_type", value="bonus", en="bonus", zh="红利")
CASES: list[tuple[WordEdit, int]] = [
    (BONUS, 2),
    (AddListed(word="business_type", value="annuity", en="annuity paid", zh="年金：给付"), 2),
    (SetLabel(word="amount", en="sum: of {all}", zh="金额，合计"), 2),
    (SetLabel(word="urgency", value="urgent", en="very urgent", zh="特急"), 2),
    (SetLabel(word="urgency", value="urgent", en="urgent", zh="特急"), 2),
    (SetType(word="remittance", type="code"), 2),
    (RemoveWord(word="purpose"), 1),
    (RemoveListed(word="payment_method", value="cash"), 2),
    (AddWord(word="risk", type="code", en="risk class", zh="风险等级"), 1),
    (AddWord(word="score", type="int", en="score", zh="评分", minimum="0", after="fee"), 1),
]


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize(("edit", "lines"), CASES, ids=lambda one: getattr(one, "do", one))
def test_an_edit_touches_one_line(edit: WordEdit, lines: int, end: str) -> None:
    text = SHIPPED.replace("\n", end)
    made = edit_words(text, [edit])
    changed = [one for one in line_diff(text, made) if not one.startswith("@@")]
    assert len(changed) == lines
    assert made.count(end) == text.count(end) + (edit.do == "add_word") - (edit.do == "remove_word")
    assert not word_diff(read(SHIPPED), read(made)).empty


def test_a_new_word_is_written_in_the_columns_of_its_neighbours() -> None:
    edit = AddWord(
        word="risk",
        type="code",
        en="risk class",
        zh="风险等级",
        iso20022="Purp/Cd",
        nullable=True,
        values=(Listed(value="low", en="low", zh="低"), Listed(value="hi", en="high", zh="高")),
        after="fee",
    )
    made = edit_words(SHIPPED, [edit]).split("\n")
    at = next(n for n, one in enumerate(made) if one.startswith("fee:"))
    assert made[at + 1] == (
        "risk:               {type: code, en: risk class, zh: 风险等级, iso20022: Purp/Cd, "
        "nullable: true, values: {low: 低, hi: {en: high, zh: 高}}}"
    )
    word = read("\n".join(made)).words["risk"]
    assert word.nullable
    assert word.values is not None
    assert word.values["hi"].en == "high"


def test_block_style_and_its_comments_stay() -> None:
    edits = (
        AddListed(word="risk", value="mid", en="mid", zh="中"),
        SetLabel(word="risk", value="low", en="quite low", zh="低"),
        SetLabel(word="risk", value="high", en="high", zh="很高"),
    )
    made = edit_words(BLOCK, edits)
    assert "low: {en: quite low, zh: 低}   # harmless\n" in made
    assert "amount:   # money\n" in made
    values = read(made).words["risk"].values
    assert values is not None
    assert [(v, t.en, t.zh) for v, t in values.items()] == [
        ("low", "quite low", "低"),
        ("high", "high", "很高"),
        ("mid", "mid", "中"),
    ]


REFUSED: list[tuple[WordEdit, str]] = [
    (AddListed(word="busines_type", value="x", en="x", zh="某"), "WORD_UNKNOWN"),
    (AddListed(word="amount", value="x", en="x", zh="某"), "WORD_OPEN"),
    (AddListed(word="currency", value="x", en="x", zh="某"), "WORD_OPEN"),
    (AddListed(word="urgency", value="urgent", en="x", zh="某"), "VALUE_EXISTS"),
    (AddListed(word="urgency", value="a b", en="x", zh="某"), "VALUE_FORM"),
    (AddListed(word="urgency", value="a.b", en="x", zh="某"), "VALUE_FORM"),
    (AddListed(word="urgency", value="null", en="x", zh="某"), "VALUE_FORM"),
    (AddListed(word="urgency", value="", en="x", zh="某"), "VALUE_FORM"),
    (AddListed(word="urgency", value="later", en="later", zh=" "), "LABEL_MISSING"),
    (AddListed(word="urgency", value="later", en="later", zh="加急"), "LABEL_TAKEN"),
    (AddListed(word="urgency", value="later", en="a\nb", zh="某"), "EDIT_TEXT"),
    (SetLabel(word="urgency", value="normal", en="normal", zh="加急"), "LABEL_TAKEN"),
    (SetLabel(word="urgency", value="later", en="x", zh="某"), "VALUE_UNKNOWN"),
    (AddWord(word="amount", type="money", en="x", zh="某"), "WORD_EXISTS"),
    (AddWord(word="x", type="money", en="x", zh="某", after="nothing"), "WORD_UNKNOWN"),
    (RemoveWord(word="amoun"), "WORD_UNKNOWN"),
    (RemoveListed(word="urgency", value="later"), "VALUE_UNKNOWN"),
]


@pytest.mark.parametrize(("edit", "code"), REFUSED, ids=lambda one: getattr(one, "do", one))
def test_an_edit_that_cannot_be_made_is_named(edit: WordEdit, code: str) -> None:
    with pytest.raises(EditRefused) as refused:
        edit_words(SHIPPED, [BONUS, edit])
    assert (refused.value.code, refused.value.index) == (code, 1)
    assert refused.value.text.en
    assert refused.value.text.zh


def test_the_last_value_of_a_list_stays() -> None:
    gone = [RemoveListed(word="urgency", value=one) for one in ("normal", "urgent")]
    with pytest.raises(EditRefused) as refused:
        edit_words(SHIPPED, gone)
    assert (refused.value.code, refused.value.index) == ("VALUE_LAST", 1)


@pytest.mark.parametrize("name", ["id", "a b", "中文", "x: {", "a.b"])
def test_a_name_that_cannot_be_a_word_is_found_by_the_vocabulary(name: str) -> None:
    made = edit_words(SHIPPED, [AddWord(word=name, type="code", en="x", zh="某")])
    found, findings = parse_vocabulary("vocabulary.yaml", made)
    assert found is None
    assert [one.code for one in findings] == ["R021"]


def test_every_difference_is_a_sentence_in_both_languages() -> None:
    edits = [edit for edit, _ in CASES if edit.do != "set_label"]
    new = read(edit_words(SHIPPED, edits))
    diff = word_diff(read(SHIPPED), new)
    told = told_diff(diff, new)
    assert len(told) == 7
    assert "The word business_type may now also be bonus (bonus, 红利)." in [t.en for t in told]
    assert "词 business_type 新增取值 bonus（红利，bonus）。" in [t.zh for t in told]
    assert diff.words >= {"business_type", "risk", "score", "purpose", "remittance"}
