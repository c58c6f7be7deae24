"""One process of the product over a database: python -m tests.versions.process KIND URL FOLDER.

KIND is api (serves, prints its port) or worker. Both follow the live revision.
"""

from __future__ import annotations

import datetime as dt
import signal
import sys
import threading
from functools import partial
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


def main(kind: str, url: str, folder: Path) -> None:
    """Run until SIGTERM."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
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
    print("ready", "" if server is None else server.port, flush=True)
    stop.wait()
    running.join()
    if server is not None:
        server.stop()
    assembly.banks.close()
    engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
