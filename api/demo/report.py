"""What a demo day came to: counted in the product's books and, apart from them, at the banks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import sqlalchemy as sa
from sqlmodel import Session

from api.demo.second_opinion import SecondOpinion
from api.demo.stage import Stage
from api.demo.world import executions
from engine import ledger
from engine.runtime.db import transaction
from engine.treasury.documents.states import DONE_FOR_THE_DAY
from engine.treasury.invariants import check_invariants


@dataclass(frozen=True, slots=True)
class Open:
    """A document that is not done for the day, and the name of what it waits for."""

    document_no: str
    state: str
    waits_for: str | None
    """TASK (an approval left waiting) or HELD; None: nobody can say why."""


@dataclass(frozen=True, slots=True)
class Report:
    """The summary of a day."""

    documents: int
    by_state: Mapping[str, int]
    refused_rows: int
    """Of those returned: rows that could not even become a document."""
    instructed: int
    """Instructions that ended as paid at us."""
    bank_executed: int
    double_paid: int
    lost: int
    matched: int
    vouchers: int
    ledger_balanced: bool
    troubles: Mapping[str, int]
    """What went wrong on the day, counted in the books afterwards."""
    open: tuple[Open, ...]
    invariants: Mapping[str, str]
    messages_acknowledged: bool
    again: SecondOpinion
    seconds: float
    """Real seconds the day took."""

    @property
    def good(self) -> bool:
        """Whether every promise of a day was kept."""
        return (
            all(text == "ok" for text in self.invariants.values())
            and self.double_paid == 0
            and self.lost == 0
            and self.instructed == self.bank_executed
            and self.ledger_balanced
            and self.messages_acknowledged
            and self.again.disagreements == 0
            and all(one.waits_for is not None for one in self.open)
        )

    def to_json(self) -> dict[str, object]:
        """The stable JSON form of `sluice demo`."""
        return {
            "documents": self.documents,
            "by_state": dict(self.by_state),
            "refused_rows": self.refused_rows,
            "instructed": self.instructed,
            "bank_executed": self.bank_executed,
            "double_paid": self.double_paid,
            "lost": self.lost,
            "matched": self.matched,
            "vouchers": self.vouchers,
            "ledger_balanced": self.ledger_balanced,
            "waiting": {
                "tasks": sum(one.waits_for == "TASK" for one in self.open),
                "held": sum(one.waits_for == "HELD" for one in self.open),
                "unexplained": sum(one.waits_for is None for one in self.open),
            },
            "troubles": dict(self.troubles),
            "kills": 0,
            "second_opinion": asdict(self.again),
            "invariants": dict(self.invariants),
            "seconds": round(self.seconds, 1),
        }


_EVENT = "SELECT count(DISTINCT document_id) FROM document_event WHERE to_state = "
_TROUBLES = {
    "returned_or_refused": "SELECT (SELECT count(*) FROM document WHERE state = 'RETURNED') "
    "+ (SELECT count(*) FROM refused_row)",
    "rejected": f"{_EVENT} 'REJECTED'",
    "held": "SELECT count(DISTINCT document_id) FROM document_hold",
    "lines_fitting_several": "SELECT count(DISTINCT line_id) FROM match_proposal",
    "refused_by_bank": f"{_EVENT} 'FAILED'",
    "unknown": f"{_EVENT} 'UNKNOWN'",
    "bounced": f"{_EVENT} 'BOUNCED'",
}
"""What a real day has too -> how many of it."""


def report(
    stage: Stage,
    rows_in: int,
    refused_rows: int,
    told: bool,
    again: SecondOpinion,
    seconds: float,
) -> Report:
    """Count what the day came to. `rows_in`: documents and rows that were handed in."""
    executed = Counter(str(row["instruction_id"]) for row in executions(stage.banks))
    with transaction(stage.assembly.services.engine) as session:
        by_state = _counts(session, "SELECT state, count(*) FROM document GROUP BY state")
        paid = {
            str(one)
            for one in session.execute(
                sa.text(
                    "SELECT instruction_id FROM attempt "
                    "WHERE state IN ('PAID', 'CONFIRMED', 'BOUNCED', 'LATE_SUCCESS')"
                )
            ).scalars()
        }
        per_document = _counts(
            session,
            """SELECT document_id::text, count(*) FROM attempt
               WHERE instruction_id = ANY(:executed) GROUP BY document_id""",
            executed=list(executed),
        )
        documents = sum(by_state.values()) + refused_rows
        by_state["RETURNED"] = by_state.get("RETURNED", 0) + refused_rows
        return Report(
            documents=documents,
            by_state=by_state,
            refused_rows=refused_rows,
            instructed=len(paid),
            bank_executed=sum(executed.values()),
            double_paid=sum(n - 1 for n in executed.values())
            + sum(n - 1 for n in per_document.values()),
            lost=abs(rows_in - documents) + len(executed.keys() - paid),
            matched=_one(session, "SELECT count(*) FROM document WHERE match_no IS NOT NULL"),
            vouchers=_one(session, "SELECT count(*) FROM voucher"),
            ledger_balanced=ledger.is_balanced(session),
            troubles={name: _one(session, query) for name, query in _TROUBLES.items()},
            open=_open(session),
            invariants=check_invariants(session),
            messages_acknowledged=told,
            again=again,
            seconds=seconds,
        )


def summary(report: Report, lines: Sequence[str]) -> str:
    """The report for people."""
    text = [*lines, ""]
    text += [f"  {state:<12} {count:>7,}" for state, count in sorted(report.by_state.items())]
    text += [
        f"  ({report.refused_rows:,} of those returned were rows that could not become a document)",
        "",
    ]
    text.append(
        "troubles: "
        + ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in report.troubles.items())
    )
    waiting = Counter(one.waits_for or "UNEXPLAINED" for one in report.open)
    text.append(
        "not done today: "
        + (", ".join(f"{count} {name}" for name, count in sorted(waiting.items())) or "nothing")
    )
    held = [one.document_no for one in report.open if one.waits_for == "HELD"]
    if held:
        text.append(f"held: {', '.join(held[:20])}{_more(len(held) - 20)}")
    bad = [one for one in report.open if one.waits_for is None]
    text += [f"  {one.document_no} is {one.state}, and nothing says why" for one in bad[:20]]
    text.append(
        f"instructed {report.instructed:,}, executed by the banks {report.bank_executed:,}, "
        f"paid twice {report.double_paid}, lost {report.lost}"
    )
    text.append(
        f"matched {report.matched:,}, vouchers {report.vouchers:,}, "
        f"ledger {'balanced' if report.ledger_balanced else 'NOT BALANCED'}"
    )
    again = report.again
    text.append(
        f"second opinion: {again.decisions:,} decisions re-decided ({again.by_rete:,} by "
        f"durable-rules), {again.disagreements:,} disagreements; {again.alerts:,} alerts on events"
    )
    broken = {name: said for name, said in report.invariants.items() if said != "ok"}
    text.append(
        f"invariants: {len(report.invariants) - len(broken)} hold"
        + (f" ({', '.join(report.invariants)})" if not broken else "")
    )
    text += [f"  {name} BROKEN: {said}" for name, said in broken.items()]
    text.append(
        f"{'the day is good' if report.good else 'THE DAY IS NOT GOOD'}; "
        f"{report.documents:,} documents in {report.seconds:.1f} s"
    )
    return "\n".join(text)


def _more(hidden: int) -> str:
    return f" and {hidden} more" if hidden > 0 else ""


def _counts(session: Session, query: str, **values: object) -> dict[str, int]:
    return {str(name): int(count) for name, count in session.execute(sa.text(query), values)}


def _one(session: Session, query: str) -> int:
    return int(session.execute(sa.text(query)).scalar_one())


def _open(session: Session) -> tuple[Open, ...]:
    rows = session.execute(
        sa.text("""
            SELECT d.document_no, d.state, d.waiting_code, EXISTS (
                SELECT 1 FROM approval_request r WHERE r.subject_kind = 'document'
                AND r.subject_id = d.id AND r.state = 'OPEN') AS asked
            FROM document d WHERE d.state <> ALL(:done) ORDER BY d.document_no"""),
        {"done": [state.value for state in DONE_FOR_THE_DAY]},
    ).all()
    return tuple(
        Open(
            row.document_no,
            row.state,
            "TASK"
            if row.state == "IN_APPROVAL" and row.asked
            else "HELD"
            if row.waiting_code == "HELD"
            else None,
        )
        for row in rows
    )
