"""What a dialect must be able to do; faults and the server know dialects only by this."""

from dataclasses import dataclass
from typing import Final, Protocol

from simulators.common.http import Request, Response


@dataclass(frozen=True)
class Call:
    """What a request is about: submit, query, statement or balance; the message id if it has one;
    its readable text, in which faults look for what they are meant for."""

    on: str
    message_id: str
    text: str
    lists: bool = False
    """Whether the answer tells which statements there are."""
    lines: bool = False
    """Whether the answer tells the bookings of a statement."""


@dataclass(frozen=True)
class Twist:
    """How an answer strays from the truth."""

    says: str = ""
    """What a query says of every item, whatever became of it: executed, refused or pending."""
    doubled: bool = False
    """A statement shows its first booking twice."""
    gap: bool = False
    """The first of the statements asked for is left out."""


STRAIGHT: Final = Twist()


class Dialect(Protocol):
    """A way of speaking with customers."""

    def describe(self, request: Request, /) -> Call | None:
        """What the request is about; None when the bank has no such address."""

    def answer(self, request: Request, /, twist: Twist = STRAIGHT) -> Response:
        """Do what is asked and answer."""

    def not_found(self, request: Request, /) -> Response:
        """What this bank says of a message it has never seen."""

    def failure(self, request: Request, status: int, /) -> Response:
        """What this bank says when it is broken."""
