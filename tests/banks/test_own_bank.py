"""A bank of the installation's own: a folder with a profile and a template, and no code."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli.main import build
from engine.banks.connect import Banks
from engine.banks.contract import Submitted
from engine.banks.messages import bank_message
from engine.banks.profile import list_profiles, load_profile
from engine.formats.reading import FormatError
from engine.formats.templates import OWN, SHIPPED
from engine.runtime.clock import ManualClock
from tests.banks.connecting import message
from tests.simulators.running import TOKEN, running_bank

PROFILE = (SHIPPED / "bank_a" / "bank.yaml").read_text("utf-8").replace("bank_a", "bank_x")
TEMPLATE = (SHIPPED / "iso20022" / "pain.001.001.03.xml.j2").read_text("utf-8")


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of bank_x: bank_a's profile, and its own template for payments."""
    folder = tmp_path / "banks" / "bank_x"
    folder.mkdir(parents=True)
    (folder / "bank.yaml").write_text(PROFILE + "templates: {pay: ours.xml.j2}\n", "utf-8")
    (folder / "ours.xml.j2").write_text(
        TEMPLATE.replace("<BtchBookg>false<", "<BtchBookg>true<"), "utf-8"
    )
    monkeypatch.setenv(OWN, str(folder.parent))
    return folder


def test_a_new_banks_template_is_used_over_http_without_code(
    own: Path, tmp_path: Path, clock: ManualClock
) -> None:
    assert "bank_x" in [profile.id for profile in list_profiles()]
    with running_bank(tmp_path / "bank.sqlite", "bank_a", options={}) as client:
        profile = load_profile("bank_x")
        settings = {profile.url_key: str(client.http.base_url), profile.token_key: TOKEN}
        banks = Banks(settings, clock)
        connector = banks("bank_x")
        sent = message()
        request = connector.render(sent)
        assert b"<BtchBookg>true</BtchBookg>" in request
        assert connector.submit(sent.message_id, request).outcome is Submitted.ACCEPTED
        banks.close()


def test_a_saved_template_counts_from_the_next_message_on(own: Path, clock: ManualClock) -> None:
    profile = load_profile("bank_x")
    assert "true" in bank_message(profile, "pay")[1].source
    (own / "ours.xml.j2").write_text(TEMPLATE, "utf-8")
    assert "<BtchBookg>false" in bank_message(profile, "pay")[1].source


def test_collections_still_use_the_shipped_template(own: Path) -> None:
    assert bank_message(load_profile("bank_x"), "collect")[1].name == (
        "iso20022/pain.008.001.02.xml.j2"
    )


def test_a_template_that_is_not_there_is_named(own: Path) -> None:
    (own / "ours.xml.j2").unlink()
    with pytest.raises(FormatError) as refused:
        bank_message(load_profile("bank_x"), "pay")
    assert refused.value.code == "TEMPLATE_MISSING"
    assert "bank_x/ours.xml.j2" in refused.value.text.en


def test_an_own_definition_comes_before_the_connectors(own: Path) -> None:
    shipped = (SHIPPED / "iso20022" / "pain.001.001.03.yaml").read_text("utf-8")
    (own / "pain.001.001.03.yaml").write_text(shipped.replace("name: 140", "name: 30"), "utf-8")
    assert bank_message(load_profile("bank_x"), "pay")[0].limits.name == 30


@pytest.mark.parametrize("bank", ["bank_a", "bank_b", "bank_c"])
def test_the_shipped_banks_messages_are_as_asked(bank: str) -> None:
    done = CliRunner().invoke(build("bank"), ["bank", "message", bank, "--show"])
    assert done.exit_code == 0, done.output
    assert "pay " in done.output
    assert "王小明" in done.output


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        ("item.amount", "item.betrag", "TEMPLATE_FIELD", "line 8"),
        ("{% endfor %}", "", "TEMPLATE_SYNTAX", "line"),
        ("TRF", "XXX", "XML_INVALID", "<PmtInf>"),
        ("<Ustrd>{{ item.remittance }}", "<Ustrd>x", "XML_DIFFERS", "item 1"),
    ],
)
def test_the_command_names_what_is_wrong_with_an_own_template(
    own: Path, old: str, new: str, code: str, said: str
) -> None:
    assert old in TEMPLATE
    (own / "ours.xml.j2").write_text(TEMPLATE.replace(old, new), "utf-8")
    done = CliRunner().invoke(build("bank"), ["bank", "message", "bank_x"])
    assert done.exit_code == 1
    assert code in done.output
    assert said in done.output
    assert "collect pain.008.001.02: " in done.output
