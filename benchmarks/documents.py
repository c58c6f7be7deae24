"""Documents per second from a file coming in to PAID, beside pgbench on the same server.

Run by `make bench`. The whole way: files read and validated by rules, routed, watched, approved by
people's verdicts, released in payment batches, sent to simulated banks over HTTP by one worker,
asked about, PAID. The clock hops, so no waiting for business time is in the figure. pgbench's
TPC-B-like script at one connection (scale 10) runs in turn with it on the product's own server: how
many of its transactions one document costs. Documents that alerts hold are not among the paid.
"""

from __future__ import annotations

import datetime as dt
import statistics
import sys
import tempfile
import time
from pathlib import Path

import pgbench
import sqlalchemy as sa
from sqlmodel import Session

from api.demo import people
from api.demo.claims import Row, as_csv, plain_documents
from api.demo.playing import opened_stage, shipped_rulesets
from api.demo.stage import Stage
from engine.runtime.clock import BUSINESS_ZONE, ManualClock
from engine.runtime.db import run_in_transaction, transaction
from engine.runtime.settings import Settings
from engine.runtime.workspace import Workspace
from engine.treasury.intake.imports import import_file
from engine.treasury.payments import release

DAY = dt.date(2026, 11, 24)
DOCUMENTS = 300
ROUNDS = 3
SECONDS = 6
_PAID = sa.text("SELECT count(*) FROM document WHERE state IN ('PAID', 'CONFIRMED')")
_UNPAID = sa.text("SELECT id FROM document WHERE state = 'UNPAID' ORDER BY id")


def paid(stage: Stage, seed: int) -> tuple[int, float]:
    """Documents of one round that are PAID, and the seconds from their files to there."""
    services = stage.assembly.services
    with transaction(services.engine) as session:
        before = int(session.execute(_PAID).scalar_one())
    rows = plain_documents(DOCUMENTS, seed, DAY)
    started = time.perf_counter()
    _bring_in(stage, rows, seed)
    people.approve_all(stage.assembly, {}, ())

    def send(session: Session) -> None:
        ids = list(session.execute(_UNPAID).scalars())
        now = services.clock.now()
        release(session, services.rulebook, "cashier", now, document_ids=ids)

    run_in_transaction(services.engine, send)
    worker = stage.assembly.worker("bench")
    for minutes in (0, 2, 6, 16):
        stage.stand_at(services.clock.now() + dt.timedelta(minutes=minutes))
        worker.run_until_idle()
    seconds = time.perf_counter() - started
    with transaction(services.engine) as session:
        return int(session.execute(_PAID).scalar_one()) - before, seconds


def _bring_in(stage: Stage, rows: list[Row], seed: int) -> None:
    files: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        files.setdefault((row["organisation"][:2], row["direction"]), []).append(row)
    services = stage.assembly.services
    for (branch, direction), part in sorted(files.items()):
        maker = "accountant" if branch == "GR" else f"{branch.lower()}.maker"
        name = f"{branch}-{direction}-{seed}.csv"
        with transaction(services.engine) as session:
            import_file(session, services.rulebook, maker, name, as_csv(part), services.clock.now())


def main() -> int:
    """Print documents per second and their price in transactions; 1 when not all are paid."""
    ratios: list[float] = []
    with tempfile.TemporaryDirectory(prefix="sluice-bench-") as folder:
        workspace = Workspace.create(Path(folder) / "workspace", demo=True)
        clock = ManualClock(dt.datetime.combine(DAY, dt.time(9), BUSINESS_ZONE))
        with workspace.database(Settings.load(workspace.folder, environ={})) as engine:
            server = workspace.server()
            pgbench.prepare(server)
            with opened_stage(workspace, engine, shipped_rulesets(), seed=1, clock=clock) as stage:
                for number in range(1, ROUNDS + 1):
                    tpcb = pgbench.rate(server, 1, SECONDS)
                    done, seconds = paid(stage, number)
                    rate = done / seconds
                    ratios.append(tpcb / rate)
                    print(
                        f"round {number}: {done} of {DOCUMENTS} documents PAID in {seconds:.1f} s, "
                        f"{rate:.1f}/s beside {tpcb:,.0f} TPC-B/s of one connection"
                    )
                    if done < DOCUMENTS // 2:
                        print("too few are PAID: the figure would say nothing")
                        return 1
        workspace.destroy()
    print(
        f"one document from intake to PAID costs {statistics.median(ratios):,.0f} TPC-B "
        f"transactions of pgbench (median of {ROUNDS})"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
