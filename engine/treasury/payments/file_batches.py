"""Payment batches that leave as files: as long as the bank takes them, by the layout it has."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from sqlmodel import Session

from engine.base.text import SluiceError
from engine.formats.layouts import Use, parts
from engine.runtime.clock import business_date_of
from engine.treasury import layouts
from engine.treasury.payments.channels import FILE_CHANNELS
from engine.treasury.payments.grouping import Plan, PlannedBatch, Undecided


def in_files(session: Session, made: Plan, now: dt.datetime) -> Plan:
    """The plan with its file batches cut to what one file of the bank holds.

    Documents of a bank without a live layout are undecided with its reason. Writes nothing.
    """
    batches: list[PlannedBatch] = []
    undecided = list(made.undecided)
    for batch in made.batches:
        first = batch.items[0]
        if first.channel not in FILE_CHANNELS:
            batches.append(batch)
            continue
        try:
            one = layouts.the_one(
                session,
                Use.PAYMENT_ORDER,
                first.bank_id,
                first.account_org_id,
                business_date_of(now),
            )
        except SluiceError as error:
            undecided += [Undecided(item, error.code, error.text) for item in batch.items]
            continue
        batches += [replace(batch, items=tuple(part)) for part in parts(batch.items, one.layout)]
    return replace(made, batches=tuple(batches), undecided=tuple(undecided))
