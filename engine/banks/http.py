"""One HTTP exchange with a bank: sent or not, answered or not, and never repeated."""

from __future__ import annotations

import time
from dataclasses import dataclass

import httpx

from engine.runtime.https import trusted

MOST_BYTES = 64 * 1024 * 1024
"""Longest answer taken."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete HTTP answer."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class NotSent:
    """No connection came to be, so no byte of the request left."""

    why: str


@dataclass(frozen=True, slots=True)
class NoReply:
    """The request may have left and no complete answer came."""

    why: str


class BankHttp:
    """A bank's endpoint. One exchange takes connect + read seconds at most."""

    def __init__(self, url: str, token: str, connect_seconds: int, read_seconds: int) -> None:
        self._seconds = connect_seconds + read_seconds
        self._client = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=httpx.Timeout(read_seconds, connect=connect_seconds),
            transport=httpx.HTTPTransport(retries=0, verify=trusted()),
            follow_redirects=False,
            # A proxy in between would break the proof behind NotSent.
            trust_env=False,
        )

    def exchange(
        self, method: str, path: str, body: bytes | None = None, content_type: str | None = None
    ) -> Reply | NotSent | NoReply:
        """Send once and wait for the whole answer."""
        until = time.monotonic() + self._seconds
        headers = {"Content-Type": content_type} if content_type else None
        try:
            with self._client.stream(method, path, content=body, headers=headers) as answer:
                return _read(answer, until)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            # Raised before a connection exists: the request was not begun.
            return NotSent(_words(error))
        except (httpx.HTTPError, httpx.StreamError) as error:
            return NoReply(_words(error))

    def close(self) -> None:
        """Close all connections."""
        self._client.close()


def _read(answer: httpx.Response, until: float) -> Reply | NoReply:
    parts: list[bytes] = []
    size = 0
    for part in answer.iter_bytes():
        size += len(part)
        if size > MOST_BYTES:
            return NoReply(f"the answer is longer than {MOST_BYTES} bytes")
        if time.monotonic() > until:
            return NoReply("the answer was not complete in time")
        parts.append(part)
    return Reply(answer.status_code, b"".join(parts))


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": ")
