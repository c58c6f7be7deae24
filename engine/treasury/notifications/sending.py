"""Sending notifications: actions of the queue, at least once each, with one id for all tries.

First the try is written down with the words it sends, then the message goes out with no
transaction open, then what came back is written. A worker that dies in between leaves the
notification WAITING: the next one sends the same words under the same id.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from datetime import timedelta

from sqlmodel import Session, select

from engine.base.masking import masked_address
from engine.base.text import SluiceError
from engine.formats.message_templates import CHANNELS, one_line
from engine.runtime import db
from engine.runtime.actions import (
    TELLING,
    ActionContext,
    DeadAction,
    Done,
    Outcome,
    Registry,
    Retry,
)
from engine.runtime.jsontypes import JsonObject
from engine.treasury.alerts.models import Alert
from engine.treasury.notifications import troubles
from engine.treasury.notifications.carriers import (
    Carrier,
    Carriers,
    Message,
    Never,
    NotNow,
    Taken,
)
from engine.treasury.notifications.mail import MailCarrier
from engine.treasury.notifications.making import SEND
from engine.treasury.notifications.models import Notification
from engine.treasury.notifications.settings import mail_settings, sms_settings
from engine.treasury.notifications.sms import SmsCarrier
from engine.treasury.notifications.wording import word
from engine.treasury.organisations.grants import can
from engine.treasury.organisations.models import UserAccount

MAX_TRIES = 10
FIRST_BACK_OFF = timedelta(seconds=30)
LONGEST_BACK_OFF = timedelta(hours=1)
"""Tries of one notification, and the bounds of the doubling wait: about three hours in all."""

LEASE = timedelta(minutes=3)
"""Longer than a mail server that answers as slowly as it may."""

MOST_SAID = 400
"""Characters kept of what a provider says."""


def open_carriers(environ: Mapping[str, str]) -> Carriers:
    """The channels that the environment sets up. Raises NotificationSettingError."""
    carriers: dict[str, Carrier] = {}
    mail, sms = mail_settings(environ), sms_settings(environ)
    if mail is not None:
        carriers["email"] = MailCarrier(mail)
    if sms is not None:
        carriers["sms"] = SmsCarrier(sms)
    return Carriers(carriers)


def register(registry: Registry, carriers: Carriers) -> None:
    """Let workers send notifications."""

    def send(context: ActionContext, payload: JsonObject) -> Outcome:
        return _send(context, carriers, _id(payload))

    registry.register(SEND, send, lease=LEASE, lane=TELLING)
    registry.on_dead(_dead)


def address_of(person: UserAccount, channel: str) -> str | None:
    """Where a channel reaches a person."""
    return person.email if channel == "email" else person.phone


def _id(payload: JsonObject) -> int:
    found = payload["notification"]
    assert isinstance(found, int)
    return found


def _send(context: ActionContext, carriers: Carriers, number: int) -> Outcome:
    now = context.clock.now()
    with db.transaction(context.engine) as session:
        context.guard(session)
        one = _locked(session, number)
        carrier = carriers.of(one.channel)
        message = _next(session, one, carrier, now)
    if message is None or carrier is None:
        return Done()
    said = carrier.carry(message)
    with db.transaction(context.engine) as session:
        context.guard(session)
        return _note(session, _locked(session, number), said, context.clock.now())


def _locked(session: Session, number: int) -> Notification:
    return session.exec(
        select(Notification).where(Notification.id == number).with_for_update()
    ).one()


def _next(
    session: Session, one: Notification, carrier: Carrier | None, now: dt.datetime
) -> Message | None:
    """The message of this try, written down; None when nothing is to be sent."""
    if one.state == "NO_RECIPIENT" and carrier is not None:
        troubles.nobody(session, one.org_id, one.role, one.channel, _time(one), now)
    if one.state != "WAITING" or one.user_id is None:
        return None
    if carrier is None:
        one.state, one.next_at = "NOT_CONFIGURED", None
        return None
    person = session.get_one(UserAccount, one.user_id)
    address = address_of(person, one.channel)
    if address is None or not can(session, one.user_id, "alerts.read", one.org_id):
        cause = "no address any more" if address is None else "may not read its alerts any more"
        _end(session, one, f"{one.user_id}: {cause}", now)
        return None
    if one.body is None:
        try:
            worded = word(
                session,
                session.get_one(Alert, one.alert_id),
                person,
                next(each for each in CHANNELS if each == one.channel),
            )
        except SluiceError as error:
            _end(session, one, str(error), now)
            return None
        one.template, one.template_sha256 = worded.template, worded.sha256
        one.subject, one.body = worded.text.subject, worded.text.body
    one.address, one.tried_at, one.next_at = address, now, None
    one.tries += 1
    session.flush()
    return Message(
        message_id=one.message_id or "",
        address=address,
        subject=one.subject or "",
        body=one.body,
        language=person.language,
        template=one.template or "",
        made_at=one.created_at,
        at=now,
    )


def _note(
    session: Session, one: Notification, said: Taken | NotNow | Never, now: dt.datetime
) -> Outcome:
    """Write down what came back."""
    if isinstance(said, Taken):
        one.state, one.answer, one.ended_at = "SENT", _kept(said.answer, one.address), now
        one.cause = None
        return Done()
    cause = _kept(said.cause, one.address)
    if isinstance(said, Never) or one.tries >= MAX_TRIES:
        _end(session, one, cause, now)
        return Done()
    wait = min(FIRST_BACK_OFF * 2 ** (one.tries - 1), LONGEST_BACK_OFF)
    one.cause, one.next_at = cause, now + wait
    return Retry(wait, cause)


def _end(session: Session, one: Notification, cause: str, now: dt.datetime) -> None:
    one.state, one.cause, one.ended_at, one.next_at = "GIVEN_UP", cause, now, None
    session.flush()
    troubles.given_up(session, one.org_id, one.channel, cause, _time(one), now)


def _time(one: Notification) -> str:
    """Which time this notification is tried: what fails again after a resend is told again."""
    return f"{one.id}:{one.resends}"


def _kept(said: str, address: str | None) -> str:
    """What a provider said, in short and on one line, without the person's address."""
    text = one_line(said)[:MOST_SAID]
    return text.replace(address, masked_address(address) or "") if address else text


def _dead(session: Session, dead: DeadAction, now: dt.datetime) -> None:
    """A sending that raised, or ended its worker, again and again."""
    if dead.kind != SEND:
        return
    one = _locked(session, _id(dead.payload))
    if one.state == "WAITING":
        _end(session, one, _kept(dead.reason, one.address), now)
