"""SMS over HTTP: a signed POST to the one gateway that is set up."""

from __future__ import annotations

import hashlib
import hmac
import time

import httpx

from engine.runtime.https import trusted
from engine.runtime.jsontypes import JsonError, canonical_json, parse_object
from engine.treasury.notifications.carriers import Message, Never, NotNow, Taken
from engine.treasury.notifications.settings import SmsSettings

CONNECT_SECONDS = 5
READ_SECONDS = 15
MOST_BYTES = 65_536
"""Longest answer read."""

AGAIN = frozenset({408, 425, 429})
"""Refusals that are about the moment and not about the message."""


class SmsCarrier:
    """Posts {"id", "to", "text", "language", "template"} to the gateway.

    No redirect is followed and no proxy asked: a message goes to the configured host or nowhere.
    """

    def __init__(self, settings: SmsSettings, read_seconds: float = READ_SECONDS) -> None:
        self._settings = settings
        self._seconds = CONNECT_SECONDS + read_seconds
        self._client = httpx.Client(
            timeout=httpx.Timeout(read_seconds, connect=CONNECT_SECONDS),
            transport=httpx.HTTPTransport(retries=0, verify=trusted()),
            follow_redirects=False,
            trust_env=False,
        )

    def carry(self, message: Message) -> Taken | NotNow | Never:
        """Post once and read the answer."""
        body = canonical_json(
            {
                "id": message.message_id,
                "to": message.address,
                "text": message.body,
                "language": message.language,
                "template": message.template,
            }
        ).encode()
        stamp = str(int(message.at.timestamp()))
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": message.message_id,
            "X-Sluice-Timestamp": stamp,
            "X-Sluice-Signature": signature(self._settings.secret, stamp, body),
        }
        until = time.monotonic() + self._seconds
        try:
            with self._client.stream(
                "POST", self._settings.url, content=body, headers=headers
            ) as answer:
                return _judged(answer.status_code, _start(answer, until))
        except (httpx.HTTPError, httpx.StreamError) as error:
            return NotNow(f"{type(error).__name__}: {error}".rstrip(": "))

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def signature(secret: str, stamp: str, body: bytes) -> str:
    """`v1=` and the HMAC-SHA256 over timestamp, a dot and the body, in hex."""
    signed = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256)
    return f"v1={signed.hexdigest()}"


def _start(answer: httpx.Response, until: float) -> bytes:
    """What the gateway says, as far as it says it in time: the status has told the outcome."""
    read = b""
    for part in answer.iter_bytes():
        read += part
        if len(read) > MOST_BYTES or time.monotonic() > until:
            break
    return read[:MOST_BYTES]


def _judged(status: int, content: bytes) -> Taken | NotNow | Never:
    said = f"HTTP {status}"
    if httpx.codes.is_success(status):
        try:
            given = parse_object(content).get("id")
        except JsonError:
            given = None
        return Taken(f"{said} {given}" if isinstance(given, str) else said)
    if httpx.codes.is_server_error(status) or status in AGAIN:
        return NotNow(said)
    text = content.decode("utf-8", "replace")
    return Never(f"{said} {text}".strip())
