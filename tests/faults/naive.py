"""The control: a sender that takes no answer for a failure and sends again. It must pay twice."""

from __future__ import annotations

from dataclasses import replace

from api.assembly import Assembly
from api.demo.faults.worker import Place, assembled, work
from engine.banks.connect import Banks
from engine.banks.contract import Connector, SubmitAnswer, Submitted


class _Naive:
    """A bank whose silence is taken for "not sent"."""

    def __init__(self, real: Connector) -> None:
        self._real = real

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)

    def submit(self, message_id: str, request: bytes) -> SubmitAnswer:
        """As the real one, but a doubt is called a failure, so a new attempt goes."""
        answer = self._real.submit(message_id, request)
        if answer.outcome is Submitted.UNKNOWN:
            return replace(answer, outcome=Submitted.NOT_SENT)
        return answer


class NaiveBanks(Banks):
    """Opens naive banks."""

    def __call__(self, bank_id: str) -> Connector:
        """The naive one of `bank_id`."""
        return _Naive(super().__call__(bank_id))  # type: ignore[return-value]


def naive(place: Place) -> Assembly:
    """The product with naive banks."""
    return assembled(place, NaiveBanks)


def naive_work(place: Place) -> None:
    """A worker process that sends again."""
    work(place, naive)
