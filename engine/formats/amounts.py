"""Amounts as banks write them in text files, read exactly: never rounded, never guessed."""

from __future__ import annotations

import re

from engine.base.money import decimals, parse_major

_GROUPED = re.compile(r"\d+|\d{1,3}(?:,\d{3})+|\d{1,3}(?:\.\d{3})+|")


def minor_units(text: str, currency: str) -> int:
    """Minor units of `1234,5`, `1,234.50`, `1.234,50`, `12,` (the last comma or point is the
    decimal one); zeros beyond the currency's decimals are left out.

    Raises ValueError for what is no amount, MoneyError of parse_major.
    """
    last = max(text.rfind(","), text.rfind("."))
    whole, fraction = (text[:last], text[last + 1 :]) if last >= 0 else (text, "")
    grouped = _GROUPED.fullmatch(whole)
    mixed = last >= 0 and text[last] in whole
    if grouped is None or mixed or not (whole or fraction) or not text.isascii():
        raise ValueError(f"{text[:30]!r} is no amount")
    digits = whole.replace(",", "").replace(".", "") or "0"
    kept = fraction.rstrip("0")
    if kept and not kept.isdigit():
        raise ValueError(f"{text[:30]!r} is no amount")
    decimals(currency)
    return parse_major(f"{digits}.{kept}" if kept else digits, currency)
