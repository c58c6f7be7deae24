"""Trying a channel out: one message to the person who asks, about nothing."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlmodel import Session

from engine.base.masking import masked_address
from engine.base.text import Text
from engine.runtime import audit
from engine.treasury.notifications.carriers import Carriers, Message, Never, NotNow, Taken
from engine.treasury.notifications.resending import NotificationError
from engine.treasury.notifications.sending import address_of
from engine.treasury.operations.reach import may_run
from engine.treasury.organisations.grants import user

_SUBJECT = Text("Test message", "测试消息")
_BODY = Text(
    "This channel works. Nothing happened; somebody with your name tried it out.",
    "此通知方式可用。未发生任何业务,仅为以您的名义进行的测试。",
)


def trial(
    session: Session, user_id: str, carriers: Carriers | None, channel: str, now: dt.datetime
) -> Message:
    """The message to try a channel with, to the asker's own address (permission operations.run
    for the group). Raises NotificationError CHANNEL_NOT_SET_UP, ADDRESS_MISSING, NotPermitted."""
    may_run(session, user_id, None)
    if carriers is None or carriers.of(channel) is None:
        raise NotificationError(
            "CHANNEL_NOT_SET_UP",
            Text(
                f"{channel} is not set up in this process; docs/notifications.md says how",
                f"本进程未配置 {channel};配置方法见 docs/notifications.md",
            ),
            409,
        )
    person = user(session, user_id)
    address = address_of(person, channel)
    if address is None:
        raise NotificationError(
            "ADDRESS_MISSING",
            Text(
                f"{user_id} has no address for {channel}; a user administrator sets one",
                f"{user_id} 未登记 {channel} 联系方式;请联系用户管理员",
            ),
            409,
        )
    audit.record(
        session,
        user_id,
        "notification.try",
        "notification_channel",
        channel,
        person.org_id,
        None,
        {"address": masked_address(address)},
        None,
        now,
    )
    return Message(
        message_id=uuid.uuid4().hex,
        address=address,
        subject=_SUBJECT.say("zh" if person.language == "zh" else "en"),
        body=_BODY.say("zh" if person.language == "zh" else "en"),
        language=person.language,
        template="test",
        made_at=now,
        at=now,
    )


def carried(carriers: Carriers, channel: str, message: Message) -> str:
    """Send it once, with no transaction open; what the provider said.

    Raises NotificationError NOT_TAKEN with the provider's words.
    """
    carrier = carriers.of(channel)
    assert carrier is not None
    match carrier.carry(message):
        case Taken(answer):
            return answer
        case NotNow(cause) | Never(cause):
            raise NotificationError(
                "NOT_TAKEN",
                Text(
                    f"{channel} does not work: {cause}; mend it and try again",
                    f"{channel} 不可用:{cause};请排除后重试",
                ),
                502,
            )
