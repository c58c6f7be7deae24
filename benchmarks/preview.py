"""How long a preview takes: in a running server over HTTP, and on a million documents.

    .venv/bin/python benchmarks/preview.py [--million]

A demo group with its shipped rules in a database of its own; made-up history of 100,000 payments
on disk. Each request changes one cell of the approval ruleset to another value, so no text is
asked twice; the time is from sending the request to having read the answer. The first request is
asked once the server answers, and some right after the history files were written anew. With
--million the two versions decide 1,000,000 payments in this process, and peak memory is told.
"""

from __future__ import annotations

import argparse
import datetime as dt
import resource
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import sqlalchemy as sa

from api.app import create_app
from api.cli.history import demo_paths
from api.demo.opening import open_group, open_rules
from api.demo.playing import shipped_rulesets
from api.server import WebServer
from api.services import Services
from engine.rulebook.history import HistoryFolder, LoadedHistories, Warmer, write_made_up
from engine.rulebook.history.sample import as_history, make_sample
from engine.rulebook.history.store import read_file
from engine.rules import load_ruleset, load_vocabulary
from engine.rules.model import Ruleset
from engine.rules.preview import Documents, World, compare, paths_in
from engine.runtime.clock import BUSINESS_ZONE, ManualClock
from engine.runtime.db import transaction
from engine.runtime.settings import Settings
from engine.runtime.workspace import Workspace
from engine.treasury.accounts.group import load_group
from engine.treasury.organisations import signin

DAY = dt.date(2026, 11, 20)
REQUESTS = 20
PASSWORD = "bench-password"
TOKEN = "bench-token-0123456789-0123456789"
PROGRAM = """legal_entities: []
organisations: []
users:
  - {id: bench, org: GROUP, name: bench, roles: [{role: analyst}]}
"""
TARGET_SERVER, TARGET_MILLION = 0.3, 2.0


def approval() -> str:
    """The shipped payment approval, without the examples that hold its thresholds."""
    text = (shipped_rulesets() / "approval/payment-approval.yaml").read_text("utf-8")
    return text.partition("examples:")[0].replace("version: 1", "version: 2")


def changed(number: int) -> str:
    """The same with another value of one parameter, which stands in three rows."""
    made = approval().replace("large: 50万}", f"large: {300_000 + number}}}", 1)
    assert made != approval()
    return made


@dataclass(frozen=True, slots=True)
class Served:
    """A running server on 100,000 documents."""

    url: str
    folder: HistoryFolder
    start: float
    """Seconds it read ahead before it answered."""


@contextmanager
def served(place: Path) -> Iterator[Served]:
    """A demo group with its shipped rules and made-up history, served over HTTP."""
    settings = Settings.load(place / "bench")
    workspace = Workspace.create(settings.workspace, demo=True)
    clock = ManualClock(dt.datetime.combine(DAY, dt.time(17), BUSINESS_ZONE))
    with workspace.database(settings) as engine:
        with transaction(engine) as session:
            open_group(session, PASSWORD)
            open_rules(session, shipped_rulesets(), clock.now())
            load_group(session, PROGRAM)
            signin.set_token(session, "bench", TOKEN)
            paths = [
                tuple(str(one).split("/"))
                for one in session.execute(sa.text("SELECT path FROM organisation")).scalars()
            ]
        histories = LoadedHistories(HistoryFolder(workspace.folder / "history"))
        write_made_up(histories.folder, paths, last=DAY)
        services = Services(engine, clock, demo=True, histories=histories)
        warmer = Warmer(engine, clock, services.rulebook, histories)
        begun = time.perf_counter()
        warmer.look()
        start = time.perf_counter() - begun
        web = WebServer(create_app(services), "127.0.0.1", 0)
        web.start()
        stop = threading.Event()
        following = threading.Thread(target=_follow, args=(warmer, stop))
        following.start()
        try:
            yield Served(web.url, histories.folder, start)
        finally:
            stop.set()
            following.join()
            web.stop()
    workspace.destroy()


def server(folder: Path) -> None:
    """Requests against a running server on 100,000 documents."""
    with served(folder) as running:
        first, *warm = _ask(running.url, 0, REQUESTS + 1)
        for file in running.folder.files():
            running.folder.write(file.month, read_file(file), last=0, source=file.source)
        changed = _ask(running.url, REQUESTS + 1, 4)
    print(
        f"server, 100,000 documents, one changed value, request to answer: first {first:.3f} s, "
        f"then median {statistics.median(warm):.3f} s, slowest of {len(warm)} {max(warm):.3f} s; "
        f"right after the files changed, while they are read {max(changed):.3f} s   "
        f"target {TARGET_SERVER} s\n(reading ahead at start: {running.start:.2f} s)"
    )


def _follow(warmer: Warmer, stop: threading.Event) -> None:
    while not stop.wait(0.1):
        warmer.look()


def _ask(url: str, start: int, count: int) -> list[float]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    times = []
    with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
        client.get("/api/v1/health")  # the server is up
        for number in range(start, start + count):
            begun = time.perf_counter()
            answer = client.post("/api/v1/rulesets/preview", json={"text": changed(number)})
            found = answer.json()
            times.append(time.perf_counter() - begun)
            assert answer.status_code == 200, found
            assert found["documents"] == 100_000
            assert found["changed"] > 0
    return times


def million() -> None:
    """Two versions over a million documents, in this process."""
    vocabulary, _ = load_vocabulary(shipped_rulesets() / "vocabulary.yaml")
    assert vocabulary is not None

    def ruleset(text: str) -> Ruleset:
        loaded = load_ruleset("approval/payment-approval.yaml", text, vocabulary)
        assert loaded.ruleset is not None, loaded.findings
        return loaded.ruleset

    live = World({"GROUP": ruleset(approval())})
    table = as_history(make_sample(1_000_000, 1, demo_paths(), last=DAY))
    documents = Documents(table, paths_in({}))
    begun = time.perf_counter()
    first = ruleset(changed(0))
    compare(first, live, live.with_draft(first), documents)
    cold = time.perf_counter() - begun
    times = []
    for number in range(1, 8):
        draft = ruleset(changed(number))
        begun = time.perf_counter()
        found = compare(draft, live, live.with_draft(draft), documents)
        times.append(time.perf_counter() - begun)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"1,000,000 documents x two versions: first {cold:.2f} s, then median "
        f"{statistics.median(times):.2f} s ({found.changed:,} change); peak memory {peak:,.0f} MB"
        f"   target {TARGET_MILLION} s"
    )


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--million", action="store_true", help="only the million documents")
    asked = parser.parse_args()
    if not asked.million:
        with tempfile.TemporaryDirectory(prefix="sluice-preview-") as folder:
            server(Path(folder))
    million()


if __name__ == "__main__":
    main()
