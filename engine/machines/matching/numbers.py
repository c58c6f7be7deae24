"""Match numbers: MN-20261123-000001-C, unique for ever; C catches typing errors.

C is the check character of ISO/IEC 7064 MOD 37,36 over date and serial: it finds every single
wrong character and nearly every swap of two neighbours.
"""

from __future__ import annotations

import datetime as dt
import re

import sqlalchemy as sa
from sqlmodel import Session

_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_NUMBER = re.compile(r"MN-(\d{8})-(\d{6,})-([0-9A-Z])")


def check_character(payload: str) -> str:
    """The ISO 7064 MOD 37,36 check character of `payload` (digits and capital letters)."""
    product = 36
    for character in payload:
        total = (product + _CHARACTERS.index(character)) % 36 or 36
        product = total * 2 % 37
    return _CHARACTERS[(37 - product) % 36]


def is_match_number(text: str) -> bool:
    """Whether `text` has the form of a match number and its check character is right."""
    found = _NUMBER.fullmatch(text)
    return found is not None and check_character(found[1] + found[2]) == found[3]


def next_numbers(session: Session, day: dt.date, count: int) -> list[str]:
    """`count` new match numbers of business date `day`, in order.

    The day's counter row is raised in the caller's transaction, so runs on one day wait for each
    other until commit and a rolled-back run gives its numbers back.
    """
    last = session.execute(
        sa.text(
            "INSERT INTO match_counter AS c (day, last_number) VALUES (:day, :count) "
            "ON CONFLICT (day) DO UPDATE SET last_number = c.last_number + :count "
            "RETURNING last_number"
        ),
        {"day": day, "count": count},
    ).scalar_one()
    return [match_number(day, serial) for serial in range(int(last) - count + 1, int(last) + 1)]


def match_number(day: dt.date, serial: int) -> str:
    """The number of `serial` on business date `day`."""
    date, number = f"{day:%Y%m%d}", f"{serial:06d}"
    return f"MN-{date}-{number}-{check_character(date + number)}"
