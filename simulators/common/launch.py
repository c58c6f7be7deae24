"""Starting and stopping: one line `ready PORT` on stdout, SIGTERM ends it, errors say what to do.

Exit status 2: the command line is wrong. 1: the machine refuses (port taken, file in use).
"""

import argparse
import logging
import os
import signal
import sys
import threading
from pathlib import Path

from simulators.common.fields import Fields, Refused, parse_json
from simulators.common.http import Application, SimulatorServer
from simulators.common.store import Store, StoreInUse


def port_number(text: str) -> int:
    """A TCP port for argparse; 0 means any free one."""
    port = int(text)
    if not 0 <= port <= 65535:
        raise ValueError(text)
    return port


def base_parser(program: str, description: str) -> argparse.ArgumentParser:
    """The options every simulator has."""
    parser = argparse.ArgumentParser(prog=program, description=description)
    parser.add_argument("--port", type=port_number, required=True, help="0 for any free port")
    parser.add_argument("--store", type=Path, required=True, metavar="FILE.sqlite")
    parser.add_argument("--token", default=os.environ.get("SIM_TOKEN"), help="or env SIM_TOKEN")
    parser.add_argument("--seed", type=int, default=1, help="chance depends on it (default 1)")
    parser.add_argument("--options", type=Path, metavar="FILE.json")
    return parser


def checked_token(parser: argparse.ArgumentParser, token: str | None) -> str:
    """The token, or a usage error."""
    if not token:
        parser.error("a token is needed: --token T, or the environment variable SIM_TOKEN")
    return token


def read_options(parser: argparse.ArgumentParser, path: Path | None) -> Fields:
    """The members of the options file, none without one; a usage error when unreadable."""
    if path is None:
        return Fields({}, "options")
    try:
        return Fields(parse_json(path.read_bytes()), str(path))
    except OSError as error:
        parser.error(f"--options: {error}")
    except Refused as refused:
        parser.error(f"--options: {refused.message}")


def open_store(parser: argparse.ArgumentParser, path: Path, schema: str, owner: str) -> Store:
    """Open or create the store; refuses one another simulator or process owns."""
    if not path.parent.is_dir():
        parser.error(f"--store: the folder {path.parent} does not exist")
    try:
        store = Store(path, schema)
    except StoreInUse as error:
        sys.exit(f"{parser.prog}: the store cannot be opened (in use by another one?): {error}")
    known_owner = store.remembered("owner")
    if known_owner is None:
        store.remember("owner", owner)
    elif known_owner != owner:
        parser.error(f"--store: {path} belongs to {known_owner}, not to {owner}")
    return store


def serve(program: str, port: int, application: Application) -> None:
    """Serve until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    try:
        server = SimulatorServer(port, application)
    except OSError as error:
        sys.exit(f"{program}: cannot listen on 127.0.0.1:{port}: {error}; choose another --port")
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    print(f"ready {server.port}", flush=True)
    stop.wait()
    server.stopping.set()
    server.shutdown()
    server.server_close()
