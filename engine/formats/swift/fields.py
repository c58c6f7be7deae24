"""The fields of MT940 and MT942 messages: lines to tags, tags to amounts, dates and parties."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

from engine.base.money import MoneyError
from engine.formats.amounts import minor_units
from engine.formats.statement import REVERSAL

_TAG = re.compile(r":(13D?|20|21|25P?|28C?|34F|60[FM]?|61|62[FM]?|64|65|86|90[CD]|NS|940|942):(.*)")
"""Fields of MT940 and MT942 (and NS of German and Hungarian banks): a line of text that begins
with a time (`:12:11`) is none."""
_BROKEN_TAG = re.compile(r"(?m)^:[ \t]*\r?\n(?=\d\d[A-Z]?:)")
_BALANCE = re.compile(r"([CD])(\d{6})?\s*([A-Z]{3})?\s*([0-9.,]+)")
_STRUCTURED = re.compile(r"(\d{3})([?~<>^!@#|])(?=\d\d)")
_SLASH_CODE = re.compile(r"/([A-Z]{3,4})/")
_NS_LINE = re.compile(r"(?m)^(\d\d)(.*)$")
_NAMED = re.compile(r"(TYT\.|OD|DLA|Z RACH\.|NA RACH\.|TNR|ID IPH):")
"""Names of parts in what Polish banks write: title, from, to, account."""
_SEPA_CODE = re.compile(r"(EREF|KREF|MREF|CRED|DEBT|SVWZ|ABWA|ABWE|IBAN|BIC|COAM|OAMT|PURP)\+")
_RETURNS = frozenset({"108", "109", "159"})
"""Business transaction codes of German banks: returned debits and transfers. Their subfield 34
has the reason."""
FULL_LINE = 65
"""Characters of a line of field 86."""
NO_REFERENCE = frozenset(
    {"", "NONREF", "NOREF", "NOTPROVIDED", "NOT PROVIDED", "EREF", "PREF", "KREF+", "EREF+", "MARF"}
)
"""What banks write where there is no reference."""


class FieldError(Exception):
    """A field that cannot be read: a code and what is wrong with it."""

    def __init__(self, code: str, en: str, zh: str) -> None:
        super().__init__(en)
        self.code = code
        self.en = en
        self.zh = zh


@dataclass(frozen=True, slots=True)
class Tag:
    """One field: its tag, its text with continuation lines, and the line it begins in."""

    name: str
    text: str
    line: int


def tags_of(text: str) -> Iterator[Tag]:
    """The fields of a file in order. `-` ends a message and comes as a tag of its own; what stands
    before the first tag (headers in braces, letters of a bank) is left out."""
    name, parts, start = "", list[str](), 0
    for number, raw in enumerate(_BROKEN_TAG.sub(":", text).split("\n"), 1):
        line = raw.rstrip("\r")
        found = _TAG.match(line.lstrip("\ufeff \t") if not name else line)
        if found is None and line.startswith("{") and ":20:" in line:
            found = _TAG.match(line[line.index(":20:") :])
        ends = line.rstrip() in ("-", "-}", "\x03") or line.startswith("-}")
        if (found is not None or ends) and name:
            yield Tag(name, "\n".join(parts), start)
            name = ""
        if found is not None:
            name, parts, start = found[1], [found[2]], number
        elif ends:
            yield Tag("-", "", number)
        elif name:
            parts.append(line)
    if name:
        yield Tag(name, "\n".join(parts), start)


@dataclass(frozen=True, slots=True)
class Balance:
    """A balance: minor units (owed ones below zero), its currency and day."""

    amount: int
    currency: str
    date: dt.date | None


def balance(text: str, currency: str | None) -> Balance:
    """A balance field: `C131016EUR84349,74`; `currency` is the message's, for one without."""
    found = _BALANCE.match(text.strip())
    known = found and (found[3] or currency)
    if found is None or not known:
        raise FieldError("BALANCE", f"{text[:30]!r} is no balance", f"{text[:30]!r} 不是余额")
    minor = amount(found[4], known)
    day = date(found[2])[0] if found[2] else None
    return Balance(-minor if found[1] == "D" else minor, known, day)


def amount(text: str, currency: str) -> int:
    """Minor units of an amount with a decimal comma (or point), zeros beyond the currency's
    decimals left out; never rounded."""
    try:
        return minor_units(text.strip(), currency)
    except MoneyError as error:
        raise FieldError(error.code, error.text.en, error.text.zh) from error
    except ValueError:
        bare = text.strip()[:30]
        raise FieldError("AMOUNT", f"{bare!r} is no amount", f"{bare!r} 不是金额") from None


def date(text: str) -> tuple[dt.date, bool]:
    """A day YYMMDD, and whether it had to be moved to the last day of its month: 30 February is
    how some banks write the end of it."""
    try:
        year, month, day = (int(text[place : place + 2]) for place in (0, 2, 4))
        year += 2000 if year < 80 else 1900
        last = calendar.monthrange(year, month)[1]
        return dt.date(year, month, min(day, last)), not 1 <= day <= last
    except (ValueError, IndexError, calendar.IllegalMonthError) as error:
        raise FieldError(
            "DATE", f"{text!r} is no day YYMMDD", f"{text!r} 不是日期 YYMMDD"
        ) from error


