"""What a faulty day came to: the banks' and the source's own truth against the product's books."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import sqlalchemy as sa
from sqlmodel import Session

from api.demo.stage import Stage
from api.demo.world import executions
from engine.runtime.db import transaction
from engine.treasury.documents.states import DONE_FOR_THE_DAY
from engine.treasury.invariants import check_invariants
from engine.treasury.invariants.checking import OK


@dataclass(frozen=True, slots=True)
class Struck:
    """What was done to the product."""

    kills: int
    pauses: int
    interrupted: int
    """Actions that were in a worker's hands when it was killed or outrun."""
    fell: int
    """Workers that ended by themselves."""
    database_crashes: int
    revived: int
    """Actions that had died with their worker so often that the operator let them run again."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The figures; `good` when every promise was kept."""

    payments: int
    """Documents that were handed in."""
    by_state: Mapping[str, int]
    struck: Struck
    faults: Mapping[str, int]
    """What befell calls to the banks, by kind of fault."""
    attempts: int
    unknown: int
    """Attempts that were UNKNOWN at some time."""
    executed: int
    double_payments: int
    lost: int
    lost_documents: tuple[str, ...]
    told: int
    """Payments a bank called refused and did all the same: an alert names each."""
    decided: Mapping[str, int]
    """Unclear payments ended by two persons with proof, by what they found."""
    ledger_sum: int
    books_differ: tuple[str, ...]
    """Bank accounts whose ledger balance is not the bank's."""
    undelivered: int
    leased: int
    """Actions still in somebody's hands."""
    dead_actions: int
    invariants: Mapping[str, str]
    seed: int
    seconds: float
    """Real seconds the day took."""

    @property
    def bank_faults(self) -> int:
        """Calls to banks that met a fault."""
        return sum(self.faults.values())

    @property
    def broken(self) -> tuple[str, ...]:
        """The promises that were not kept, by name."""
        checks = {
            "double_payments": self.double_payments == 0,
            "lost": self.lost == 0,
            "ledger_sum": self.ledger_sum == 0,
            "books_differ": not self.books_differ,
            "undelivered": self.undelivered == 0,
            "leased": self.leased == 0,
            "dead_actions": self.dead_actions == 0,
            "fell": self.struck.fell == 0,
            "invariants": all(said == OK for said in self.invariants.values()),
        }
        return tuple(name for name, kept in checks.items() if not kept)

    @property
    def good(self) -> bool:
        """Whether every promise was kept."""
        return not self.broken

    def to_json(self) -> dict[str, object]:
        """The stable JSON form of `sluice demo --faults`."""
        found = asdict(self)
        struck = found.pop("struck")
        return {
            **found,
            **struck,
            "bank_faults": self.bank_faults,
            "seconds": round(self.seconds, 1),
            "broken": list(self.broken),
            "good": self.good,
        }


def judge(stage: Stage, struck: Struck, handed_in: int, seed: int, seconds: float) -> Verdict:
    """Count. `handed_in`: documents that were given to the product."""
    executed = Counter(str(row["instruction_id"]) for row in executions(stage.banks))
    faults = Counter[str]()
    for bank in stage.banks:
        stats = bank.look("stats")
        assert isinstance(stats, dict)
        calls = stats["calls"]
        assert isinstance(calls, dict)
        for name, times in calls.items():
            if name.startswith("fault ") and isinstance(times, int):
                faults[name.removeprefix("fault ")] += times
    with transaction(stage.assembly.services.engine) as session:
        by_state = _counts(session, "SELECT state, count(*) FROM document GROUP BY state")
        attempts = {
            str(row.instruction_id): row
            for row in session.execute(
                sa.text("SELECT instruction_id, document_no, state FROM attempt")
            )
        }
        per_document = Counter[str]()
        for instruction, times in executed.items():
            known = attempts.get(instruction)
            per_document[known.document_no if known else instruction] += times
        told = _told(session)
        lost = _lost(session, attempts, executed, told)
        missing = abs(handed_in - sum(by_state.values()))
        return Verdict(
            payments=handed_in,
            by_state=by_state,
            struck=struck,
            faults=dict(sorted(faults.items())),
            attempts=len(attempts),
            unknown=_one(
                session,
                "SELECT count(DISTINCT attempt_id) FROM attempt_event WHERE to_state = 'UNKNOWN'",
            ),
            executed=sum(executed.values()),
            double_payments=sum(times - 1 for times in per_document.values()),
            lost=missing + len(lost),
            lost_documents=tuple(lost[:20]),
            told=len(told & executed.keys()),
            decided=_counts(
                session, "SELECT verdict, count(*) FROM attempt_resolution GROUP BY verdict"
            ),
            ledger_sum=_one(
                session, "SELECT coalesce(sum(debit) - sum(credit), 0) FROM voucher_line"
            ),
            books_differ=_books_differ(session, stage),
            undelivered=_undelivered(session, stage),
            leased=_one(session, "SELECT count(*) FROM action WHERE state = 'leased'"),
            dead_actions=_one(session, "SELECT count(*) FROM action WHERE state = 'dead'"),
            invariants=check_invariants(session),
            seed=seed,
            seconds=seconds,
        )


