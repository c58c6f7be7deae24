"""Processes of the product over a database: python -m tests.versions.process URL FOLDER KIND …

KIND is api (serves) or worker. All follow the live revision. They are forked from the one that
was started, so that its imports are made once; it prints the ports of the API processes when all
are there, and hands SIGTERM on.
"""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import signal
import sys
import threading
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from api.app import create_app
from api.assembly import assemble
from api.running import Running
from api.server import WebServer
from engine.rulebook.following import Follower
from engine.runtime import db
from engine.runtime.audit import AnchorFile
from engine.runtime.clock import BUSINESS_ZONE, ManualClock

MORNING = dt.datetime(2026, 11, 23, 9, 0, tzinfo=BUSINESS_ZONE)


def main(url: str, folder: Path, kinds: list[str]) -> None:
    """Fork a process of each kind, and run until SIGTERM."""
    fork = multiprocessing.get_context("fork")
    stop = threading.Event()
    children = []
    for number, kind in enumerate(kinds, 1):
        ours, theirs = fork.Pipe(duplex=False)
        name = f"{kind}{number}"
        child = fork.Process(target=one, args=(kind, url, folder / name, theirs), daemon=True)
        child.start()
        children.append((child, ours))
    ports = [ours.recv() for _, ours in children]
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    print("ready", ",".join(str(port) for port in ports if port), flush=True)
    stop.wait()
    for child, _ in children:
        os.kill(child.pid or 0, signal.SIGTERM)
    for child, _ in children:
        child.join()


def one(kind: str, url: str, folder: Path, told: Connection) -> None:
    """One process; it sends its port (a worker: 0) and runs until SIGTERM."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    folder.mkdir()
    engine = db.make_engine(url)
    assembly = assemble(
        engine,
        ManualClock(MORNING),
        demo=False,
        endpoints={},
        secrets={},
        anchors=AnchorFile(folder / "audit.anchor"),
    )
    running = Running(stop)
    server = None
    follower: Follower
    if kind == "api":
        server = WebServer(create_app(assembly.services), "127.0.0.1", 0)
        server.start()
        follower = Follower(engine, assembly.services.rulebook, "api")
    else:
        running.keep("work", partial(assembly.worker(folder.name).run_forever, stop))
        follower = Follower(engine, assembly.services.rulebook, "worker")
    running.keep("follow", partial(follower.run_forever, stop))
    told.send(0 if server is None else server.port)
    stop.wait()
    running.join()
    if server is not None:
        server.stop()
    assembly.banks.close()
    engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
