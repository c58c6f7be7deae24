"""How values look on pages: money, capitals 大写, instants, accounts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from zoneinfo import ZoneInfo

import cn2an

from engine.base.masking import masked as _mask
from engine.base.money import format_major

ZONE = ZoneInfo("Asia/Shanghai")
MINUS = "\u2212"


def money(minor: int | None, currency: str | None = None) -> str:
    """Minor units as `CNY 1,284,500.00` (without code when `currency` is None: CNY decimals).

    Never rounded; a true minus; an em dash for no amount.
    """
    if minor is None:
        return "—"
    text = format_major(abs(minor), currency or "CNY", grouped=True)
    signed = f"{MINUS}{text}" if minor < 0 else text
    return f"{currency} {signed}" if currency else signed


def capitals(minor: int) -> str:
    """A CNY amount in Chinese capitals 大写: 4999999 -> 肆万玖仟玖佰玖拾玖元玖角玖分."""
    return str(cn2an.an2cn(format_major(minor, "CNY"), "rmb"))


def instant(at: dt.datetime | None) -> str:
    """An instant in the group's zone with its offset: 2026-11-23 09:30:05 +08:00."""
    if at is None:
        return "—"
    local = at.astimezone(ZONE)
    return f"{local:%Y-%m-%d %H:%M:%S} {local.isoformat()[-6:]}"


def account(number: str | None, *, masked: bool = False) -> str:
    """An account number in groups of four; masked it keeps the first and last four digits."""
    if not number:
        return "—"
    shown = (_mask(number) if masked else number) or ""
    return " ".join(shown[i : i + 4] for i in range(0, len(shown), 4))


def clock(at: dt.datetime | None) -> str:
    """The time of day of an instant, for lists of one day: 09:30:05 +08:00."""
    return "—" if at is None else instant(at)[11:]


def plain(text: str) -> str:
    """A description of the manual without the marks around its code words."""
    return text.replace("`", "")


def count(number: int) -> str:
    """A count with thousands separators: 12,345."""
    return f"{number:,}"


def share(part: int, whole: int) -> str:
    """`part` of `whole` as 46.4%, rounded half up; what is more than nothing is never 0.0%."""
    if not whole:
        return "—"
    thousandths = (part * 2000 + whole) // (whole * 2)
    if part and not thousandths:
        return "<0.1%"
    return f"{thousandths // 10}.{thousandths % 10}%"


def brief(kept: Mapping[str, object] | None) -> str:
    """The content of an audit entry in one line: name=value, long values cut."""
    if not kept:
        return ""
    return " ".join(f"{name}={_cut(value)}" for name, value in kept.items())


def _cut(value: object) -> str:
    text = ",".join(str(one) for one in value) if isinstance(value, list) else str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
