"""Bilingual sentences, text normalisation at the border, and the error base class."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Literal

Lang = Literal["en", "zh"]


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in English and Chinese."""

    en: str
    zh: str

    def say(self, lang: Lang) -> str:
        """Return the sentence in `lang`."""
        return self.zh if lang == "zh" else self.en


class SluiceError(Exception):
    """An error with a stable code and a bilingual sentence that says what to do next."""

    def __init__(self, code: str, text: Text) -> None:
        super().__init__(f"[{code}] {text.en}")
        self.code = code
        self.text = text


def normalise(raw: str | None) -> str | None:
    """Normalise text at the border: NFKC, trimmed, empty becomes None."""
    if raw is None:
        return None
    return unicodedata.normalize("NFKC", raw).strip() or None


def display_width(text: str) -> int:
    """Columns `text` takes on a terminal: wide East Asian characters count two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
