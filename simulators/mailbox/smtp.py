"""The SMTP side: a server on loopback in a thread of its own."""

import asyncio
import email
import email.policy
import threading
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from simulators.mailbox.box import Box

HANG_SECONDS = 60


class _Handler:
    # aiosmtpd names the arguments and passes them all.
    # ruff: noqa: ARG002
    """Takes what it is given, unless a fault was planned."""

    def __init__(self, box: Box) -> None:
        self._box = box

    async def handle_RCPT(
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        rcpt_options: list[str],
    ) -> str:
        """Take a recipient, or refuse it."""
        fault = self._box.fault("email", "recipient")
        if fault is not None:
            return f"{fault.code} no mailbox {address} here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep a message for each of its recipients."""
        fault = self._box.fault("email", "message", "lost_answer", "hang")
        if fault is not None and fault.fault == "message":
            return f"{fault.code} this message is not taken"
        content = envelope.content
        assert isinstance(content, bytes)
        parsed = email.message_from_bytes(content, policy=email.policy.default)
        body = parsed.get_body(("plain",))
        text = body.get_content() if body is not None else ""
        for recipient in envelope.rcpt_tos:
            self._box.keep(
                "email",
                str(parsed["Message-ID"]),
                recipient,
                str(parsed["Subject"]),
                str(text),
                content,
            )
        if fault is not None and fault.fault == "hang":
            await asyncio.sleep(HANG_SECONDS)
        if fault is not None and server.transport is not None:
            server.transport.close()
        return f"250 OK queued as {str(parsed['Message-ID'])[1:9]}"


class MailServer:
    """An SMTP server on 127.0.0.1. `more` goes to aiosmtpd's SMTP (TLS, authentication)."""

    def __init__(self, box: Box, port: int = 0, **more: Any) -> None:
        self._loop = asyncio.new_event_loop()
        handler = _Handler(box)

        def protocol() -> SMTP:
            return SMTP(handler, hostname="mailbox.example", loop=self._loop, **more)

        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        started = self._loop.create_server(protocol, "127.0.0.1", port)
        self._server = asyncio.run_coroutine_threadsafe(started, self._loop).result()
        self.port = int(self._server.sockets[0].getsockname()[1])

    def stop(self) -> None:
        """Take no more."""
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
