"""Whether a payment may leave by its channel now: what persons set of the bank decides."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from engine.banks.parameters import BankSettings, Setting, settings_of
from engine.banks.profile import BankProfile, ProfileError, load_profile
from engine.base.money import format_major
from engine.base.text import Text
from engine.machines.instruction.ports import Refusal
from engine.treasury.organisations.tree import path_of

CHANNEL_OFF = "CHANNEL_OFF"
AFTER_CUT_OFF = "AFTER_CUT_OFF"
ABOVE_LIMIT = "ABOVE_BANK_LIMIT"
DAY_LIMIT = "BANK_DAY_LIMIT"
WAITS = frozenset({CHANNEL_OFF, ABOVE_LIMIT, DAY_LIMIT})
"""What a document waits for until a person changes the setting."""

_DAY_LOCK = 0x51_003A
_SENT_TODAY = sa.text("""
SELECT coalesce(sum(a.amount), 0) FROM attempt a JOIN payment_batch b ON b.id = a.batch_id
JOIN organisation o ON o.id = b.org_id
WHERE b.bank_id = :bank AND b.currency = :currency AND b.direction = 'pay'
  AND (:channel = '' OR b.channel = :channel) AND :org = ANY(string_to_array(o.path, '/'))
  AND b.sent_at >= :begins AND b.sent_at < :ends AND a.state NOT IN ('WITHDRAWN', 'FAILED')
""")


@dataclass(frozen=True, slots=True)
class Leaving:
    """A payment about to leave. `amount` in minor units; the account's bank and organisation."""

    document_no: str
    bank_id: str
    org_id: str
    channel: str
    direction: str
    currency: str
    amount: int


class BankGate:
    """Asked inside the transaction that lets payments leave: the settings stand until it ends."""

    def __init__(self, session: Session, now: dt.datetime) -> None:
        self._session = session
        self._now = now
        self._banks: dict[str, tuple[BankProfile, BankSettings]] = {}
        self._paths: dict[str, tuple[str, ...]] = {}
        self._used: dict[Setting, int] = {}

    def standing(self, payment: Leaving) -> Refusal | None:
        """Why the payment cannot leave at any hour: channel off, above the limit per payment."""
        try:
            _, settings = self._bank(payment.bank_id)
        except ProfileError as error:
            return Refusal(error.code, error.text)
        path = self._path(payment.org_id)
        off = settings.off(path, payment.channel)
        if off is not None:
            return _off(payment, off)
        if payment.direction != "pay":
            return None
        for limit in settings.limits("max_payment", path, payment.channel, payment.currency):
            if payment.amount > limit.amount():
                return _above(payment, limit)
        return None

    def refusal(self, payment: Leaving) -> Refusal | None:
        """Why the payment cannot leave now; None counts it towards the limits of the day."""
        found = self.standing(payment) or self._late(payment)
        if found is not None or payment.direction != "pay":
            return found
        _, settings = self._bank(payment.bank_id)
        path = self._path(payment.org_id)
        limits = settings.limits("max_day", path, payment.channel, payment.currency)
        for limit in limits:
            if self._spent(payment, limit) + payment.amount > limit.amount():
                return _day(payment, limit)
        for limit in limits:
            self._used[limit] += payment.amount
        return None

    def _late(self, payment: Leaving) -> Refusal | None:
        profile, settings = self._bank(payment.bank_id)
        until = settings.cut_off(profile, self._path(payment.org_id), payment.channel)
        if self._now.astimezone(profile.zone).time() < until:
            return None
        return Refusal(
            AFTER_CUT_OFF,
            Text(
                f"the cut-off {until:%H:%M} of {profile.name.en} has passed; it leaves with the "
                "next business day's first slot",
                f"已过{profile.name.zh}的截止时间 {until:%H:%M};将随下一营业日首个时点发出",
            ),
        )

    def _spent(self, payment: Leaving, limit: Setting) -> int:
        """What left today under the limit, and what leaves with this message."""
        if limit not in self._used:
            profile, _ = self._bank(payment.bank_id)
            connection = self._session.connection()
            connection.execute(
                sa.text("SELECT pg_advisory_xact_lock(:lock, hashtext(:bank))"),
                {"lock": _DAY_LOCK, "bank": payment.bank_id},
            )
            local = self._now.astimezone(profile.zone)
            begins = local.replace(hour=0, minute=0, second=0, microsecond=0)
            self._used[limit] = int(
                connection.execute(
                    _SENT_TODAY,
                    {
                        "bank": payment.bank_id,
                        "currency": limit.currency,
                        "channel": limit.channel,
                        "org": limit.org_id,
                        "begins": begins,
                        "ends": begins + dt.timedelta(days=1),
                    },
                ).scalar_one()
            )
        return self._used[limit]

    def _bank(self, bank_id: str) -> tuple[BankProfile, BankSettings]:
        if bank_id not in self._banks:
            self._banks[bank_id] = load_profile(bank_id), settings_of(self._session, bank_id)
        return self._banks[bank_id]

    def _path(self, org_id: str) -> tuple[str, ...]:
        if org_id not in self._paths:
            self._paths[org_id] = path_of(self._session, org_id)
        return self._paths[org_id]


def _off(payment: Leaving, off: Setting) -> Refusal:
    return Refusal(
        CHANNEL_OFF,
        Text(
            f"{payment.channel} of bank {payment.bank_id} was switched off by {off.changed_by} "
            f"({off.reason}); {payment.document_no} waits until it is on again",
            f"银行 {payment.bank_id} 的渠道 {payment.channel} 已由 {off.changed_by} 关闭"
            f"({off.reason});单据 {payment.document_no} 待渠道恢复后发出",
        ),
    )


def _above(payment: Leaving, limit: Setting) -> Refusal:
    most = format_major(limit.amount(), limit.currency, grouped=True)
    return Refusal(
        ABOVE_LIMIT,
        Text(
            f"{payment.document_no} is above the limit of {limit.currency} {most} per payment "
            f"that bank {payment.bank_id} has for {limit.org_id}; pay it in another way or have "
            "the limit changed",
            f"单据 {payment.document_no} 超过银行 {payment.bank_id} 对机构 {limit.org_id} 的"
            f"单笔限额 {limit.currency} {most};请改用其他方式支付,或调整限额",
        ),
    )


def _day(payment: Leaving, limit: Setting) -> Refusal:
    most = format_major(limit.amount(), limit.currency, grouped=True)
    return Refusal(
        DAY_LIMIT,
        Text(
            f"with {payment.document_no} more than {limit.currency} {most} would leave "
            f"{limit.org_id} by bank {payment.bank_id} today; it leaves another day, or have the "
            "limit changed",
            f"若支付单据 {payment.document_no},机构 {limit.org_id} 当日经银行 "
            f"{payment.bank_id} 的支付将超过限额 {limit.currency} {most};请改日支付,或调整限额",
        ),
    )
