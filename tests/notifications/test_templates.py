"""Templates fill in fields and can do nothing else; the shipped ones are good."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from engine.base import message_folders
from engine.base.masking import mask_long_numbers, masked_address
from engine.formats.message_templates import (
    CHANNELS,
    FIELDS,
    MOST_FILE,
    MOST_TEXT,
    faults,
    load,
    one_line,
)
from engine.formats.reading import FormatError
from tests.notifications.stage import Stage

SAMPLE = {name: f"<{name}>" for name in FIELDS}


def written(folder: Path, name: str, text: str, **more: object) -> Path:
    """A template whose four texts are all `text`."""
    both = {"en": text, "zh": text}
    mail = {lang: {"subject": text, "body": text} for lang in both}
    # Written out twice: what is one object becomes an alias, which no template may have.
    content = json.loads(json.dumps({"title": both, "email": mail, "sms": both, **more}))
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    return path


@pytest.mark.parametrize("name", sorted(message_folders.names()))
@pytest.mark.parametrize("fields", [SAMPLE, dict.fromkeys(FIELDS, "")], ids=["full", "empty"])
def test_shipped_templates_say_something_in_both_languages(
    name: str, fields: dict[str, str]
) -> None:
    template = load(name)
    for channel in CHANNELS:
        english = template.render(channel, "en", fields)
        chinese = template.render(channel, "zh", fields)
        assert english.body
        assert english.body != chinese.body or fields is not SAMPLE
        assert bool(english.subject) == (channel == "email")


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_document_is_told_with_its_five_fields(channel: str, lang: str) -> None:
    said = load("document").render(channel, lang, SAMPLE)  # type: ignore[arg-type]
    for name in ("account", "payee", "amount", "time", "purpose", "document_no"):
        assert f"<{name}>" in said.body


@pytest.mark.parametrize(
    "source",
    [
        "{% for one in payee %}x{% endfor %}",
        "{{ payee * 1000000000 }}",
        "{{ 9 ** 99999999 }}",
        "{{ payee.__class__ }}",
        "{{ payee['__class__'] }}",
        "{{ payee.upper() }}",
        "{{ range(9999999) }}",
        "{% include 'standard.yaml' %}",
        "{% import 'x' as x %}",
        "{% macro f() %}{% endmacro %}",
        "{% set a = payee %}",
        "{{ payee|attr('__class__') }}",
        "{{ payee|center(99999999) }}",
        "{{ payee|upper(1) }}",
        "{{ payee|format(1) }}",
        "{{ [payee, payee] }}",
        "{{ payee is defined }}",
        "{{ nobody }}",
        "{{ payee",
        "{% if a %}" * 500 + "{% endif %}" * 500,
        "{{ " + "(" * 3000 + "payee" + ")" * 3000 + " }}",
        "{{ " + "not " * 3000 + "payee }}",
    ],
)
def test_whatever_is_not_filling_in_a_field_is_refused(source: str, tmp_path: Path) -> None:
    assert list(faults(source))
    written(tmp_path, "bad", source)
    with pytest.raises(FormatError, match="MESSAGE_TEMPLATE"):
        load("bad", [tmp_path])


@pytest.mark.parametrize(
    "source",
    [
        "{{ payee or 'nobody' }}",
        "{% if payee and not purpose %}{{ amount ~ ' ' ~ time|upper }}{% else %}-{% endif %}",
        "{{ 'big' if severity == 'high' else 'small' }}",
    ],
)
def test_fields_and_choices_are_enough(source: str) -> None:
    assert list(faults(source)) == []


@pytest.mark.parametrize("name", ["../standard", "nothing", "", "/etc/passwd"])
def test_a_name_reaches_no_other_folder(name: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    written(tmp_path, "standard", "x")
    with pytest.raises(FormatError):
        load(name, [tmp_path / "in"])


def test_a_file_that_is_too_long_or_of_another_shape_is_refused(tmp_path: Path) -> None:
    written(tmp_path, "long", "x" * MOST_FILE)
    written(tmp_path, "more", "x", telegram={"en": "x", "zh": "x"})
    (tmp_path / "list.yaml").write_text("- 1\n", "utf-8")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe")
    (tmp_path / "alias.yaml").write_text("a: &a x\nb: *a\n")
    (tmp_path / "deep.yaml").write_text("[" * 5000)
    for name in ("long", "more", "list", "bytes", "alias", "deep"):
        with pytest.raises(FormatError, match="MESSAGE_TEMPLATE"):
            load(name, [tmp_path])


@given(st.text(max_size=2000))
def test_no_field_makes_a_header_or_a_line_of_its_own(text: str) -> None:
    said = load("document").render("email", "en", dict.fromkeys(FIELDS, text))
    plain = load("document").render("email", "en", dict.fromkeys(FIELDS, "x"))
    assert len(said.subject.splitlines()) <= 1
    assert len(said.body.splitlines()) <= len(plain.body.splitlines())
    assert len(said.body) <= MOST_TEXT["email"]
    assert one_line(one_line(text)) == one_line(text)


@given(st.from_regex(r"[0-9]{10,24}", fullmatch=True), st.sampled_from(["", " "]))
def test_no_long_number_stays_in_full_in_a_text(number: str, between: str) -> None:
    grouped = between.join(number[i : i + 4] for i in range(0, len(number), 4))
    hidden = mask_long_numbers(f"支付至{grouped}的款项")
    assert number not in hidden.replace(" ", "")
    assert "*" in hidden


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("6222\u00a00210\u00a00100\u00a00001", "6222********0001"),
        ("6222-0210-0100-0001", "6222********0001"),
        ("6222  0210  0100  0001", "6222********0001"),
        ("6222\u20090210\u20090100\u20090001", "6222********0001"),
        (
            "D20261123-000001-1 is held since 2026-11-23",
            "D20261123-000001-1 is held since 2026-11-23",
        ),
    ],
)
def test_numbers_in_groups_are_hidden_and_documents_are_not(text: str, hidden: str) -> None:
    assert mask_long_numbers(text) == hidden


def test_addresses_are_recognised_and_not_told() -> None:
    assert masked_address("li@example.com") == "l***@example.com"
    assert masked_address("+8613800000001") == "+86*********01"
    assert masked_address(None) is None


def test_ones_own_folder_comes_first_and_a_saved_file_counts_at_once(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(message_folders.OWN, str(tmp_path))
    written(tmp_path, "standard", "own {{ code }}")
    written(tmp_path, "special", "special {{ code }}")
    stage.alert("a", notify=("reviewer",))
    stage.alert("b", template="special")
    stage.send()
    assert {one["body"].strip() for one in stage.mails()} == {"own W2", "special W2"}  # type: ignore[attr-defined]
    written(tmp_path, "special", "later {{ code }}")
    stage.alert("c", template="special")
    stage.send()
    assert str(stage.mails()[0]["body"]).strip() == "later W2"


def test_a_template_that_is_missing_or_broken_is_replaced_by_the_standard_one(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(message_folders.OWN, str(tmp_path))
    written(tmp_path, "broken", "{{ nothing }}")
    stage.alert("a", template="broken")
    written(tmp_path, "unfillable", "{% if amount > 100 %}large{% endif %}")
    stage.alert("b", template="gone")
    stage.alert("c", template="unfillable")
    stage.send()
    assert {one[2] for one in stage.told()} == {"SENT"}
    assert {one[0] for one in stage.rows("SELECT template FROM notification")} == {"standard"}
