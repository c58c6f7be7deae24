"""The vocabulary file."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.rules import load_vocabulary, parse_vocabulary
from engine.rules.model import Type
from tests.rules.given import said


def test_a_word_has_type_labels_values_and_minimum() -> None:
    vocabulary, findings = parse_vocabulary(
        "v.yaml",
        "# words\n"
        "fee: {type: money, en: fee, zh: 手续费, iso20022: ChrgsAmt, min: 0.5, nullable: true}\n"
        "type: {type: code, en: type, zh: 类型, "
        "values: {no: 否, own_collection: {en: own, zh: 本级}}}",
    )
    assert findings == []
    assert vocabulary is not None
    fee, kind = vocabulary.words["fee"], vocabulary.words["type"]
    assert (fee.type, fee.minimum, fee.nullable, fee.iso20022) == (Type.MONEY, 50, True, "ChrgsAmt")
    assert kind.values is not None
    assert (kind.values["no"].zh, kind.values["own_collection"].en) == ("否", "own")


SLIPS: list[tuple[str, str]] = [
    ("{type: mony, en: a, zh: 甲}", "1:11+4 error[R020] 'mony' is not a type of w; did you mean"),
    ("{typ: money, en: a, zh: 甲}", "1:5+3 error[R011] unknown key 'typ'; did you mean 'type'?"),
    ("{type: chain, en: a, zh: 甲}", "1:11+5 error[R020] 'chain' is not a type of w"),
    ("{type: money, zh: 甲}", "1:1+1 error[R012] key 'en' is missing; add `en:`"),
    ("{type: money, en: a, zh: 甲, min: x}", "1:37+1 error[R111] 'x' is not an amount"),
    ("{type: code, en: a, zh: 甲, values: [a]}", "1:31+6 error[R022] values are a mapping of cod"),
    (
        "{type: money, en: a, zh: 甲, nullable: yes}",
        "1:32+8 error[R013] nullable must be true or f",
    ),
    ("{type: code, en: a, zh: 甲, min: 5}", "1:31+3 error[R013] only ordered types have a min"),
    ("money", "1:1+1 error[R013] w must be a mapping"),
]


@pytest.mark.parametrize(("word", "expected"), SLIPS)
def test_a_wrong_word_is_found_in_place(word: str, expected: str) -> None:
    vocabulary, findings = parse_vocabulary("v.yaml", f"w: {word}")
    assert vocabulary is None
    (found,) = findings
    assert said(found).startswith(expected), said(found)


@pytest.mark.parametrize("name", ["when", "id", "none", "a-b", "1a"])
def test_reserved_and_odd_names_are_no_words(name: str) -> None:
    vocabulary, (found,) = parse_vocabulary("v.yaml", f"{name}: {{type: int, en: a, zh: 甲}}")
    assert vocabulary is None
    assert found.code == "R021"


def test_files_that_cannot_be_read_give_findings(tmp_path: Path) -> None:
    missing = tmp_path / "none.yaml"
    assert [f.code for f in load_vocabulary(missing)[1]] == ["R001"]
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(b"w: {type: int, en: caf\xe9}")
    _, (found,) = load_vocabulary(latin)
    assert said(found) == "1:23+1 error[R001] this is not UTF-8; save the file as UTF-8"
    large = tmp_path / "large.yaml"
    large.write_bytes(b"#" * (2 * 1024 * 1024 + 1))
    assert [f.code for f in load_vocabulary(large)[1]] == ["R001"]
