"""One step of the monitor: read, ask both engines, and write down everything at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from engine.rulebook import Rulebook
from engine.rulebook.texts import ruleset_in
from engine.runtime.clock import Clock
from engine.runtime.db import run_in_transaction, transaction
from engine.treasury.monitor import reading
from engine.treasury.monitor.disagreeing import About, crash_findings, disagreement
from engine.treasury.monitor.findings import Finding, settle
from engine.treasury.monitor.opinions import Opinions
from engine.treasury.monitor.reading import Decided, Happened, Place, Progress, Unread
from engine.treasury.monitor.redeciding import Answer, Question, ask, reason
from engine.treasury.monitor.watching import Watched, tell, watch

_LOOK_SECONDS = 0.02

BATCH = 500
"""Events, and decisions, of one step at most."""


@dataclass(frozen=True, slots=True)
class Stepped:
    """What a step did."""

    events: int = 0
    decisions: int = 0
    by_rete: int = 0
    """Of the decisions, how many the second engine decided again."""
    disagreements: int = 0
    alerts: int = 0

    def __add__(self, other: Stepped) -> Stepped:
        return Stepped(
            self.events + other.events,
            self.decisions + other.decisions,
            self.by_rete + other.by_rete,
            self.disagreements + other.disagreements,
            self.alerts + other.alerts,
        )

    @property
    def idle(self) -> bool:
        """Whether nothing was there to do."""
        return not (self.events or self.decisions)


@dataclass(frozen=True, slots=True)
class _Stream:
    """What was read of one stream, what is asked about it, and what could not even be asked."""

    name: str
    last: Happened | Decided | Unread | None
    count: int
    asked: tuple[tuple[About, Question], ...]
    findings: tuple[Finding, ...]

    @property
    def altered(self) -> int:
        """Decisions that could not even be decided again."""
        return len(self.findings) if self.name == reading.DECISIONS else 0

    @property
    def undecided(self) -> int:
        """Events that no ruleset could judge."""
        return len(self.findings) - self.altered


@dataclass(frozen=True, slots=True)
class _Batch:
    """Both streams, and where reading began."""

    began: dict[str, Place]
    watched: tuple[Watched, ...]
    streams: tuple[_Stream, _Stream]


class Monitor:
    """Reads on from where it, or one before it, has come to. Two at once do no harm."""

    def __init__(
        self,
        db: sa.Engine,
        clock: Clock,
        rulebook: Rulebook,
        opinions: Opinions,
        batch: int = BATCH,
    ) -> None:
        self._db = db
        self._clock = clock
        self._rulebook = rulebook
        self._opinions = opinions
        self._most = batch
        self._crashes_told = False

    def run_until_idle(self, patience: float = 60) -> Stepped:
        """Step until nothing committed is left; what all steps did together.

        Waits, `patience` seconds at most, for transactions that rows must not be read before.
        """
        done = Stepped()
        last = time.monotonic()
        while True:
            step = self.step()
            done += step
            if not step.idle:
                last = time.monotonic()
            elif self._nothing_waits() or time.monotonic() - last > patience:
                return done
            else:
                threading.Event().wait(_LOOK_SECONDS)

    def _nothing_waits(self) -> bool:
        with transaction(self._db) as session:
            return reading.waiting(session, 1) == 0

    def step(self) -> Stepped:
        """One batch. Cursor, alerts and holds are one transaction: a process that is killed
        loses none of them and leaves none twice.

        Raises SluiceError MONITOR_CURSOR_AHEAD.
        """
        with transaction(self._db) as session:
            batch = self._read(session)
        if self._crashes_told and all(stream.last is None for stream in batch.streams):
            return Stepped()
        answers = [
            ask(self._opinions, [question for _, question in stream.asked])
            for stream in batch.streams
        ]
        done = run_in_transaction(self._db, lambda session: self._write(session, batch, answers))
        self._crashes_told = True
        return done

    def _read(self, session: Session) -> _Batch:
        began = reading.places(session)
        events = reading.events_after(session, began[reading.EVENTS], self._most)
        decisions = reading.decisions_after(session, began[reading.DECISIONS], self._most)
        found = [watch(session, self._rulebook, event) for event in events]
        watched = tuple(one for one in found if isinstance(one, Watched))
        return _Batch(
            began,
            watched,
            (
                _Stream(
                    reading.EVENTS,
                    events[-1] if events else None,
                    len(events),
                    tuple((one.about, one.question) for one in watched),
                    tuple(one for one in found if isinstance(one, Finding)),
                ),
                _decided(session, decisions),
            ),
        )

    def _write(
        self, session: Session, batch: _Batch, answers: Sequence[Sequence[Answer]]
    ) -> Stepped:
        if reading.places(session, lock=True) != batch.began:
            # Another monitor was quicker: what it has done is not done again.
            return Stepped(*(stream.count for stream in batch.streams))
        findings = [] if self._crashes_told else crash_findings(session)
        for watched in batch.watched:
            findings += tell(session, watched)
        disagreed = 0
        for stream, given in zip(batch.streams, answers, strict=True):
            wrong = [*stream.findings, *_disagreements(stream, given)]
            findings += wrong
            if stream.last is not None:
                by_rete = sum(one.by_rete for one in given)
                count = sum(not one.agrees for one in given) + stream.altered
                disagreed += count
                last = stream.last
                reading.advance(
                    session,
                    Progress(
                        stream.name,
                        last.place,
                        stream.count,
                        by_rete,
                        count,
                        stream.undecided,
                        last.at,
                    ),
                )
        raised = settle(session, findings, self._clock.now())
        events, decisions = batch.streams
        by_rete = sum(one.by_rete for one in answers[1])
        return Stepped(events.count, decisions.count, by_rete, disagreed, raised)


def _disagreements(stream: _Stream, answers: Iterable[Answer]) -> list[Finding]:
    return [
        disagreement(about, answer)
        for (about, _), answer in zip(stream.asked, answers, strict=True)
        if not answer.agrees
    ]


def _decided(session: Session, decisions: Sequence[Decided | Unread]) -> _Stream:
    asked: list[tuple[About, Question]] = []
    findings: list[Finding] = []
    for one in decisions:
        about = _about(one)
        if isinstance(one, Unread):
            findings.append(disagreement(about, Answer(False, False, error=one.why)))
            continue
        try:
            ruleset = ruleset_in(session, one.revision_id, one.ruleset_hash, one.business_date)
        except SQLAlchemyError:
            raise
        except Exception as error:  # noqa: BLE001 - told as its finding; those behind it go on
            findings.append(disagreement(about, Answer(False, False, error=reason(error))))
            continue
        question = Question(ruleset, one.org_path, one.facts, one.rows, one.outcome, recorded=True)
        asked.append((about, question))
    last = decisions[-1] if decisions else None
    return _Stream(reading.DECISIONS, last, len(decisions), tuple(asked), tuple(findings))


def _about(one: Decided | Unread) -> About:
    if isinstance(one, Unread):
        kind, id = one.subject_kind, one.subject_id
        rows: tuple[str, ...] = ()
        outcome: object = None
    else:
        kind, id = one.matter_kind, one.matter_id
        rows, outcome = one.rows, one.outcome
    key, document = f"decision:{one.place.id}", one.document_id
    return About(
        key,
        one.org_id,
        kind,
        id,
        document,
        one.ruleset,
        one.version,
        rows,
        outcome,
        one.place.id,
    )
