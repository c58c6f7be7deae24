"""The product behind a real port of this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import FastAPI

from api.server import WebServer


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """Serve an application on a free port; yields its address."""
    server = WebServer(app, "127.0.0.1", 0)
    server.start()
    try:
        yield server.url + "/"
    finally:
        server.stop()
