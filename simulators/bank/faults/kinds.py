"""The faults this bank can have. A new one is one more decorated function here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from simulators.bank.core import Bank
from simulators.bank.dialect import Call, Dialect, Twist
from simulators.common.http import Hang, Outcome, Request, Response, Silence

CALLS: Final = ("submit", "query", "statement", "balance")


@dataclass(frozen=True)
class Spoilt:
    """A call a fault befalls; `dialect.answer(request)` is what would have happened.

    `seconds` (bank clock) and `says` are what the fault was given.
    """

    bank: Bank
    dialect: Dialect
    request: Request
    call: Call
    seconds: int
    says: str


Fault = Callable[[Spoilt], Outcome]


@dataclass(frozen=True)
class FaultKind:
    """A fault, the calls it makes sense on, and whether it lasts for its `seconds`."""

    apply: Fault
    on: tuple[str, ...]
    needs: str
    """What the answer must tell: lists (of statements), lines (of one), or nothing special."""
    lasts: bool

    def fits(self, call: Call) -> bool:
        """Whether it can befall this call."""
        return {"lists": call.lists, "lines": call.lines}.get(self.needs, True)


FAULTS: Final[dict[str, FaultKind]] = {}


def _fault(*on: str, needs: str = "", lasts: bool = False) -> Callable[[Fault], Fault]:
    def register(apply: Fault) -> Fault:
        FAULTS[apply.__name__] = FaultKind(apply, on or CALLS, needs, lasts)
        return apply

    return register


@_fault()
def hang_after_accept(spoilt: Spoilt) -> Outcome:
    """Done, but never answered."""
    spoilt.dialect.answer(spoilt.request)
    return Hang(spoilt.bank.options.hang_seconds)


@_fault()
def reset_before(_spoilt: Spoilt) -> Outcome:
    """The connection breaks before the bank does anything."""
    return Silence.RESET


@_fault()
def reset_after(spoilt: Spoilt) -> Outcome:
    """Done, then the connection breaks."""
    spoilt.dialect.answer(spoilt.request)
    return Silence.RESET


@_fault()
def error_500_after(spoilt: Spoilt) -> Outcome:
    """Done, but the answer says the bank is broken."""
    spoilt.dialect.answer(spoilt.request)
    return spoilt.dialect.failure(spoilt.request, 500)


@_fault()
def error_503_before(spoilt: Spoilt) -> Outcome:
    """Not done, and the bank says it is busy."""
    return spoilt.dialect.failure(spoilt.request, 503)


@_fault("query")
def not_found_once(spoilt: Spoilt) -> Outcome:
    """The bank denies a message it has."""
    return spoilt.dialect.not_found(spoilt.request)


@_fault()
def garbage(spoilt: Spoilt) -> Outcome:
    """Done, but the answer is unreadable."""
    answer = spoilt.dialect.answer(spoilt.request)
    return Response(answer.status, b"\x00\xff<Document><half", answer.content_type)


@_fault("submit")
def late_accept(spoilt: Spoilt) -> Outcome:
    """The answer says the bank is broken; after `seconds` it takes the message all the same."""
    with spoilt.bank.present() as now:
        spoilt.bank.keep_late(spoilt.request, now + spoilt.seconds * 1000)
    return spoilt.dialect.failure(spoilt.request, 500)


@_fault("submit")
def partial(spoilt: Spoilt) -> Outcome:
    """Taken, but every third item is refused, and another third done `seconds` later."""
    answer = spoilt.dialect.answer(spoilt.request)
    with spoilt.bank.present():
        spoilt.bank.orders.carry_out_in_part(spoilt.call.message_id, spoilt.seconds * 1000)
    return answer


@_fault("query", lasts=True)
def not_found_for(spoilt: Spoilt) -> Outcome:
    """The bank denies a message it has, for `seconds` from the first question on."""
    return spoilt.dialect.not_found(spoilt.request)


@_fault("query")
def wrong_status(spoilt: Spoilt) -> Outcome:
    """The bank tells of every item what it `says`, whatever became of it."""
    return spoilt.dialect.answer(spoilt.request, Twist(says=spoilt.says))


@_fault("statement", needs="lines")
def duplicate_line(spoilt: Spoilt) -> Outcome:
    """The statement shows its first booking twice; its balances are right."""
    return spoilt.dialect.answer(spoilt.request, Twist(doubled=True))


@_fault("statement", needs="lists")
def statement_gap(spoilt: Spoilt) -> Outcome:
    """The first of the statements asked for is left out, and there the next time."""
    return spoilt.dialect.answer(spoilt.request, Twist(gap=True))
