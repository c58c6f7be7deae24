"""pgbench, PostgreSQL's own benchmark, on the server under test: the peer of the others here."""

from __future__ import annotations

import re
import subprocess

from engine.runtime.binaries import find_binaries
from engine.runtime.postgres import ROLE, EmbeddedServer

_SCALE = 10


def prepare(server: EmbeddedServer) -> None:
    """Its tables, in a database of their own."""
    server.ensure_database("pgbench")
    _run(server, "-i", "-q", "-s", str(_SCALE))


def rate(server: EmbeddedServer, clients: int, seconds: int, *options: str) -> float:
    """Transactions per second of its TPC-B-like script, or of what `options` choose."""
    said = _run(
        server, "-c", str(clients), "-j", str(min(clients, 2)), "-T", str(seconds), "-n", *options
    )
    found = re.search(r"^tps = ([0-9.]+)", said, re.MULTILINE)
    if found is None:
        raise SystemExit(f"pgbench did not say how fast it was:\n{said}")
    return float(found[1])


def _run(server: EmbeddedServer, *options: str) -> str:
    at = ("-h", str(server.home.socket), "-p", "5432", "-U", ROLE, "pgbench")
    program = find_binaries().program("pgbench")
    return subprocess.run(
        [program, *options, *at], check=True, capture_output=True, text=True
    ).stdout
