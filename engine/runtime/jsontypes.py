"""JSON without Any and without floats, its canonical form, and content hashes.

Numbers in JSON are integers here: money is minor units or a decimal string, so no float can
reach a money path through a payload.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from engine.base.text import SluiceError, Text

JsonValue: TypeAlias = "bool | int | str | Sequence[JsonValue] | Mapping[str, JsonValue] | None"
JsonObject: TypeAlias = Mapping[str, JsonValue]


class JsonError(SluiceError):
    """A value that JSON without floats cannot carry."""


def _refuse(place: str, found: object) -> JsonError:
    kind = type(found).__name__
    return JsonError(
        "JSON_VALUE",
        Text(
            f"{place}: a {kind} cannot be kept; use text, whole numbers, true, false, null, "
            "lists and objects (amounts as minor units or decimal text)",
            f"{place}:不能保存 {kind};请使用文本、整数、真假值、空值、列表和对象"
            "(金额用最小货币单位或十进制文本)",
        ),
    )


def check_value(value: object, place: str = "$") -> JsonValue:
    """`value` as a JsonValue; JsonError JSON_VALUE naming the place of what is none."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Mapping):
        return {
            _key(name, place): check_value(part, f"{place}.{name}") for name, part in value.items()
        }
    if isinstance(value, list | tuple):
        return [check_value(part, f"{place}[{index}]") for index, part in enumerate(value)]
    raise _refuse(place, value)


def _key(name: object, place: str) -> str:
    if not isinstance(name, str):
        raise _refuse(f"{place} (key)", name)
    return name


def check_object(value: object) -> dict[str, JsonValue]:
    """`value` as a JSON object; JsonError JSON_VALUE when it is none."""
    checked = check_value(value)
    if not isinstance(checked, dict):
        raise _refuse("$", value)
    return checked


def unique_keys(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    """`object_pairs_hook` of json.loads: JsonError JSON_KEY_TWICE where a key stands twice.

    Readers differ in which of the two they take, so what one checked another may not do.
    """
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise JsonError(
                "JSON_KEY_TWICE",
                Text(
                    f"the key {name[:100]!r} stands twice in one object; send it once",
                    f"同一对象中键 {name[:100]!r} 重复;请只发送一次",
                ),
            )
        found[name] = value
    return found


def parse_object(text: str | bytes) -> dict[str, JsonValue]:
    """Read a JSON object; floats, NaN and anything but an object are refused (JSON_VALUE), and
    an object with a key twice (JSON_KEY_TWICE)."""
    try:
        return check_object(json.loads(text, object_pairs_hook=unique_keys))
    except ValueError as error:
        raise JsonError(
            "JSON_SYNTAX",
            Text(f"not JSON: {error}; send a JSON object", f"不是 JSON:{error};请发送 JSON 对象"),
        ) from error


def _is_plain(value: object) -> bool:
    """Whether `value` is made of nothing but dicts with text keys, lists, text, whole numbers,
    truth values and None: what `check_value` would give back as it is."""
    kind = type(value)
    if kind is str or kind is int or value is None or kind is bool:
        return True
    if isinstance(value, dict) and kind is dict:
        for name, part in value.items():
            if type(name) is not str or not _is_plain(part):
                return False
        return True
    if isinstance(value, list) and kind is list:
        return all(_is_plain(part) for part in value)
    return False


def canonical_json(value: JsonValue) -> str:
    """The one way to write `value`: keys sorted, no spaces, characters as they are."""
    return json.dumps(
        value if _is_plain(value) else check_value(value),
        ensure_ascii=False,
        allow_nan=False,
        sort_keys=True,
        separators=(",", ":"),
    )


def content_hash(value: JsonValue) -> str:
    """SHA-256 of the canonical form, 64 hex digits."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()
