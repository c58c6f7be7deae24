"""The web application served from a thread of this process."""

from __future__ import annotations

import socket
import threading

import uvicorn
from fastapi import FastAPI

from engine.base.text import SluiceError, Text


class WebServer:
    """Serves `app` on `host`:`port` (0: any free port) until stopped."""

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        self._socket = _listen(host, port)
        self.port = int(self._socket.getsockname()[1])
        self.url = f"http://{host}:{self.port}"
        config = uvicorn.Config(
            app, log_level="warning", access_log=False, server_header=False, lifespan="off"
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="web", daemon=True
        )

    def start(self) -> None:
        """Begin to answer; connections made from now on wait until the first is taken."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what is being answered and close."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(10)
        self._socket.close()


def _listen(host: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise SluiceError(
            "PORT_TAKEN",
            Text(
                f"{host}:{port} cannot be used ({error.strerror}); stop what listens there or "
                "choose another port: sluice run --port 8001",
                f"无法使用 {host}:{port}({error.strerror});"
                "请停止占用该端口的程序,或另选端口:sluice run --port 8001",
            ),
        ) from error
    listening.listen(128)
    return listening
