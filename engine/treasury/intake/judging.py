"""Validation: all violated rows named; what has an error is returned to its source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.base.text import SluiceError, Text
from engine.rulebook import Considered, Matter
from engine.rules.kinds.validation import Fault
from engine.treasury.documents import course
from engine.treasury.documents.models import Document
from engine.treasury.documents.reporting import ReportedReason, report
from engine.treasury.documents.states import State
from engine.treasury.intake import facts
from engine.treasury.intake.columns import SUBJECTS
from engine.treasury.intake.reading import TypedRow, row_of
from engine.treasury.intake.reasons import Reason
from engine.treasury.intake.run import SYSTEM, Run, Waiting, key

_FIELDS = {
    "creditor_name": "counterparty_name",
    "creditor_account": "counterparty_account",
    "creditor_bank_code": "counterparty_bank_code",
    "debtor_name": "counterparty_name",
    "debtor_account": "counterparty_account",
    "debtor_bank_code": "counterparty_bank_code",
    "days_overdue": "due_date",
    "org_level": "organisation",
}
"""Word of the rules -> column of the file, where the names differ."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the validation ruleset says about a row; `refused` when it cannot be asked."""

    considered: Considered | None
    errors: tuple[Reason, ...]
    warnings: tuple[Reason, ...]
    refused: SluiceError | None = None

    @property
    def refuses_files(self) -> bool:
        """Whether the ruleset wants a file with a wrong row refused whole (on_error)."""
        if self.considered is None:
            return False
        return self.considered.live.ruleset.extras.get("on_error") == "refuse_file"


def judge(run: Run, row: TypedRow) -> Judgement:
    """Ask the live validation ruleset about a row whose organisation and direction are known."""
    assert row.org_id is not None
    assert row.direction is not None
    try:
        considered = run.pinned.consider(
            "validation",
            SUBJECTS[row.direction],
            facts.raw_row(row, run.level(row.org_id), run.today),
            org_path=run.path(row.org_id),
            on=run.today,
        )
    except SluiceError as error:
        return Judgement(None, (), (), error)
    errors: list[Reason] = []
    warnings: list[Reason] = []
    for rule, outcome in zip(considered.rows, considered.outcomes, strict=False):
        assert isinstance(outcome, Fault)
        reason = Reason(
            rule,
            _FIELDS.get(outcome.field or "", outcome.field),
            Text(outcome.message_en, outcome.message_zh),
            considered.live.ruleset.name,
        )
        (errors if outcome.severity == "error" else warnings).append(reason)
    return Judgement(considered, tuple(errors), tuple(warnings))


def judge_stored(run: Run, documents: Sequence[Document]) -> dict[int, Judgement]:
    """The same for documents that stand in DRAFT because no ruleset could be asked before."""
    return {key(document): judge(run, row_of(document)) for document in documents}


def settle(
    run: Run, documents: Sequence[Document], judgements: Mapping[int, Judgement]
) -> list[int]:
    """Carry judgements out: VALIDATED, RETURNED with reasons, or waiting; ids of the good ones.

    Every decision is recorded. Sources with an endpoint get one message per returned document.
    """
    good: dict[int, list[int]] = {}
    bad: dict[int, tuple[Reason, ...]] = {}
    decisions: dict[int, list[int]] = {}
    waiting = Waiting()
    for document in documents:
        one = key(document)
        judgement = judgements[one]
        if judgement.considered is None:
            assert judgement.refused is not None
            waiting.add(document, judgement.refused.code, judgement.refused.text)
            continue
        recorded = run.pinned.record(
            run.session, judgement.considered, matter=Matter("document", str(one)), now=run.now
        )
        decisions[one] = [recorded.decision_id]
        if judgement.errors:
            bad[one] = judgement.errors
        else:
            good[one] = decisions[one]
    waiting.write(run)
    course.transition(
        run.session, list(good), State.VALIDATED, actor=SYSTEM, now=run.now, decision_ids=good
    )
    return_to_source(run, bad, decisions)
    return list(good)


def return_to_source(
    run: Run, reasons: Mapping[int, Sequence[Reason]], decisions: Mapping[int, Sequence[int]]
) -> None:
    """RETURNED with the rules as reasons, and one message each to the sources."""
    by_text: dict[tuple[str, str], list[int]] = {}
    for one, why in reasons.items():
        codes = ", ".join(reason.rule for reason in why)
        by_text.setdefault((codes, "; ".join(r.text.en for r in why)), []).append(one)
    for (codes, text), ids in by_text.items():
        course.transition(
            run.session,
            ids,
            State.RETURNED,
            actor=SYSTEM,
            now=run.now,
            reason_code=codes,
            reason=text,
            decision_ids={one: decisions.get(one, ()) for one in ids},
        )
    told = {
        one: [ReportedReason(reason.rule, reason.text) for reason in why]
        for one, why in reasons.items()
    }
    report(run.session, list(reasons), "RETURNED", run.now, told)
