"""Changing a bank's parameter: by permission, with a reason, in force with the commit."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from engine.banks.models import BankParameter
from engine.banks.parameters import (
    LIMITS,
    NAMES,
    ROOT,
    WHOLE_BANK,
    Name,
    lock_changes,
    look_up,
    parse_quiet,
)
from engine.banks.profile import BankProfile, load_profile
from engine.base.money import MoneyError, format_major, parse_major
from engine.base.text import SluiceError, Text
from engine.runtime import audit
from engine.runtime.jsontypes import JsonValue
from engine.treasury.banks.gate import WAITS
from engine.treasury.documents.course import stop_waiting
from engine.treasury.organisations.grants import require
from engine.treasury.organisations.tree import descendants, organisation

_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_MOST_IN_FLIGHT = 1000


class BankSettingError(SluiceError):
    """A setting that cannot be made."""


@dataclass(frozen=True, slots=True)
class Change:
    """What to set. `value` None takes the setting back: what stands above it holds again.

    channel: on | off (a channel is needed). cut_off: HH:MM in the bank's zone. max_payment,
    max_day: an amount in major units of `currency`. max_in_flight: 1 to 1000. quiet: HH:MM-HH:MM
    or none.
    """

    bank_id: str
    name: str
    value: str | None
    reason: str
    channel: str = ""
    org_id: str = ROOT
    currency: str = ""


def set_parameter(session: Session, user_id: str, change: Change, now: dt.datetime) -> None:
    """Set it (permission banks.manage for the organisation); in force for all with the commit.

    A message whose sending is committed goes out; nothing that has left is touched. Documents that
    wait for it are looked at again by the next slot. Raises NotPermitted, ProfileError
    PROFILE_MISSING, OrganisationError, BankSettingError REASON_MISSING, PARAMETER_UNKNOWN,
    CHANNEL_UNKNOWN, VALUE_INVALID, WHOLE_BANK_ONLY, NOTHING_CHANGES.
    """
    organisation(session, change.org_id)
    require(session, user_id, "banks.manage", change.org_id)
    if not change.reason.strip():
        raise BankSettingError("REASON_MISSING", Text("say why: it is kept", "请填写原因"))
    profile = load_profile(change.bank_id)
    row = _checked(change, profile, user_id, now)
    lock_changes(session, change.bank_id)
    before = _standing(session, row)
    if before == row.value:
        raise BankSettingError(
            "NOTHING_CHANGES",
            Text(
                f"{row.name} of {row.bank_id} is {before or 'not set'} already",
                f"{row.bank_id} 的 {row.name} 已是 {before or '未设置'}",
            ),
        )
    session.add(row)
    session.flush()
    _look_again(session, row)
    place: dict[str, JsonValue] = {"channel": row.channel, "currency": row.currency}
    audit.record(
        session,
        user_id,
        "bank_parameter.set",
        "bank",
        row.bank_id,
        row.org_id,
        {"name": row.name, **place, "value": before},
        {"name": row.name, **place, "value": row.value},
        row.reason,
        now,
    )


def _checked(change: Change, profile: BankProfile, user_id: str, now: dt.datetime) -> BankParameter:
    name = next((one for one in NAMES if one == change.name), None)
    if name is None:
        raise BankSettingError(
            "PARAMETER_UNKNOWN",
            Text(
                f"there is no parameter {change.name}; use one of {', '.join(NAMES)}",
                f"没有参数 {change.name};可用:{', '.join(NAMES)}",
            ),
        )
    if change.channel and change.channel not in profile.channels:
        raise BankSettingError(
            "CHANNEL_UNKNOWN",
            Text(
                f"bank {profile.id} has no channel {change.channel}; it has "
                f"{', '.join(profile.channels)}",
                f"银行 {profile.id} 没有渠道 {change.channel};可用:{'、'.join(profile.channels)}",
            ),
        )
    if name in WHOLE_BANK and (change.channel or change.org_id != ROOT):
        raise BankSettingError(
            "WHOLE_BANK_ONLY",
            Text(
                f"{name} belongs to the connection: it is set for the whole group and all channels",
                f"{name} 属于银行连接:只能对全集团、全部渠道设置",
            ),
        )
    currency = (change.currency or "CNY") if name in LIMITS else ""
    value = None if change.value is None else _value(name, change.value.strip(), currency)
    if name == "channel" and (value is None or not change.channel):
        raise _invalid(name, "on, off, with a channel", "on、off,并指定渠道")
    return BankParameter(
        org_id=change.org_id,
        bank_id=profile.id,
        channel=change.channel,
        name=name,
        currency=currency,
        value=value,
        changed_by=user_id,
        reason=change.reason.strip(),
        changed_at=now,
    )


def _value(name: Name, value: str, currency: str) -> str:
    """The value as it is kept. BankSettingError VALUE_INVALID says what is allowed."""
    if name == "channel":
        if value not in ("on", "off"):
            raise _invalid(name, "on or off", "on 或 off")
    elif name == "cut_off":
        if not _TIME.fullmatch(value):
            raise _invalid(name, "a time such as 16:30", "时间,例如 16:30")
    elif name == "quiet":
        try:
            parse_quiet(value)
        except ValueError as error:
            raise _invalid(name, "22:00-06:00, or none", "22:00-06:00 或 none") from error
    elif name == "max_in_flight":
        if not (value.isascii() and value.isdigit() and 1 <= int(value) <= _MOST_IN_FLIGHT):
            raise _invalid(name, f"1 to {_MOST_IN_FLIGHT}", f"1 至 {_MOST_IN_FLIGHT}")
    else:
        try:
            amount = parse_major(value, currency)
        except (MoneyError, ValueError) as error:
            raise _invalid(name, f"an amount in {currency}", f"{currency} 金额") from error
        if amount <= 0:
            raise _invalid(name, "an amount above 0", "大于 0 的金额")
        return format_major(amount, currency)
    return value


def _invalid(name: str, en: str, zh: str) -> BankSettingError:
    return BankSettingError("VALUE_INVALID", Text(f"{name} must be {en}", f"{name} 须为{zh}"))


def _standing(session: Session, row: BankParameter) -> str | None:
    for one in look_up(session, row.bank_id).rows:
        if (one.org_id, one.channel, one.name, one.currency) == (
            row.org_id,
            row.channel,
            row.name,
            row.currency,
        ):
            return one.value
    return "on" if row.name == "channel" else None


def _look_again(session: Session, row: BankParameter) -> None:
    """What waited for the bank waits no more for the old word; the next slot asks by the new.

    A document that somebody is working with finds out by itself.
    """
    ids = session.execute(
        sa.text("""
            SELECT d.id FROM document d JOIN bank_account a ON a.id = d.account_id
            WHERE d.state = 'UNPAID' AND d.waiting_code = ANY(:codes) AND a.bank_id = :bank
              AND a.org_id = ANY(:orgs) AND (:channel = '' OR d.channel = :channel)
            ORDER BY d.id FOR UPDATE OF d SKIP LOCKED"""),
        {
            "codes": sorted(WAITS),
            "bank": row.bank_id,
            "orgs": descendants(session, row.org_id),
            "channel": row.channel,
        },
    ).scalars()
    found = list(ids)
    for code in WAITS:
        stop_waiting(session, found, code)
