"""One business day of the demo group, from claim files to balanced vouchers.

The day is like a real one: rows are returned, people reject, duplicates are held, the bank
refuses, one answer gets lost, payers lack funds, lines fit several payments, money comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import sqlalchemy as sa

from api.demo import by_file, people
from api.demo.claims import DayPlan, Fate, Row, as_csv
from api.demo.day_log import DayLog
from api.demo.stage import Stage
from engine.runtime.db import transaction
from engine.runtime.jsontypes import JsonObject, JsonValue
from engine.treasury.intake.imports import import_file

Tell = Callable[[str], None]
"""Called with what happens now."""

LEFT_WAITING = 10
"""Approval tasks the day leaves for whoever looks at the pages."""


def play_day(stage: Stage, plan: DayPlan, tell: Tell) -> DayLog:
    """Play the whole day; afterwards the stage stands in the evening."""
    log = DayLog(rows_in=plan.count)
    for title, act in _acts(stage, plan, log):
        tell(title)
        act()
    return log


def _acts(stage: Stage, plan: DayPlan, log: DayLog) -> Iterator[tuple[str, Callable[[], None]]]:
    yield "08:30 balances of the morning", lambda: stage.play_until(stage.at(9))
    yield "09:00 files come in", lambda: _import_files(stage, plan, log)
    yield "09:05 commissions of agents", lambda: by_file.enter(stage, log)
    yield "09:10 the source system sends", lambda: _push(stage, plan, log)
    yield "09:30 approvals", lambda: _approve(stage, plan, log)
    yield "10:00 first payment slot", lambda: _first_slot(stage, plan, log)
    yield "13:30 second payment slot", lambda: _second_slot(stage, plan, log)
    yield "14:10 a file for the bank", lambda: by_file.pay(stage, log)
    yield "15:30 third payment slot", lambda: stage.play_until(stage.at(16))
    yield "16:00 a payment comes back", lambda: _bounce(stage, log)
    yield "18:30 statements and arrivals", lambda: stage.play_until(stage.at(18, 45))
    yield "19:00 the accountant's queue", lambda: _reconcile(stage, log)
    yield "19:30 the source is told", lambda: _told(stage, log)


def _import_files(stage: Stage, plan: DayPlan, log: DayLog) -> None:
    services = stage.assembly.services
    for (branch, direction), rows in sorted(plan.files.items()):
        with transaction(services.engine) as session:
            answer = import_file(
                session,
                services.rulebook,
                f"{branch.lower()}.maker",
                f"{branch}-{direction}-{services.clock.business_date():%Y%m%d}.csv",
                as_csv(rows),
                services.clock.now(),
            )
        refused = answer.body["refused"]
        assert isinstance(refused, int)
        log.refused_rows += refused
        log.add(
            f"file {answer.body['file_name']}: {answer.body['rows']} rows, "
            f"{answer.body['accepted']} accepted, {answer.body['returned']} returned, "
            f"{refused} refused"
        )


def _push(stage: Stage, plan: DayPlan, log: DayLog) -> None:
    stage.play_until(stage.at(9, 10))
    documents: list[JsonValue] = [as_message(row) for row in plan.pushed]
    answer = stage.source.admin(
        "send", {"documents": documents, "repeat_percent": 10, "wait": True}
    )
    assert isinstance(answer, dict)
    sent = answer["sent"]
    assert isinstance(sent, list)
    again = sum(isinstance(one, dict) and one.get("repeated") is True for one in sent)
    log.add(f"source system: {len(sent)} documents sent, {again} of them twice")


def as_message(row: Row) -> JsonObject:
    """A row as the source system's JSON."""
    content: dict[str, JsonValue] = {name: text for name, text in row.items() if text != ""}
    if "payee_is_insured" in content:
        content["payee_is_insured"] = content["payee_is_insured"] == "true"
    return content


