"""Dates, instants and amounts as banks write them in ISO 20022 messages."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache

from lxml import etree

from engine.base.money import MoneyError, parse_major
from engine.base.text import Text
from engine.formats.reading import ReadFinding
from engine.formats.safe_xml import line_of

_ZEROS = re.compile(r"(\d+)\.(\d*?)0+")
_CHINA = dt.timezone(dt.timedelta(hours=8))
"""Zone of instants without an offset: the banks read here are Chinese."""


@lru_cache(maxsize=1_000)
def read_date(text: str | None) -> dt.date | None:
    """The date at the beginning of `text` (a date or an instant), None when there is none."""
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text.strip()[:10])
    except ValueError:
        return None


def read_instant(text: str | None) -> dt.datetime | None:
    """`text` as an aware instant, None when it is not one. Without offset: China."""
    if text is None:
        return None
    try:
        instant = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=_CHINA)


def read_amount(element: etree._Element, currency: str, findings: list[ReadFinding]) -> int | None:
    """Minor units of an amount element, zeros beyond the currency's decimals left out.

    None with a fatal finding when it cannot be read exactly: an amount is never rounded.
    """
    text = (element.text or "").strip().removeprefix("+")
    zeros = _ZEROS.fullmatch(text) if text.endswith("0") else None
    if zeros is not None:
        text = f"{zeros[1]}.{zeros[2]}" if zeros[2] else zeros[1]
    elif text.endswith("."):
        text = text[:-1]
    try:
        return parse_major(text, str(element.get("Ccy", currency)))
    except MoneyError as error:
        line = line_of(element)
        findings.append(
            ReadFinding(
                error.code,
                Text(f"line {line}: {error.text.en}", f"第 {line} 行:{error.text.zh}"),
                line,
                fatal=True,
            )
        )
        return None
