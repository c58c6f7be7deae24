"""Commissions that leave as a file: a person takes it to the bank, which answers in a folder."""

from __future__ import annotations

import sqlalchemy as sa

from api.demo.claims import as_csv, commissions
from api.demo.day_log import DayLog
from api.demo.stage import Stage
from engine.runtime.db import transaction
from engine.treasury import payments
from engine.treasury.intake.imports import import_file
from engine.treasury.payments import files

COUNT = 6
FOLDER = "bank-files"
"""In the workspace: where the demo's bank finds payment files and leaves its answers."""


def enter(stage: Stage, log: DayLog) -> None:
    """Beijing enters the commissions of its agents."""
    services = stage.assembly.services
    rows = commissions(COUNT, services.clock.business_date())
    stage.play_until(stage.at(9, 5))
    with transaction(services.engine) as session:
        answer = import_file(
            session,
            services.rulebook,
            "bj.maker",
            f"BJ-commission-{services.clock.business_date():%Y%m%d}.csv",
            as_csv(rows),
            services.clock.now(),
        )
    log.rows_in += len(rows)
    log.add(f"file {answer.body['file_name']}: {answer.body['accepted']} commissions accepted")


def pay(stage: Stage, log: DayLog) -> None:
    """The cashier takes the file to the bank; the accountant loads what the bank answers."""
    stage.play_until(stage.at(14, 10))
    services = stage.assembly.services
    assert services.anchors is not None
    folder = services.anchors.path.parent / FOLDER
    folder.mkdir(exist_ok=True)
    with transaction(services.engine) as session:
        ids = session.execute(
            sa.text("SELECT id FROM document WHERE channel = 'bank_file' AND state = 'UNPAID'")
        ).scalars()
        released = payments.release(
            session, services.rulebook, "cashier", services.clock.now(), document_ids=list(ids)
        )
        numbers = session.execute(
            sa.text("SELECT message_id FROM payment_batch WHERE id = ANY(:ids) ORDER BY id"),
            {"ids": list(released.batch_ids)},
        ).scalars()
        message_ids = [str(one) for one in numbers]
    for message_id in message_ids:
        with transaction(services.engine) as session:
            taken = files.hand_out(
                session, services.rulebook, services.clock, "cashier", message_id
            )
        (folder / taken.name).write_bytes(taken.content)
        bank = stage.bank("bank_a")
        bank.admin("files", {"folder": str(folder)})
        stage.play_until(stage.at(14, 20))
        bank.admin("files", {"folder": str(folder)})
        answer = (folder / taken.name).with_suffix(".ret").read_bytes()
        with transaction(services.engine) as session:
            done = files.take_return(
                session, services.rulebook, services.clock, "accountant", message_id, answer
            )
        log.add(
            f"file {taken.name} went to bank_a in a folder, its return file said {done.paid} paid, "
            f"{done.failed} failed, {done.open} open"
        )
