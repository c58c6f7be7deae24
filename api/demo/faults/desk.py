"""The people of a faulty day: they approve, release in small groups, and clear what is unclear.

What they know of a payment in REVIEW is what the bank's own books say: they ask the bank.
"""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlmodel import Session

from api.demo import people
from api.demo.stage import Stage
from api.demo.world import executions
from engine.machines.instruction.confirm import Verdict
from engine.runtime.db import run_in_transaction, transaction
from engine.treasury.intake import ending
from engine.treasury.operations import queue_acts
from engine.treasury.payments import release, reviewing

FIRST, SECOND = "accountant", "treasurer"
"""Who proposes what became of a payment in REVIEW, and who confirms it."""

CASHIER = "cashier"
OPERATOR = "operator"

_NOT_RECEIVED = (
    "SELECT id, counterparty_account FROM document "
    "WHERE state = 'FAILED' AND waiting_code = 'REVIEW' ORDER BY id"
)


class Desk:
    """What people do on this stage."""

    def __init__(self, stage: Stage, refused: Collection[str]) -> None:
        """`refused`: counterparty accounts the banks do nothing for; they say so when asked."""
        self._stage = stage
        self._refused = refused
        self._services = stage.assembly.services
        self.revived = 0
        """Actions the operator let run again: each had died with its worker too often."""

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
        query = sa.text("SELECT id FROM document WHERE state = 'UNPAID' ORDER BY id LIMIT :most")

        def send(session: Session) -> None:
            ids = list(session.execute(query, {"most": most}).scalars())
            if ids:
                now = self._services.clock.now()
                release(session, self._services.rulebook, CASHIER, now, document_ids=ids)

        run_in_transaction(self._services.engine, send)

    def release_again(self) -> None:
        """The cashier sends what two persons found not received, and voids what the bank refused.

        A bank that answers no questions tells a refusal to people only.
        """

        def send(session: Session) -> None:
            now = self._services.clock.now()
            found = session.execute(sa.text(_NOT_RECEIVED)).all()
            refused = [row.id for row in found if row.counterparty_account in self._refused]
            again = [row.id for row in found if row.counterparty_account not in self._refused]
            if refused:
                ending.void(session, CASHIER, refused, "银行来函:未受理", now)
            if again:
                release(session, self._services.rulebook, CASHIER, now, document_ids=again)

        run_in_transaction(self._services.engine, send)

    def revive(self) -> None:
        """The operator lets dead actions run again."""
        with transaction(self._services.engine) as session:
            query = sa.text("SELECT key FROM action WHERE state = 'dead' ORDER BY id")
            for key in session.execute(query).scalars().all():
                now = self._services.clock.now()
                queue_acts.retry(session, OPERATOR, key, "工作进程已恢复", now)
                self.revived += 1

    def review(self) -> None:
        """Two persons decide every payment in REVIEW by what the bank's books show."""
        with transaction(self._services.engine) as session:
            open_ones = session.execute(
                sa.text("SELECT instruction_id FROM attempt WHERE state = 'REVIEW' ORDER BY id")
            ).scalars()
            instructions = [str(one) for one in open_ones]
        if not instructions:
            return
        executed = {str(row["instruction_id"]) for row in executions(self._stage.banks)}
        proof = reviewing.Proof("books.txt", b"extract of the bank's books")
        listener, now = self._stage.assembly.arrivals.listener, self._services.clock.now()
        for one in instructions:
            verdict = Verdict.PAID if one in executed else Verdict.NOT_RECEIVED
            with transaction(self._services.engine) as session:
                proposal = reviewing.propose(session, FIRST, one, verdict, proof, "银行对账单", now)
            with transaction(self._services.engine) as session:
                reviewing.confirm(session, listener, SECOND, proposal, now)

    def reconcile(self) -> None:
        """The accountant decides lines that fit several payments."""
        people.reconcile(self._stage.assembly, FIRST)
