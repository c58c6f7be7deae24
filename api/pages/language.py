"""The words of the pages, in English and Chinese: flat keys in locale/*.yaml.

`{count} {count:row|rows}` says "1 row" and "2 rows".
"""

from __future__ import annotations

import string
from functools import cache
from pathlib import Path
from typing import cast

import yaml
from starlette.requests import Request

from engine.base.text import Lang

LANGUAGES: tuple[Lang, ...] = ("zh", "en")
_FOLDER = Path(__file__).parent / "locale"


@cache
def catalog(lang: Lang) -> dict[str, str]:
    """Key -> sentence; `{name}` places are filled by `translate`."""
    words: dict[str, str] = {}
    for file in sorted(_FOLDER.glob(f"*.{lang}.yaml")):
        part = cast(dict[str, str], yaml.safe_load(file.read_text("utf-8")))
        doubled = words.keys() & part.keys()
        if doubled:
            raise ValueError(f"{file.name} repeats {sorted(doubled)}")
        words |= part
    return words


class _Counting(string.Formatter):
    """`{count:row|rows}` is the first word for one and the second for any other number."""

    def format_field(self, value: object, format_spec: str) -> str:
        one, bar, many = format_spec.partition("|")
        if not bar:
            return format(value, format_spec)
        return one if str(value) == "1" else many


_COUNTING = _Counting()


def translate(lang: Lang, key: str, **values: object) -> str:
    """The sentence `key` in `lang`. KeyError for an unknown key: a page never shows a bare key."""
    return _COUNTING.vformat(catalog(lang)[key], (), values)


def word(lang: Lang, code: str | None) -> str:
    """A code with its group, "channel.bank_direct", as people say it: `word.<code>` of the
    catalog, else the code itself with its underscores opened. Codes that rulesets may add
    (business types, channels) are therefore never an error."""
    if not code:
        return "—"
    return catalog(lang).get(f"word.{code}", code.partition(".")[2].replace("_", " "))


def language_of(request: Request) -> Lang:
    """The user's language: the cookie `lang`, else what the browser prefers, else Chinese."""
    chosen = request.cookies.get("lang")
    if chosen in LANGUAGES:
        return chosen
    preferred = request.headers.get("accept-language", "")
    return "en" if preferred.lower().startswith("en") else "zh"
