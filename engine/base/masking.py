"""Numbers and addresses shown so that they can be recognised and not used."""

from __future__ import annotations

import re

_LONG = re.compile(
    r"\d(?:[\s\u200b]{0,2}\d){9,}"
    r"|(?<![\d-])\d{4}(?:[\s\u200b]{0,2}[-.\u2010-\u2015][\s\u200b]{0,2}\d{4}){2,}"
    r"(?:[\s\u200b]{0,2}[-.\u2010-\u2015][\s\u200b]{0,2}\d{1,4})?(?!\d)"
)
"""Ten digits and more in a row, also in groups with blanks of any kind between them, or in groups
of four with hyphens or points: an account number as people write it. Numbers of documents have
groups of eight and six."""


def masked(number: str | None) -> str | None:
    """An account number with its first and last four digits only."""
    if not number or len(number) <= 8:
        return number
    return number[:4] + "*" * (len(number) - 8) + number[-4:]


def mask_long_numbers(text: str) -> str:
    """A text in which every long number keeps its first and last four digits."""
    return _LONG.sub(lambda found: masked(re.sub(r"\D", "", found[0])) or "", text)


def masked_address(address: str | None) -> str | None:
    """A person's e-mail address or telephone number, enough to recognise it."""
    if not address:
        return address
    name, at, domain = address.partition("@")
    if at:
        return f"{name[:1]}***@{domain}"
    return f"{address[:3]}{'*' * max(len(address) - 5, 1)}{address[-2:]}"
