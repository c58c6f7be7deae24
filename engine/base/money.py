"""Money as integer minor units plus an ISO 4217 currency; no float on any path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from engine.base.text import SluiceError, Text

MAX_DIGITS = 18
"""Most digits an amount in minor units may have at intake (BIGINT holds 18 for certain)."""

_BY_DECIMALS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
    2: "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN "
    "BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP "
    "GMD GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD "
    "LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN "
    "PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL "
    "THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW ZWG",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_WITHDRAWN = "ATS DEM FRF NLG"
"""Of list three: what old statements are in."""
DECIMALS = {
    code: places
    for places, codes in (*_BY_DECIMALS.items(), (2, _WITHDRAWN))
    for code in codes.split()
}
"""Minor-unit decimals of currencies (ISO 4217)."""

_PLAIN = re.compile(r"(-?)(\d+)(?:\.(\d+))?")


class MoneyError(SluiceError):
    """An amount or a currency that cannot be taken."""


def decimals(currency: str) -> int:
    """Minor-unit decimals of `currency`; MoneyError UNKNOWN_CURRENCY when it is not known."""
    try:
        return DECIMALS[currency]
    except KeyError:
        raise MoneyError(
            "UNKNOWN_CURRENCY",
            Text(
                f"currency {currency!r} is not known; use an ISO 4217 code such as CNY or USD",
                f"未知币种 {currency!r};请使用 ISO 4217 代码,如 CNY、USD",
            ),
        ) from None


def parse_major(text: str, currency: str) -> int:
    """Read a decimal string in major units ("49999.99") as minor units (4999999).

    Refuses exponents, thousands separators, more decimals than the currency has
    (AMOUNT_DECIMALS) and more than MAX_DIGITS digits (AMOUNT_TOO_LARGE).
    """
    return parse_units(text, decimals(currency), currency)


def parse_units(text: str, places: int, what: str) -> int:
    """Read a decimal string as a whole number of units of 10**-places.

    Refuses as `parse_major`; `what` is said to take that many decimals.
    """
    found = _PLAIN.fullmatch(text.strip())
    if found is None:
        raise MoneyError(
            "AMOUNT_UNREADABLE",
            Text(
                f"{text!r} is not an amount; write digits like 1234.56",
                f"{text!r} 不是金额;请写成 1234.56",
            ),
        )
    sign, whole, fraction = found[1], found[2], found[3] or ""
    if len(fraction) > places:
        raise MoneyError(
            "AMOUNT_DECIMALS",
            Text(
                f"{text} has {len(fraction)} decimals; {what} takes {places} at most",
                f"{text} 有 {len(fraction)} 位小数;{what} 最多 {places} 位",
            ),
        )
    digits = (whole + fraction.ljust(places, "0")).lstrip("0") or "0"
    if len(digits) > MAX_DIGITS:
        raise MoneyError(
            "AMOUNT_TOO_LARGE",
            Text(
                f"{text} is too large; amounts have {MAX_DIGITS} digits at most",
                f"{text} 过大;金额最多 {MAX_DIGITS} 位",
            ),
        )
    return -int(digits) if sign else int(digits)


def format_major(minor: int, currency: str, *, grouped: bool = False) -> str:
    """Write minor units as a decimal string in major units: 4999999 -> "49999.99"."""
    places = decimals(currency)
    value = Decimal(minor).scaleb(-places)
    return f"{value:,.{places}f}" if grouped else f"{value:.{places}f}"


@dataclass(frozen=True, slots=True)
class Money:
    """`minor` units of `currency`; amounts of different currencies never mix."""

    minor: int
    currency: str

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __str__(self) -> str:
        return f"{self.currency} {format_major(self.minor, self.currency, grouped=True)}"

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise MoneyError(
                "CURRENCY_MISMATCH",
                Text(
                    f"{self.currency} and {other.currency} cannot be added",
                    f"{self.currency} 与 {other.currency} 不能相加",
                ),
            )
