"""Amounts as people and banks write them: +1,234.50, ¥0.01, 12.00-, (12.00), 12.00DR."""

from __future__ import annotations

import re
import unicodedata

_FRAME = re.compile(r"(?:CNY|RMB|人民币|[¥￥])|元$|\s", re.IGNORECASE)
_MONEY = re.compile(r"([+-]?)(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?", re.ASCII)
_TURNED = re.compile(r"\((?P<a>[^()+-]+)\)|(?P<b>[^+-]+)-|(?P<c>[^+-]+?)DR", re.IGNORECASE)
"""Brackets, a minus behind and DR say the same as a minus in front; none stands beside another."""
_CREDIT = re.compile(r"(?<=\d)CR$", re.IGNORECASE)


def narrow(text: str) -> str:
    """Full-width figures and signs as ASCII."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def plain_amount(text: str) -> str | None:
    """`text` as digits with a minus and a point, zeros at the end of the fraction left out; None
    when it is no amount."""
    bare = _CREDIT.sub("", _FRAME.sub("", narrow(text)))
    turned = _TURNED.fullmatch(bare)
    if turned is not None:
        bare = "-" + next(one for one in turned.groups() if one is not None)
    found = _MONEY.fullmatch(bare)
    if found is None:
        return None
    sign, whole, fraction = found[1], found[2].replace(",", ""), (found[3] or "").rstrip("0")
    return ("-" if sign == "-" else "") + whole + (f".{fraction}" if fraction else "")
