"""A small threaded HTTP server that can also misbehave: hang, reset, answer nothing.

Written on the standard library because a fault is made on the socket itself, which the usual
frameworks hide.
"""

import hmac
import json
import logging
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from http.server import BaseHTTPRequestHandler
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from simulators.common.fields import Refused

logger = logging.getLogger("simulators")

LARGEST_BODY: Final = 64 * 1024 * 1024
XML_UTF8: Final = "application/xml; charset=utf-8"


@dataclass(frozen=True)
class Request:
    """One call: method, decoded path parts, query, headers (lower-case names), body."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def parts(self) -> tuple[str, ...]:
        """The path's segments, percent-decoded."""
        return tuple(unquote(part) for part in self.path.split("/") if part)


@dataclass(frozen=True)
class Response:
    """A proper answer."""

    status: int
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"


class Silence(Enum):
    """Ways of not answering."""

    RESET = "reset"
    CLOSE = "close"


@dataclass(frozen=True)
class Hang:
    """Say nothing for so many seconds, then close the connection."""

    seconds: int


Outcome = Response | Silence | Hang
Application = Callable[[Request], Outcome]


def json_response(value: object, status: int = 200) -> Response:
    """A JSON answer in UTF-8."""
    return Response(status, json.dumps(value, ensure_ascii=False).encode())


def authorised(request: Request, token: str) -> bool:
    """Whether the call carries the bearer token."""
    given = request.headers.get("authorization", "")
    return hmac.compare_digest(given.encode("utf-8", "replace"), f"Bearer {token}".encode())


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "Simulator"
    sys_version = ""
    # Unbuffered answers would leave in two packets and wait for the client's delayed ACK.
    wbufsize = -1
    disable_nagle_algorithm = True

    def handle(self) -> None:
        # A client that goes away in the middle is daily business for a server.
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def finish(self) -> None:
        try:
            super().finish()
        except (OSError, ValueError):
            self.close_connection = True

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def _answer(self) -> None:
        server = self.server
        assert isinstance(server, SimulatorServer)
        outcome: Outcome
        try:
            request = self._read()
        except Refused as refused:
            # The rest of the body was not read, so the connection cannot be used again.
            self.close_connection = True
            outcome = json_response({"error": refused.message}, refused.status)
        else:
            outcome = server.call(request)
        match outcome:
            case Response():
                self._write(outcome)
            case Hang(seconds):
                server.stopping.wait(seconds)
                self.close_connection = True
            case Silence.CLOSE:
                self.close_connection = True
            case Silence.RESET:
                # SO_LINGER 0 makes the close a RST instead of an orderly FIN.
                self.connection.setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                )
                self.rfile.close()
                self.connection.close()
                self.close_connection = True

    def _read(self) -> Request:
        if self.headers.get("Transfer-Encoding"):
            raise Refused("send a Content-Length; chunked bodies are not taken", 411)
        length_text = self.headers.get("Content-Length", "0")
        if not (length_text.isascii() and length_text.isdigit()):
            raise Refused("Content-Length is not a number")
        if int(length_text) > LARGEST_BODY:
            raise Refused("the body is too large", 413)
        body = self.rfile.read(int(length_text))
        split = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = dict(parse_qsl(split.query, keep_blank_values=True))
        return Request(self.command, split.path, query, headers, body)

    def _write(self, response: Response) -> None:
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        self.wfile.write(response.body)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        logger.debug(format, *args)


class SimulatorServer(socketserver.ThreadingTCPServer):
    """Serves one application on loopback; one thread a connection."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 512

    def __init__(self, port: int, application: Application) -> None:
        """Listen on 127.0.0.1:port (0: any free one); raises OSError when it is taken."""
        self.stopping = threading.Event()
        self._application = application
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.server_address[1])

    def call(self, request: Request) -> Outcome:
        """The application's outcome; its own failure becomes a plain 500, told on stderr."""
        try:
            return self._application(request)
        except Refused as refused:
            return json_response({"error": refused.message}, refused.status)
        except Exception:
            logger.exception("the simulator failed on %s %s", request.method, request.path)
            return json_response({"error": "the simulator failed; see its stderr"}, 500)
