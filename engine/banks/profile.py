"""Bank profiles: bank_templates/<bank>/bank.yaml, checked before anything uses them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml
from jsonschema import Draft202012Validator

from engine.base.text import SluiceError, Text
from engine.formats.templates import bank_folders

_SCHEMA = Path(__file__).with_name("bank.schema.json")
_ZONE = ZoneInfo("Asia/Shanghai")


class ProfileError(SluiceError):
    """A bank profile that cannot be used."""


@dataclass(frozen=True, slots=True)
class Codes:
    """A bank's own codes. What is listed nowhere is unknown.

    `refused` are answers to a submission that mean the whole message is not carried out.
    """

    paid: frozenset[str]
    pending: frozenset[str]
    rejected: frozenset[str]
    refused: frozenset[str]


@dataclass(frozen=True, slots=True)
class BankProfile:
    """What is known of a bank beforehand."""

    id: str
    name: Text
    connector: str
    """Module under engine/banks/connectors."""
    cnaps: str
    """First three digits of its branches' CNAPS codes."""
    url_key: str
    token_key: str
    """Names of the settings that hold endpoint and token."""
    connect_seconds: int
    read_seconds: int
    queryable: bool
    deduplicates: bool
    """Whether it recognises a repeated message id. Sluicegate never relies on it."""
    finality: dt.timedelta
    cut_off: dt.time
    channels: tuple[str, ...]
    pay_format: str
    collect_format: str
    """Definitions of XML messages: in the bank's folder, else in its connector's."""
    pay_template: str
    collect_template: str
    """Templates in the bank's folder instead of those of the definitions; "" for none."""
    codes: Codes
    max_in_flight: int | None = None
    """At most so many messages are being sent to the bank at once, by all processes together."""
    quiet: tuple[dt.time, dt.time] | None = None
    """From and to, local time: the bank is sent nothing and asked nothing (it may end the next
    day)."""
    zone: ZoneInfo = _ZONE


class UniqueKeys(yaml.SafeLoader):
    """Safe loading that refuses a key given twice."""

    def construct_mapping(
        self, node: yaml.MappingNode, deep: bool = False
    ) -> dict[Hashable, object]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for place, key in enumerate(keys):
            if key in keys[:place]:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} is given twice", node.value[place][0].start_mark
                )
        return super().construct_mapping(node, deep)


def bank_file(bank: str, name: str, folders: Sequence[Path] | None = None) -> Path:
    """The file of a bank, in the installation's own folder before the shipped one; the last
    place looked at when there is none."""
    path = Path(name)
    for folder in bank_folders() if folders is None else folders:
        path = folder / bank / name
        if path.is_file():
            break
    return path


def load_profile(bank: str, folders: Sequence[Path] | None = None) -> BankProfile:
    """The profile of `bank`; ProfileError PROFILE_MISSING or PROFILE_INVALID with the place."""
    path = bank_file(bank, "bank.yaml", folders)
    try:
        content = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ProfileError(
            "PROFILE_MISSING",
            Text(
                f"bank {bank} has no profile {path}; add it or correct the account's bank",
                f"银行 {bank} 没有配置文件 {path};请添加,或更正账户的开户银行",
            ),
        ) from error
    return parse_profile(content, str(path), bank)


def list_profiles(folders: Sequence[Path] | None = None) -> tuple[BankProfile, ...]:
    """All profiles, by id."""
    places = bank_folders() if folders is None else folders
    found = {path.parent.name for folder in places for path in folder.glob("*/bank.yaml")}
    return tuple(load_profile(bank, places) for bank in sorted(found))


def parse_profile(content: str, file: str, bank: str) -> BankProfile:
    """Read a profile's text; ProfileError PROFILE_INVALID names `file` and the place."""
    try:
        raw = yaml.load(content, Loader=UniqueKeys)  # noqa: S506 - a SafeLoader that refuses more
    except yaml.YAMLError as error:
        raise invalid_profile(file, str(error)) from error
    for problem in _validator().iter_errors(raw):
        place = ".".join(str(part) for part in problem.absolute_path) or "the file"
        raise invalid_profile(file, f"{place}: {problem.message}")
    if raw["id"] != bank:
        raise invalid_profile(file, f"id: {raw['id']!r} is not the folder's name {bank!r}")
    formats, templates = raw.get("formats", {}), raw.get("templates", {})
    codes = raw.get("codes", {})
    return BankProfile(
        id=raw["id"],
        name=Text(raw["name"]["en"], raw["name"]["zh"]),
        connector=raw["connector"],
        cnaps=raw["cnaps"],
        url_key=raw["endpoint"]["url"],
        token_key=raw["endpoint"]["token"],
        connect_seconds=raw.get("connect_seconds", 5),
        read_seconds=raw.get("read_seconds", 20),
        queryable=raw["queryable"],
        deduplicates=raw["deduplicates"],
        finality=dt.timedelta(hours=raw["finality_hours"]),
        cut_off=dt.time.fromisoformat(raw["cut_off"]),
        channels=tuple(raw["channels"]),
        pay_format=formats.get("pay", ""),
        collect_format=formats.get("collect", ""),
        pay_template=templates.get("pay", ""),
        collect_template=templates.get("collect", ""),
        codes=Codes(
            frozenset(codes.get("paid", ())),
            frozenset(codes.get("pending", ())),
            frozenset(codes.get("rejected", ())),
            frozenset(codes.get("refused", ())),
        ),
        max_in_flight=raw.get("max_in_flight"),
        quiet=_quiet(raw.get("quiet"), file),
    )


def _quiet(raw: dict[str, str] | None, file: str) -> tuple[dt.time, dt.time] | None:
    if raw is None:
        return None
    begins, ends = (dt.time.fromisoformat(raw[name]) for name in ("from", "to"))
    if begins == ends:
        raise invalid_profile(file, "quiet: from and to are the same; give a period or none")
    return begins, ends


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(_SCHEMA.read_text(encoding="utf-8")))


def invalid_profile(file: str, what: str) -> ProfileError:
    """PROFILE_INVALID: what is wrong in which file of a bank's folder."""
    return ProfileError(
        "PROFILE_INVALID",
        Text(
            f"{file}: {what}; correct the profile (constants are quoted)",
            f"{file}:{what};请更正银行配置(常量须加引号)",
        ),
    )