def told(verdict: Verdict) -> str:
    """The verdict for people."""
    struck = verdict.struck
    lines = [
        f"{verdict.payments:,} payments; workers killed {struck.kills} times and paused "
        f"{struck.pauses} times, {struck.interrupted} actions interrupted; "
        f"{verdict.bank_faults} faults of banks, {verdict.unknown} attempts UNKNOWN meanwhile",
        "  " + ", ".join(f"{count:,} {state}" for state, count in verdict.by_state.items()),
        f"executed by the banks {verdict.executed:,}, paid twice {verdict.double_payments}, "
        f"lost {verdict.lost}, called refused and done {verdict.told}, decided by two persons "
        f"{sum(verdict.decided.values())}, run again by the operator {struck.revived}, "
        f"ledger sum {verdict.ledger_sum}, messages not delivered {verdict.undelivered}",
    ]
    lines += [f"  {one}" for one in (*verdict.lost_documents, *verdict.books_differ)]
    lines += [f"  {name} BROKEN: {said}" for name, said in verdict.invariants.items() if said != OK]
    end = "nothing was paid twice or lost"
    if not verdict.good:
        end = f"NOT GOOD: {', '.join(verdict.broken)}"
    return "\n".join([*lines, f"{end}; seed {verdict.seed}, {verdict.seconds:.0f} s"])


_PAID = ("PAID", "CONFIRMED", "BOUNCED", "LATE_SUCCESS")


def _lost(
    session: Session,
    attempts: Mapping[str, sa.Row[tuple[str, str, str]]],
    executed: Counter[str],
    told: frozenset[str],
) -> list[str]:
    """Documents without an end or a named wait, and attempts the bank tells otherwise than we:
    save those it told wrongly, which an alert names."""
    rows = session.execute(
        sa.text(
            "SELECT document_no, state FROM document WHERE state <> ALL(:done) AND NOT "
            "(state = 'BATCHED' AND waiting_code = 'HELD') ORDER BY document_no"
        ),
        {"done": [state.value for state in DONE_FOR_THE_DAY]},
    )
    found = [f"{row.document_no} ends as {row.state}" for row in rows]
    for instruction in sorted(executed):
        state = attempts[instruction].state if instruction in attempts else "unknown to us"
        if state not in _PAID and instruction not in told:
            found.append(f"{instruction} was executed and is {state}")
    found += [
        f"{instruction} is {row.state} and was never executed"
        for instruction, row in sorted(attempts.items())
        if row.state in _PAID and instruction not in executed
    ]
    return found


def _told(session: Session) -> frozenset[str]:
    """Instructions an alert names as done though called failed."""
    rows = session.execute(
        sa.text(
            "SELECT a.instruction_id FROM attempt a WHERE EXISTS (SELECT 1 FROM alert x "
            "WHERE x.code = 'DUPLICATE_PAYMENT' AND x.message_en LIKE "
            "'%' || a.instruction_id || ',%')"
        )
    )
    return frozenset(str(one) for one in rows.scalars())


def _books_differ(session: Session, stage: Stage) -> tuple[str, ...]:
    rows = session.execute(
        sa.text(
            # What stands on a statement and belongs to nothing yet is in no voucher.
            "SELECT k.number, coalesce(sum(l.debit - l.credit), 0) + coalesce((SELECT sum("
            "CASE s.direction WHEN 'credit' THEN s.amount ELSE -s.amount END) "
            "FROM statement_line s WHERE s.account_id = k.id AND NOT EXISTS (SELECT 1 FROM "
            "match_item m WHERE m.kind = 'statement_line' AND m.ref_id = s.id AND m.live)), 0) "
            "AS minor FROM bank_account k "
            "LEFT JOIN voucher_line l ON l.account = k.ledger_account "
            "AND l.dimensions ->> 'bank_account' = k.number GROUP BY k.id, k.number"
        )
    )
    books = {str(row.number): int(row.minor) for row in rows}
    found = []
    for bank in stage.banks:
        accounts = bank.look("accounts")
        assert isinstance(accounts, list)
        for account in accounts:
            assert isinstance(account, dict)
            if account["kind"] != "own":
                continue
            number = str(account["number"])
            minor = int(str(account["balance"]).replace(".", ""))
            if books.get(number) != minor:
                found.append(f"{number}: {books.get(number)} in the books, {minor} at the bank")
    return tuple(found)


def _undelivered(session: Session, stage: Stage) -> int:
    """Messages the source has not, whatever we believe of them."""
    rows = stage.source.look("messages")
    assert isinstance(rows, list)
    there = set()
    for row in rows:
        assert isinstance(row, dict)
        message = row["message"]
        assert isinstance(message, dict)
        there.add(str(message["message_id"]))
    ours = session.execute(sa.text("SELECT message_id, state FROM outbox_message")).all()
    return sum(row.state != "acked" or row.message_id not in there for row in ours)


def _counts(session: Session, query: str) -> dict[str, int]:
    return {str(name): int(n) for name, n in sorted(map(tuple, session.execute(sa.text(query))))}


def _one(session: Session, query: str) -> int:
    return int(session.execute(sa.text(query)).scalar_one())
