"""`make soak`: many faulty days with different seeds, and the control; figures as JSON lines.

`python -m tests.faults.soak --payments 10000 --each 500`. Exit status 1 when a promise was broken
in any of them, when a kind of fault befell no call in all of them, or when the control with naive
retry did not pay twice.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from api.demo.faults.plan import DRAWN, Orders
from api.demo.faults.storm import play_faults
from api.demo.faults.verdict import Verdict
from api.demo.faults.worker import Place, work
from api.demo.playing import shipped_rulesets
from engine.runtime.settings import Settings
from engine.runtime.workspace import Workspace
from tests.faults.naive import naive_work


def _play(orders: Orders, worker: Callable[[Place], None] = work) -> Verdict:
    with tempfile.TemporaryDirectory(prefix="sluice-soak-") as folder:
        workspace = Workspace.create(Path(folder) / "workspace", demo=True)
        try:
            with workspace.database(Settings.load(workspace.folder, environ={})) as engine:
                return play_faults(
                    workspace,
                    engine,
                    shipped_rulesets(),
                    orders,
                    lambda said: print(f"seed {orders.seed}: {said}", file=sys.stderr),
                    worker=worker,
                    server=workspace.server,
                )
        finally:
            workspace.destroy()


def _summed(found: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total = sum((Counter(one) for one in found), Counter[str]())
    return dict(sorted(total.items()))


def main() -> int:
    """Play them all; the exit status."""
    reader = argparse.ArgumentParser(prog="python -m tests.faults.soak")
    reader.add_argument("--payments", type=int, default=10_000, help="at least so many in all")
    reader.add_argument("--each", type=int, default=500, help="payments of one day")
    reader.add_argument("--first-seed", type=int, default=1)
    given = reader.parse_args()
    control = _play(
        Orders(documents=60, kills=4, pauses=2, long_pauses=0, submit_faults=1.0), naive_work
    )
    days = -(-given.payments // given.each)
    verdicts = []
    for seed in range(given.first_seed, given.first_seed + days):
        orders = Orders(
            documents=given.each,
            kills=max(4, given.each * 60 // 500),
            pauses=max(2, given.each * 30 // 500),
            seed=seed,
            # Every fifth day the database goes down, every seventh a worker stays dead.
            database_crashes=int(seed % 5 == 0),
            one_dies_for_ever=seed % 7 == 0,
        )
        verdict = _play(orders)
        verdicts.append(verdict)
        print(json.dumps(verdict.to_json(), ensure_ascii=False), flush=True)
    never = DRAWN - {kind for one in verdicts for kind in one.faults}
    good = all(verdict.good for verdict in verdicts) and control.double_payments > 0 and not never
    print(
        json.dumps(
            {
                "days": days,
                "payments": sum(one.payments for one in verdicts),
                "kills": sum(one.struck.kills for one in verdicts),
                "pauses": sum(one.struck.pauses for one in verdicts),
                "interrupted": sum(one.struck.interrupted for one in verdicts),
                "revived": sum(one.struck.revived for one in verdicts),
                "database_crashes": sum(one.struck.database_crashes for one in verdicts),
                "bank_faults": sum(one.bank_faults for one in verdicts),
                "unknown": sum(one.unknown for one in verdicts),
                "executed": sum(one.executed for one in verdicts),
                "double_payments": sum(one.double_payments for one in verdicts),
                "lost": sum(one.lost for one in verdicts),
                "told": sum(one.told for one in verdicts),
                "decided": _summed(one.decided for one in verdicts),
                "faults": _summed(one.faults for one in verdicts),
                "faults_never_met": sorted(never),
                "bounced": sum(one.by_state.get("BOUNCED", 0) for one in verdicts),
                "undelivered": sum(one.undelivered for one in verdicts),
                "control_double_payments": control.double_payments,
                "bad_seeds": [one.seed for one in verdicts if not one.good],
                "seconds": round(sum(one.seconds for one in verdicts)),
                "good": good,
            }
        )
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
