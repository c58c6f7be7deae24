"""What reading and writing a cell have in common: its characters, its checks, its bytes."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable

from engine.base.text import Text
from engine.formats.layouts.model import Checks, FieldDef, Layout, Type, Use, Value

UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Control, direction and other characters nobody sees: they have no place in a cell."""


PADDING = " \u3000"
"""Blanks around a cell, which are no part of it."""
STATEMENT_PADDING = " \t\u3000\xa0"
"""The same in statements: banks put tabs behind numbers, so that workbooks show them whole."""


def padding_of(layout: Layout) -> str:
    """What is taken off both ends of a cell."""
    return STATEMENT_PADDING if layout.use is Use.STATEMENT else PADDING


class CellFault(Exception):
    """Why a cell cannot be read or written; whoever knows the place makes a FileFault of it."""

    def __init__(self, code: str, en: str, zh: str) -> None:
        super().__init__(en)
        self.code = code
        self.text = Text(en, zh)


def codec_of(layout: Layout) -> str:
    """The codec cells are counted in; of `auto` and UTF-16 the one without a mark."""
    encoding = layout.file.encoding
    if encoding == "auto":
        return "gb18030"
    return {"utf-8-sig": "utf-8", "utf-16": "utf-16-le"}.get(encoding, encoding)


def scaled(field: FieldDef, places: int) -> Checks:
    """The checks of a field with bounds in units of 10**-places; a layout says those of yuan in
    hundredths."""
    checks = field.checks
    if field.type is not Type.YUAN or places == 2:
        return checks
    least, most = (
        None if one is None else one * 10**places // 100 for one in (checks.least, checks.most)
    )
    return dataclasses.replace(checks, least=least, most=most)


def judge(checks: Checks, value: Value, shown: Callable[[int], str] = str) -> None:
    """CellFault when a value breaks its checks; `shown` says a number as people write it."""
    if isinstance(value, int):
        if checks.least is not None and value < checks.least:
            raise CellFault(
                "TOO_SMALL",
                f"{shown(value)} is below {shown(checks.least)}, the least there may be",
                f"{shown(value)} 小于允许的最小值 {shown(checks.least)}",
            )
        if checks.most is not None and value > checks.most:
            raise CellFault(
                "TOO_LARGE",
                f"{shown(value)} is above {shown(checks.most)}, the most there may be",
                f"{shown(value)} 大于允许的最大值 {shown(checks.most)}",
            )
    if not isinstance(value, str):
        return
    if checks.cnaps and not (len(value) == 12 and value.isascii() and value.isdecimal()):
        raise CellFault(
            "CNAPS",
            f"{value[:40]!r} is no CNAPS code; it has 12 digits",
            f"{value[:40]!r} 不是联行号；应为 12 位数字",
        )
    if checks.luhn and not luhn(value):
        raise CellFault(
            "LUHN",
            f"{value[:40]!r} fails the check digit of card numbers; look for a slip of the pen",
            f"{value[:40]!r} 未通过卡号校验位；请核对",
        )
    if checks.one_of and value not in checks.one_of:
        said = ", ".join(checks.one_of)
        raise CellFault(
            "NOT_ALLOWED", f"{value[:40]!r} is not among {said}", f"{value[:40]!r} 不在 {said} 之中"
        )


def luhn(number: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1, annex B)."""
    if not (number.isascii() and number.isdecimal()):
        return False
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def fitting(text: str, width: int, codec: str) -> str:
    """The longest beginning that fits, by whole characters."""
    room, kept = width, []
    for character in text:
        room -= len(character.encode(codec))
        if room < 0:
            break
        kept.append(character)
    return "".join(kept).rstrip()