def entry_date(text: str, valued: dt.date) -> dt.date:
    """A day MMDD in the year that is nearest to the value date."""
    month, day = int(text[:2]), int(text[2:])
    if not 1 <= month <= 12:
        raise FieldError("DATE", f"{text!r} is no day MMDD", f"{text!r} 不是日期 MMDD")
    found = []
    for year in (valued.year - 1, valued.year, valued.year + 1):
        last = calendar.monthrange(year, month)[1]
        found.append(dt.date(year, month, max(1, min(day, last))))
    return min(found, key=lambda one: abs((one - valued).days))


@dataclass(frozen=True, slots=True)
class Details:
    """What field 86 says of a booking."""

    remittance: str | None = None
    name: str | None = None
    account: str | None = None
    our_reference: str | None = None
    return_reason: str | None = None


def details(text: str) -> Details:
    """Field 86: numbered subfields (`166?20…?32…`), codes (`/EREF/…/REMI/…`), or plain text."""
    joined = "".join(line for line in text.split("\n"))
    found = _STRUCTURED.match(joined)
    if found is not None:
        return _numbered(joined[found.end(1) :], found[2], found[1])
    if _SLASH_CODE.match(joined.lstrip()):
        return _coded(joined)
    if "TYT.:" in joined:
        return _named(text)
    return _sepa(_unwrapped(text))


def _unwrapped(text: str) -> str:
    """Plain lines as one: a full line goes on in the middle of a word, a shorter one is done."""
    lines = [line.rstrip("\r") for line in text.split("\n")]
    joined = "".join(line if len(line) >= FULL_LINE else f"{line} " for line in lines)
    return " ".join(joined.split())


def _named(text: str) -> Details:
    """`OD: party; TYT.: title; Z RACH.: account`."""
    joined = " ".join(text.split())
    names = list(_NAMED.finditer(joined))
    said = {
        one[1]: joined[one.end() : after.start() if after else len(joined)].strip(" ;")
        for one, after in zip(names, [*names[1:], None], strict=True)
    }
    account = said.get("Z RACH.") or said.get("NA RACH.")
    return Details(
        remittance=_given(said.get("TYT.")),
        name=_given(said.get("OD")) or _given(said.get("DLA")),
        account=_given((account or "").replace(" ", "")),
    )


def numbered_lines(text: str) -> Details:
    """The field NS: lines that begin with a number, 01 to 14 text, 15 and 16 the party."""
    parts = {found[1]: found[2].strip() for found in _NS_LINE.finditer(text)}
    words = [parts[one] for one in sorted(parts) if "01" <= one <= "14"]
    return Details(
        remittance=_given(" ".join(words)) or _given(parts.get("17")),
        name=_given(" ".join(parts.get(one, "") for one in ("15", "16"))),
    )


def _numbered(text: str, mark: str, code: str) -> Details:
    parts: dict[str, str] = {}
    for piece in text.split(mark):
        if len(piece) >= 2 and piece[:2].isdecimal():
            parts[piece[:2]] = parts.get(piece[:2], "") + piece[2:]
    lines = [parts[one] for one in sorted(parts) if "20" <= one <= "29" or "60" <= one <= "63"]
    said = _sepa("".join(lines), " ".join(line.strip() for line in lines))
    name = "".join(parts.get(one, "") for one in ("32", "33"))
    account = parts.get("38") or parts.get("31") or said.account
    return Details(
        remittance=said.remittance,
        name=_given(name) or said.name,
        account=_given(account),
        our_reference=said.our_reference,
        return_reason=(_given(parts.get("34")) or REVERSAL) if code in _RETURNS else None,
    )


def _sepa(text: str, plain: str | None = None) -> Details:
    """`EREF+…SVWZ+…` within a text; without such codes the text itself."""
    codes = list(_SEPA_CODE.finditer(text))
    if not codes:
        return Details(remittance=_given(plain if plain is not None else text))
    said = {
        one[1]: text[one.end() : after.start() if after else len(text)].strip()
        for one, after in zip(codes, [*codes[1:], None], strict=True)
    }
    return Details(
        remittance=_given(said.get("SVWZ")) or _given(text[: codes[0].start()]),
        name=_given(said.get("ABWA")) or _given(said.get("ABWE")),
        account=_given(said.get("IBAN")),
        our_reference=_reference(said.get("EREF")) or _reference(said.get("KREF")),
    )


def _coded(text: str) -> Details:
    codes = list(_SLASH_CODE.finditer(text))
    said: dict[str, str] = {}
    for one, after in zip(codes, [*codes[1:], None], strict=True):
        # A code right behind another shares its slash with it.
        value = text[one.end() : after.start() if after else len(text)].strip().strip("/")
        said.setdefault(one[1], value)
    remitted = said.get("REMI") or ""
    if "/USTD//" in text:
        remitted = text.partition("/USTD//")[2]
    party = said.get("BENM") or said.get("ORDP") or ""
    name = said.get("NAME") or (party if not party.startswith("/") else "")
    return Details(
        remittance=_given(remitted),
        name=_given(name),
        account=_given(said.get("IBAN")),
        our_reference=_reference(said.get("EREF")),
        return_reason=_given(said.get("RTRN")),
    )


def _reference(text: str | None) -> str | None:
    found = _given(text)
    return None if found is None or found.upper() in NO_REFERENCE else found


def _given(text: str | None) -> str | None:
    found = " ".join((text or "").split())
    return found or None
