"""Two API processes and two workers decide 5,000 times while the rules are reloaded 20 times."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from api.processes import Child
from engine.rulebook import replay
from engine.rulebook.revisions import current_revision, items_of
from engine.runtime import db
from engine.runtime.clock import ManualClock
from engine.treasury.organisations.signin import set_token
from tests.treasury_intake.support import build_group, csv_file, publish_shipped, row
from tests.versions.support import grant_role, signed_next

pytestmark = pytest.mark.long

RELOADS = 20
DECISIONS = 5_000
ROWS = 25
TOKEN = "token-of-the-maker-0001"
OPERATOR = "token-of-the-operator-01"


@contextmanager
def processes(url: str, folder: Path) -> Iterator[list[httpx.Client]]:
    """Clients of the two API processes; the workers work beside them."""
    kinds = ("api", "api", "worker", "worker")
    with ExitStack() as stack:
        child = Child(
            "processes",
            "tests.versions.process",
            [url, str(folder), *kinds],
            log=folder / "processes.log",
        )
        stack.callback(child.stop, 60)
        ports = child.wait_ready(60).split(",")
        assert len(ports) == kinds.count("api")
        yield [
            stack.enter_context(httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60))
            for port in ports
        ]


def importing(client: httpx.Client, numbers: Iterator[int], stop: threading.Event) -> list[str]:
    """Import files until told to stop; what went wrong."""
    wrong = []
    while not stop.is_set():
        first = next(numbers) * ROWS
        lines = [
            row(
                first + n,
                # Beijing pays; the agency has no account to pay from, so its documents wait, and
                # a worker takes them up again after every reload.
                organisation="AG" if n == 0 else "BJ01",
                amount=f"{100 + (first + n) * 37 % 480_000}.00",
            )
            for n in range(ROWS)
        ]
        answer = client.post(
            "/api/v1/imports",
            files={"file": (f"{first}.csv", csv_file(lines))},
            headers={"Authorization": f"Bearer {TOKEN}"},
        )
        if answer.status_code != 201 or answer.json()["accepted"] != ROWS:
            wrong.append(f"{answer.status_code} {answer.text[:500]}")
    return wrong


def reload(client: httpx.Client, path: str, body: dict[str, object]) -> int:
    """Reload or undo; the new revision."""
    answer = client.post(
        f"/api/v1/rulesets/{path}",
        json={**body, "reason": "under load"},
        headers={"Authorization": f"Bearer {OPERATOR}"},
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["changed"]
    return int(answer.json()["revision"])


def count(engine: sa.Engine, query: str) -> int:
    """The number a query gives."""
    with engine.connect() as connection:
        return int(connection.execute(sa.text(query)).scalar_one())


def mixed(session: Session) -> list[object]:
    """Decisions by a ruleset that is not in their revision, and runs of several revisions."""
    foreign = session.execute(
        sa.text("""
            SELECT d.id FROM decision d LEFT JOIN revision_item i
              ON i.revision_id = d.revision_id AND i.ruleset_hash = d.ruleset_hash
            WHERE i.ruleset_hash IS NULL""")
    ).all()
    # What one transaction wrote carries its number; what one import decided, its batch.
    runs = session.execute(
        sa.text("""
            SELECT CAST(xmin AS text) FROM decision GROUP BY 1
            HAVING count(DISTINCT revision_id) > 1""")
    ).all()
    imports = session.execute(
        sa.text("""
            SELECT b.document_batch_id FROM decision d JOIN document b
              ON d.matter_kind = 'document' AND d.matter_id = CAST(b.id AS text)
            WHERE b.org_id = 'BJ01' GROUP BY 1 HAVING count(DISTINCT d.revision_id) > 1""")
    ).all()
    return [*foreign, *runs, *imports]


@pytest.mark.timeout(240)
def test_twenty_reloads_during_five_thousand_decisions_mix_nothing_and_fail_nothing(
    engine: sa.Engine, database_url: str, tmp_path: Path, clock: ManualClock
) -> None:
    with db.transaction(engine) as session:
        publish_shipped(session, clock)
    with db.transaction(engine) as session:
        build_group(session)
        grant_role(session, "reload", "operator")
        grant_role(session, "batch", "accountant")
        set_token(session, "batch", TOKEN)
        set_token(session, "reload", OPERATOR)
    with db.transaction(engine) as session:
        hashes = signed_next(session, clock, RELOADS // 2)
    stop, numbers = threading.Event(), itertools.count()
    with processes(database_url, tmp_path) as clients, ThreadPoolExecutor(2) as pool:
        work = [pool.submit(importing, client, numbers, stop) for client in clients]
        last = 0
        try:
            for number in range(RELOADS):
                # The next reload comes when its share of the decisions is made.
                share = DECISIONS * number // RELOADS
                while count(engine, "SELECT count(*) FROM decision") < share:
                    assert not any(one.done() for one in work), [one.result() for one in work]
                    stop.wait(0.05)
                client = clients[number % 2]
                if number % 2:
                    last = reload(client, "undo", {})
                else:
                    last = reload(client, "reload", {"hashes": [hashes[number // 2]]})
            done = time.monotonic()
            while count(engine, f"SELECT count(*) FROM replica WHERE revision = {last}") < 4:
                assert time.monotonic() - done < 10, "a process did not follow"
                stop.wait(0.02)
            while count(engine, "SELECT count(*) FROM decision") < DECISIONS:
                stop.wait(0.05)
            while count(engine, "SELECT count(*) FROM action WHERE state <> 'done'"):
                stop.wait(0.05)
        finally:
            stop.set()
        assert [one.result() for one in work] == [[], []]
    assert count(engine, "SELECT count(*) FROM replica") == 0, "every process took its leave"
    assert count(engine, "SELECT count(*) FROM action WHERE last_error IS NOT NULL") == 0
    with db.transaction(engine) as session:
        assert current_revision(session) == last
        assert items_of(session, last)
        assert mixed(session) == []
        ids = [int(one) for one in session.execute(sa.text("SELECT id FROM decision")).scalars()]
        assert len(ids) >= DECISIONS
        assert replay(session, ids) == []
    by_worker = count(
        engine,
        "SELECT count(*) FROM decision d JOIN document b ON d.matter_id = CAST(b.id AS text) "
        "WHERE d.kind = 'routing' AND b.org_id = 'AG'",
    )
    imported = count(engine, "SELECT count(*) FROM document WHERE org_id = 'AG'")
    assert by_worker > imported, "the workers took waiting documents up again"
    assert count(engine, "SELECT count(DISTINCT revision_id) FROM decision") > RELOADS // 2