def _approve(stage: Stage, plan: DayPlan, log: DayLog) -> None:
    stage.play_until(stage.at(9, 30))
    leave = _to_leave(stage, plan)
    log.left_waiting = len(leave)
    twins = people.release_holds(
        stage.assembly, lambda number: plan.fates.get(number) is Fate.TWIN, "treasurer2"
    )
    others = sorted(n for n, fate in plan.fates.items() if fate is Fate.DUPLICATE)
    voided = people.void_holds(stage.assembly, set(others[::2]).__contains__, "manager")
    worked = people.approve_all(stage.assembly, plan.fates, leave)
    log.add(
        f"approvals: {worked.approved} approved, {worked.rejected} rejected, "
        f"{len(leave)} tasks left waiting, {worked.refused or 'none'} refused by four eyes"
    )
    log.add(f"suspected duplicates: {len(twins)} released, {voided} voided, the rest held")


def _to_leave(stage: Stage, plan: DayPlan) -> set[int]:
    """Plain documents in approval, from every branch."""
    with transaction(stage.assembly.services.engine) as session:
        rows = session.execute(
            sa.text("""
                SELECT id, source_document_no FROM (
                  SELECT id, source_document_no, row_number() OVER (
                    PARTITION BY left(org_id, 2) ORDER BY amount DESC, id) AS place
                  FROM document WHERE state = 'IN_APPROVAL' AND direction = 'pay') ranked
                ORDER BY place, id""")
        ).all()
    plain = [int(row.id) for row in rows if row.source_document_no not in plan.fates]
    return set(plain[:LEFT_WAITING])


def _first_slot(stage: Stage, plan: DayPlan, log: DayLog) -> None:
    twin_accounts = {
        row["counterparty_account"]
        for row in _all_rows(plan)
        if plan.fates.get(row["source_document_no"]) is Fate.TWIN
    }
    for bank in stage.banks:
        for account in sorted(twin_accounts):
            bank.admin("silence", {"counterparty_account": account})
        counterparties: list[JsonValue] = [
            {"number": number, "kind": "external", "refuse": reason}
            for number, reason in sorted(plan.refused_accounts.items())
        ]
        counterparties += [
            {"number": number, "kind": "external", "balance": "1.00"}
            for number in sorted(plan.poor_payers)
        ]
        bank.admin("accounts", counterparties)
    stage.bank("bank_a").admin(
        "faults", {"next": [{"on": "submit", "fault": "reset_after", "times": 1}]}
    )
    stage.play_until(stage.at(10, 30))
    log.add("bank_a took one batch and the connection broke: its payments were UNKNOWN until asked")


def _all_rows(plan: DayPlan) -> Iterator[Row]:
    for rows in plan.files.values():
        yield from rows
    yield from plan.pushed


def _second_slot(stage: Stage, plan: DayPlan, log: DayLog) -> None:
    stage.play_until(stage.at(13))
    paying = sorted(plan.poor_payers)[::2]
    for bank in stage.banks:
        for number in paying:
            bank.admin("fund", {"account": number, "amount": "1000000.00"})
    stage.play_until(stage.at(14))
    log.add(
        f"collections without funds: {len(plan.poor_payers)}; {len(paying)} payers had money at "
        "the second try, the others go back to the source after the third"
    )


def _bounce(stage: Stage, log: DayLog) -> None:
    with transaction(stage.assembly.services.engine) as session:
        row = session.execute(
            sa.text("""
                SELECT a.instruction_id, b.bank_id, d.document_no FROM attempt a
                JOIN document d ON d.id = a.document_id AND d.state = 'PAID'
                JOIN payment_batch b ON b.id = a.batch_id
                WHERE d.direction = 'pay' ORDER BY a.amount DESC, a.id LIMIT 1""")
        ).one()
    stage.bank(row.bank_id).admin(
        "bounce", {"instruction_id": row.instruction_id, "reason": "AC04"}
    )
    log.add(f"{row.document_no} came back from the creditor's bank")


def _reconcile(stage: Stage, log: DayLog) -> None:
    done = people.reconcile(stage.assembly, "accountant")
    stage.play_until(stage.at(19, 15))
    done += people.reconcile(stage.assembly, "accountant")
    log.add(f"lines that fit several payments: {done} decided by the accountant")


def _told(stage: Stage, log: DayLog) -> None:
    log.all_told = stage.drain()
    stats = stage.source.look("stats")
    assert isinstance(stats, dict)
    log.add(
        f"messages to the source: {stats['distinct']} acknowledged, {stats['lost']} times lost and "
        f"sent again{'' if log.all_told else ', SOME STILL NOT ACKNOWLEDGED'}"
    )
