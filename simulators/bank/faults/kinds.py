"""The faults this bank can have. A new one is one more decorated function here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from simulators.bank.dialect import Dialect
from simulators.common.http import Hang, Outcome, Request, Response, Silence

CALLS: Final = ("submit", "query", "statement", "balance")


@dataclass(frozen=True)
class Spoilt:
    """A call a fault befalls; `dialect.answer(request)` is what would have happened."""

    dialect: Dialect
    request: Request
    hang_seconds: int


Fault = Callable[[Spoilt], Outcome]


@dataclass(frozen=True)
class FaultKind:
    """A fault and the calls it makes sense on."""

    apply: Fault
    on: tuple[str, ...]


FAULTS: Final[dict[str, FaultKind]] = {}


def _fault(*on: str) -> Callable[[Fault], Fault]:
    def register(apply: Fault) -> Fault:
        FAULTS[apply.__name__] = FaultKind(apply, on or CALLS)
        return apply

    return register


@_fault()
def hang_after_accept(spoilt: Spoilt) -> Outcome:
    """Done, but never answered."""
    spoilt.dialect.answer(spoilt.request)
    return Hang(spoilt.hang_seconds)


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
