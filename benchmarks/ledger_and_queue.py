"""Vouchers posted and actions finished per second, beside pgbench on the same server.

Run by `make bench`. The server is the product's own, with its own settings (commits wait for the
disk); the tables are the migrated ones with all triggers and constraints on. pgbench is
PostgreSQL's: its TPC-B-like script at 4 connections (scale 10) is the peer of posting at 4
connections, where a transaction posts the vouchers of one statement page; its simple update (-N)
at 16 connections is the peer of claiming and finishing actions by 16 workers.
"""

from __future__ import annotations

import datetime as dt
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pgbench
from sqlmodel import Session

import api.demo
from engine.ledger import LineDraft, VoucherDraft, post_all
from engine.runtime import db, migrate
from engine.runtime.actions import ActionContext, Done, Outcome, Registry, Worker, enqueue
from engine.runtime.clock import SystemClock
from engine.runtime.jsontypes import JsonObject
from engine.runtime.postgres import EmbeddedServer
from engine.treasury.accounts.group import load_group

SECONDS = 8
ROUNDS = 3
POSTERS, WORKERS = 4, 16
VOUCHERS = 20
"""Vouchers of one transaction: the lines of one statement page."""
TARGETS = {"posting": 1.0, "actions": 0.3}
NOW = dt.datetime(2026, 11, 23, 1, tzinfo=dt.UTC)


def posted(url: str, process: int, seconds: float) -> int:
    """Vouchers that one connection posts."""
    engine = db.make_engine(url)
    until = time.perf_counter() + seconds
    count = 0
    while time.perf_counter() < until:
        with db.transaction(engine) as session:
            names = [f"bench-{time.time_ns()}-{process}-{one}" for one in range(VOUCHERS)]
            post_all(session, [_draft(name) for name in names])
        count += VOUCHERS
    return count


def _draft(event: str) -> VoucherDraft:
    lines = (LineDraft("224101", 10_000, 0), LineDraft("100201", 0, 10_000))
    return VoucherDraft(
        event, "BJ01", "INS", "CNY", dt.date(2026, 11, 23), "payment", "claim", lines, NOW
    )


def finished(url: str, process: int, seconds: float) -> int:
    """Actions that one worker claims, runs and finishes; their handler does nothing."""
    count = 0

    def nothing(_context: ActionContext, _payload: JsonObject) -> Outcome:
        nonlocal count
        count += 1
        return Done()

    registry = Registry()
    registry.register("bench.nothing", nothing)
    worker = Worker(db.make_engine(url), SystemClock(), registry, f"bench-{process}")
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        if not worker.run_once():
            raise SystemExit("the queue ran empty: give it more actions")
    return count


def fill(url: str, count: int) -> None:
    """Actions that are due."""
    with db.transaction(db.make_engine(url, pooled=False)) as session:
        for _ in range(count):
            _enqueue(session)


def _enqueue(session: Session) -> None:
    enqueue(session, "bench.nothing", f"bench-{time.time_ns()}", {}, due=NOW)


def rate(work: Callable[[str, int, float], int], url: str, processes: int) -> float:
    """What `processes` do in a second, all together."""
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        pool.starmap(work, [(url, one, 0.2) for one in range(processes)])  # connected and warm
        done = pool.starmap(work, [(url, one, float(SECONDS)) for one in range(processes)])
    return sum(done) / SECONDS


def prepared(server: EmbeddedServer) -> str:
    """A migrated database with the demo group, and pgbench's own beside it."""
    pgbench.prepare(server)
    url = server.url()
    engine = db.make_engine(url, pooled=False)
    migrate.upgrade(engine)
    with db.transaction(engine) as session:
        load_group(session, (Path(api.demo.__file__).parent / "group.yaml").read_text())
    return url


def main() -> int:
    """Print medians and ratios; exit status 1 when a target is missed."""
    ratios: dict[str, list[float]] = {"posting": [], "actions": []}
    with tempfile.TemporaryDirectory(prefix="sluice-bench-") as folder:
        server = EmbeddedServer.for_folder(Path(folder))
        with server:
            url = prepared(server)
            for number in range(1, ROUNDS + 1):
                tpcb = pgbench.rate(server, POSTERS, SECONDS)
                posting = rate(posted, url, POSTERS)
                simple = pgbench.rate(server, WORKERS, SECONDS, "-N")
                fill(url, int(simple * (SECONDS + 2)))
                actions = rate(finished, url, WORKERS)
                ratios["posting"].append(posting / tpcb)
                ratios["actions"].append(actions / simple)
                print(
                    f"round {number}: {posting:,.0f} vouchers/s beside {tpcb:,.0f} TPC-B/s; "
                    f"{actions:,.0f} actions/s beside {simple:,.0f} simple updates/s"
                )
        server.destroy()
    missed = False
    for name, found in ratios.items():
        middle = statistics.median(found)
        missed |= middle < TARGETS[name]
        print(f"{name}: {middle:.2f} × pgbench (median of {ROUNDS}; target {TARGETS[name]})")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
