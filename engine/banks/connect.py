"""Opening a connector: the profile names its module, settings hold endpoint and token."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, cast

from engine.banks.contract import BankError, Connector
from engine.banks.http import BankHttp
from engine.banks.profile import BankProfile, load_profile
from engine.base.text import Text
from engine.formats.xml_out.rendering import shared_renderer
from engine.formats.xml_out.writing import Renderer
from engine.runtime.clock import Clock


@dataclass(frozen=True, slots=True)
class Setup:
    """What a connector is made of."""

    profile: BankProfile
    http: BankHttp
    clock: Clock
    renderer: Renderer


class ConnectorModule(Protocol):
    """A module under engine/banks/connectors."""

    def connect(self, setup: Setup) -> Connector:
        """The connector for a bank that speaks this module's language."""
        ...


def open_bank(
    profile: BankProfile,
    settings: Mapping[str, str],
    clock: Clock,
    renderer: Renderer | None = None,
) -> Connector:
    """A connector for `profile`; `settings` (the environment) holds its url and token.

    BankError ENDPOINT_MISSING names the setting, CONNECTOR_MISSING the module.
    """
    url, token = (_setting(settings, key, profile) for key in (profile.url_key, profile.token_key))
    name = f"engine.banks.connectors.{profile.connector}"
    try:
        module = cast(ConnectorModule, importlib.import_module(name))
    except ModuleNotFoundError as error:
        raise BankError(
            "CONNECTOR_MISSING",
            Text(
                f"bank {profile.id}: no connector {profile.connector!r}; correct bank.yaml",
                f"银行 {profile.id}:没有连接器 {profile.connector!r};请更正 bank.yaml",
            ),
        ) from error
    http = BankHttp(url, token, profile.connect_seconds, profile.read_seconds)
    return module.connect(Setup(profile, http, clock, renderer or shared_renderer()))


class Banks:
    """Connectors by bank id, opened when first asked for."""

    def __init__(self, settings: Mapping[str, str], clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._open: dict[str, Connector] = {}

    def __call__(self, bank_id: str) -> Connector:
        """The connector of `bank_id`; ProfileError or BankError when it cannot be opened."""
        found = self._open.get(bank_id)
        if found is None:
            made = open_bank(load_profile(bank_id), self._settings, self._clock)
            found = self._open.setdefault(bank_id, made)
        return found

    def configured(self, profile: BankProfile) -> bool:
        """Whether the settings hold its endpoint and token."""
        return all(self._settings.get(key) for key in (profile.url_key, profile.token_key))

    def close(self) -> None:
        """Close all connectors."""
        while self._open:
            self._open.popitem()[1].close()


def _setting(settings: Mapping[str, str], key: str, profile: BankProfile) -> str:
    found = settings.get(key, "")
    if not found:
        raise BankError(
            "ENDPOINT_MISSING",
            Text(
                f"bank {profile.id} cannot be reached: set {key}",
                f"无法连接银行 {profile.id}:请设置 {key}",
            ),
        )
    return found
