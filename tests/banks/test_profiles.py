"""Bank profiles: every mistake names its place, the shipped ones are sound."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.banks.connect import Banks, open_bank
from engine.banks.contract import BankError
from engine.banks.profile import ProfileError, list_profiles, load_profile, parse_profile
from engine.formats.templates import SHIPPED
from engine.runtime.clock import ManualClock

GOOD = (SHIPPED / "bank_a" / "bank.yaml").read_text(encoding="utf-8")


def test_the_shipped_banks_are_found_by_their_folders() -> None:
    assert [(one.id, one.connector) for one in list_profiles()] == [
        ("bank_a", "iso20022"),
        ("bank_b", "cn_xml"),
        ("bank_c", "iso20022"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('cnaps: "901"', "cnaps: 901", "cnaps"),
        ('cut_off: "17:00"', "cut_off: 17:00", "cut_off"),
        ("queryable: true", "queryable: maybe", "queryable"),
        ("finality_hours: 24", "finality_hours: 0", "finality_hours"),
        ("finality_hours: 24", "", "finality_hours"),
        ("queryable: true", "queryable: true\nqueryable: false", "twice"),
        ("queryable: true", "queryable: true\nqeryable: false", "qeryable"),
        ("id: bank_a", "id: bank_z", "id"),
        ("id: bank_a", "id: [bank_a", ""),
    ],
)
def test_a_mistake_in_a_profile_is_refused_with_its_place(old: str, new: str, place: str) -> None:
    assert old in GOOD
    with pytest.raises(ProfileError) as refused:
        parse_profile(GOOD.replace(old, new), "bank.yaml", "bank_a")
    assert refused.value.code == "PROFILE_INVALID"
    assert place in refused.value.text.en


def test_a_bank_without_profile_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProfileError) as refused:
        load_profile("bank_x", [tmp_path])
    assert refused.value.code == "PROFILE_MISSING"


def test_a_missing_endpoint_names_the_setting(clock: ManualClock) -> None:
    with pytest.raises(BankError) as refused:
        Banks({}, clock)("bank_a")
    assert refused.value.code == "ENDPOINT_MISSING"
    assert "SLUICE_BANK_A_URL" in refused.value.text.en


def test_an_unknown_connector_is_named(clock: ManualClock) -> None:
    profile = parse_profile(GOOD.replace("iso20022", "telex", 1), "bank.yaml", "bank_a")
    settings = {profile.url_key: "http://127.0.0.1:9", profile.token_key: "t"}
    with pytest.raises(BankError) as refused:
        open_bank(profile, settings, clock)
    assert refused.value.code == "CONNECTOR_MISSING"
