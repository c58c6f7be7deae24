"""Numbers and addresses shown so that they can be recognised and not used."""

from __future__ import annotations

import re

_LONG = re.compile(r"\d(?: ?\d){9,}")
"""Ten digits and more in a row, also in groups: an account number as people write it."""


def masked(number: str | None) -> str | None:
    """An account number with its first and last four digits only."""
    if not number or len(number) <= 8:
        return number
    return number[:4] + "*" * (len(number) - 8) + number[-4:]


def mask_long_numbers(text: str) -> str:
    """A text in which every long number keeps its first and last four digits."""
    return _LONG.sub(lambda found: masked(found[0].replace(" ", "")) or "", text)


def masked_address(address: str | None) -> str | None:
    """A person's e-mail address or telephone number, enough to recognise it."""
    if not address:
        return address
    name, at, domain = address.partition("@")
    if at:
        return f"{name[:1]}***@{domain}"
    return f"{address[:3]}{'*' * max(len(address) - 5, 1)}{address[-2:]}"
