"""Amounts: decimal strings in major units outside, integer minor units inside."""

import re
from typing import Final

_DECIMALS: Final = {"JPY": 0, "KRW": 0, "VND": 0, "BHD": 3, "KWD": 3, "OMR": 3, "TND": 3}
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_AMOUNT: Final = re.compile(r"(-?)([0-9]{1,16})(?:\.([0-9]+))?")
_LARGEST: Final = 10**18


class BadAmount(ValueError):
    """An amount a bank refuses: not a plain decimal, too many decimals, too large."""


def decimals(currency: str) -> int:
    """Decimals of a currency (ISO 4217); two unless the currency is a known exception."""
    return _DECIMALS.get(currency, 2)


def is_currency(text: str) -> bool:
    """Whether the text has the form of an ISO 4217 code."""
    return _CURRENCY.fullmatch(text) is not None


def to_minor(text: str, currency: str) -> int:
    """Minor units of a decimal string in major units; raises BadAmount."""
    found = _AMOUNT.fullmatch(text.strip())
    if found is None:
        raise BadAmount(f"{text!r} is not a plain decimal amount of at most 16 whole digits")
    sign, whole, fraction = found.group(1), found.group(2), found.group(3) or ""
    places = decimals(currency)
    if len(fraction) > places:
        raise BadAmount(f"{text!r} has more than {places} decimals, {currency} has no smaller unit")
    minor = int(whole + fraction.ljust(places, "0"))
    if minor >= _LARGEST:
        raise BadAmount(f"{text!r} is larger than this bank can book")
    return -minor if sign else minor


def to_major(minor: int, currency: str) -> str:
    """Decimal string in major units, with all decimals of the currency."""
    places = decimals(currency)
    sign = "-" if minor < 0 else ""
    whole, fraction = divmod(abs(minor), 10**places)
    return f"{sign}{whole}.{fraction:0{places}d}" if places else f"{sign}{whole}"
