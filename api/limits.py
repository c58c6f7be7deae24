"""How much a request may bring: more is refused with 413 before it is read to the end."""

from __future__ import annotations

import contextlib
import json

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_UPLOAD = 21 * 1024 * 1024
"""Bytes of a request that carries a file: the 20 MB an import may have, and its envelope."""
MAX_BODY = 1024 * 1024
"""Bytes of any other request."""
UPLOADS = (
    "/payments/upload",
    "/api/v1/imports",
    "/api/v1/rulesets/edit",
    "/api/v1/rulesets/xlsx",
)


class TooLarge(Exception):
    """The body went on beyond the limit."""


class BodyLimit:
    """ASGI middleware: counts the bytes as they come, whatever Content-Length says."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = MAX_UPLOAD if scope["path"] in UPLOADS else MAX_BODY
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > limit:
            await _refuse(send, limit)
            return
        taken = 0
        over = False

        async def counted() -> Message:
            nonlocal taken, over
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit:
                over = True
                raise TooLarge
            return message

        async def watched(message: Message) -> None:
            # What the application makes of the broken body is not the answer.
            if not over:
                await send(message)

        with contextlib.suppress(TooLarge):
            await self._app(scope, counted, watched)
        if over:
            await _refuse(send, limit)


async def _refuse(send: Send, limit: int) -> None:
    body = json.dumps(
        {
            "code": "BODY_TOO_LARGE",
            "message_en": f"the request is larger than {limit:,} bytes; split the file",
            "message_zh": f"请求超过 {limit:,} 字节;请拆分文件后重试",
        },
        ensure_ascii=False,
    ).encode()
    await send(
        {
            "type": "http.response.start",
            "status": 413,
            "headers": [
                (b"content-type", b"application/json; charset=utf-8"),
                (b"content-length", str(len(body)).encode()),
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})
