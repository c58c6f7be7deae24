"""What carries a message to a person, and what comes back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: the same id and words at every try."""

    message_id: str
    address: str
    subject: str
    """One line; empty for SMS."""
    body: str
    language: str
    template: str
    made_at: dt.datetime
    at: dt.datetime
    """This try."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The provider has it."""

    answer: str


@dataclass(frozen=True, slots=True)
class NotNow:
    """It may have been taken or not; trying again may help."""

    cause: str


@dataclass(frozen=True, slots=True)
class Never:
    """The provider will not take it however often it is sent."""

    cause: str


class Carrier(Protocol):
    """One channel. No transaction is open while it carries."""

    def carry(self, message: Message) -> Taken | NotNow | Never:
        """Hand the message over, once."""
        ...

    def close(self) -> None:
        """Give connections back."""
        ...


class Carriers:
    """The carriers that are set up, by channel."""

    def __init__(self, carriers: Mapping[str, Carrier]) -> None:
        self._carriers = carriers

    def of(self, channel: str) -> Carrier | None:
        """The carrier of a channel; None when it is not set up."""
        return self._carriers.get(channel)

    def channels(self) -> frozenset[str]:
        """Channels that are set up."""
        return frozenset(self._carriers)

    def close(self) -> None:
        """Give connections back."""
        for one in self._carriers.values():
            one.close()
