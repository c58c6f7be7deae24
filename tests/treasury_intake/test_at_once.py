"""Many at once: one effect per message, and no equal pair slips past the duplicate rule (I5)."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa
from sqlmodel import Session

from engine.machines.approval import Result
from engine.rulebook import Rulebook
from engine.runtime.clock import ManualClock
from engine.runtime.db import transaction
from engine.runtime.jsontypes import JsonValue
from engine.treasury.approvals import desk
from engine.treasury.intake.imports import import_file
from engine.treasury.intake.single import Answer, take_document
from tests.treasury_intake.support import bring_in, csv_file, documents, message, row, steps_open


def _send(
    engine: sa.Engine,
    rulebook: Rulebook,
    clock: ManualClock,
    jobs: list[tuple[str, dict[str, JsonValue]]],
) -> list[Answer]:
    def one(job: tuple[str, dict[str, JsonValue]]) -> Answer:
        with transaction(engine) as session:
            return take_document(session, rulebook, "claims", job[0], job[1], clock.now())

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(one, jobs))


def test_the_same_message_twenty_times_at_once_is_one_document(
    live: Session, engine: sa.Engine, rulebook: Rulebook, clock: ManualClock
) -> None:
    live.commit()
    answers = _send(engine, rulebook, clock, [("m", message(1))] * 20)
    assert Counter(a.status for a in answers) == {201: 1, 200: 19}
    assert len({str(a.body["document_no"]) for a in answers}) == 1
    assert len(documents(live)) == 1


def test_one_number_under_many_keys_at_once_is_one_document(
    live: Session, engine: sa.Engine, rulebook: Rulebook, clock: ManualClock
) -> None:
    live.commit()
    answers = _send(engine, rulebook, clock, [(f"m{n}", message(1)) for n in range(10)])
    assert Counter(a.status for a in answers) == {201: 1, 200: 9}
    assert len(documents(live)) == 1


def test_of_equal_documents_at_once_all_but_one_are_held(
    live: Session, engine: sa.Engine, rulebook: Rulebook, clock: ManualClock
) -> None:
    live.commit()
    jobs = [(f"m{n}", message(1, source_document_no=f"X{n}")) for n in range(8)]
    _send(engine, rulebook, clock, jobs)
    assert Counter(d.waiting_code for d in documents(live)) == {None: 1, "HELD": 7}


def test_the_same_file_at_once_is_taken_once(
    live: Session, engine: sa.Engine, rulebook: Rulebook, clock: ManualClock
) -> None:
    live.commit()
    content = csv_file([row(1), row(2)])

    def one(_: int) -> int:
        with transaction(engine) as session:
            return import_file(session, rulebook, "maker", "f.csv", content, clock.now()).status

    with ThreadPoolExecutor(4) as pool:
        assert Counter(pool.map(one, range(4))) == {201: 1, 409: 3}
    assert len(documents(live)) == 2


def test_of_approvals_at_once_one_counts(
    live: Session, engine: sa.Engine, rulebook: Rulebook, clock: ManualClock
) -> None:
    bring_in(live, rulebook, clock, [row(1)])
    live.commit()
    steps = steps_open(live)

    def one(_: int) -> Result:
        with transaction(engine) as session:
            [result] = desk.decide(session, "bj-reviewer", steps, "approve", None, clock.now())
            return result

    with ThreadPoolExecutor(4) as pool:
        errors = [r.error.code if r.error else None for r in pool.map(one, range(4))]
    assert Counter(errors) == {None: 1, "STEP_NOT_OPEN": 3}
