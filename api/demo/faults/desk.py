"""The people of a faulty day: they approve, release in small groups, and clear what is unclear.

What they know of a payment in REVIEW is what the bank's own books say: they ask the bank.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session

from api.demo import people
from api.demo.stage import Stage
from api.demo.world import executions
from engine.machines.instruction.confirm import Verdict, resolve_review
from engine.machines.instruction.evidence import Evidence
from engine.runtime.db import run_in_transaction, transaction
from engine.treasury.payments import release

FIRST, SECOND = "accountant", "treasurer"
"""Who decides a payment in REVIEW, and who confirms it."""

CASHIER = "cashier"


class Desk:
    """What people do on this stage."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._services = stage.assembly.services

    def approve(self) -> None:
        """Work through all worklists, if anything waits in them."""
        with transaction(self._services.engine) as session:
            waiting = session.execute(
                sa.text("SELECT EXISTS (SELECT 1 FROM approval_step WHERE state = 'OPEN')")
            ).scalar_one()
        if waiting:
            people.approve_all(self._stage.assembly, {}, ())

    def release(self, most: int) -> None:
        """The cashier sends the next `most` unpaid documents."""
        self._release(
            "SELECT id FROM document WHERE state = 'UNPAID' ORDER BY id LIMIT :most", most
        )

    def release_again(self) -> None:
        """The cashier sends what two persons found not received."""
        self._release(
            "SELECT id FROM document WHERE state = 'FAILED' AND waiting_code = 'REVIEW' "
            "ORDER BY id LIMIT :most",
            1_000,
        )

    def review(self) -> None:
        """Two persons decide every payment in REVIEW by what the bank's books show."""
        with transaction(self._services.engine) as session:
            open_ones = session.execute(
                sa.text("SELECT id, instruction_id FROM attempt WHERE state = 'REVIEW' ORDER BY id")
            ).all()
        if not open_ones:
            return
        executed = {str(row["instruction_id"]) for row in executions(self._stage.banks)}
        for one in open_ones:
            verdict = Verdict.PAID if one.instruction_id in executed else Verdict.NOT_RECEIVED
            proof = Evidence("manual", verdict.value, b"extract of the bank's books", "by letter")
            with transaction(self._services.engine) as session:
                now = self._services.clock.now()
                changes = resolve_review(session, one.id, verdict, proof, FIRST, SECOND, now)
                self._stage.assembly.arrivals.listener.on_attempts(session, changes)

    def reconcile(self) -> None:
        """The accountant decides lines that fit several payments."""
        people.reconcile(self._stage.assembly, FIRST)

    def _release(self, query: str, most: int) -> None:
        def send(session: Session) -> None:
            ids = list(session.execute(sa.text(query), {"most": most}).scalars())
            if ids:
                now = self._services.clock.now()
                release(session, self._services.rulebook, CASHIER, now, document_ids=ids)

        run_in_transaction(self._services.engine, send)
