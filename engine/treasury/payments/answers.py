"""Bank answers read by the failure rulesets: the classifier of the instruction machine."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session

from engine.base.text import SluiceError
from engine.machines.instruction.ports import BankAnswer, Handling, RuledStatus, Ruling
from engine.rulebook import Matter, Recorded, Rulebook
from engine.rules.kinds import failure
from engine.runtime.clock import Clock
from engine.treasury.organisations.tree import path_of

UNDECIDED = Ruling(RuledStatus.UNKNOWN, Handling.QUERY)
"""Without a live ruleset no answer is final: the bank is asked again."""


class Answers:
    """Decides and records what each answer means; one decision per distinct answer and item."""

    def __init__(self, rulebook: Rulebook, clock: Clock) -> None:
        self._rulebook = rulebook
        self._clock = clock

    def __call__(self, session: Session, answers: Sequence[BankAnswer]) -> Sequence[Ruling]:
        """One ruling per answer, in the same order."""
        pinned = self._rulebook.at(session)
        paths: dict[str, tuple[str, ...]] = {}
        now, on = self._clock.now(), self._clock.business_date()
        rulings = []
        for answer in answers:
            path = paths.setdefault(answer.org_id, path_of(session, answer.org_id))
            facts = failure.Answer(
                bank=answer.bank_id,
                direction=answer.direction,
                bank_code=answer.bank_code,
                reason_code=answer.reason_code,
                attempts=answer.attempt_no,
            )
            matter = Matter("document", str(answer.document_id))
            try:
                recorded = pinned.decide(
                    session,
                    "failure",
                    "answer",
                    facts,
                    org_path=path,
                    on=on,
                    matter=matter,
                    now=now,
                )
            except SluiceError:
                rulings.append(UNDECIDED)
                continue
            rulings.append(_ruling(recorded))
        return rulings


def _ruling(recorded: Recorded) -> Ruling:
    for outcome in recorded.outcomes:
        if isinstance(outcome, failure.Meaning):
            status = RuledStatus(outcome.class_)
            return Ruling(status, Handling(outcome.handling), recorded.decision_id)
    return Ruling(RuledStatus.UNKNOWN, Handling.QUERY, recorded.decision_id)
