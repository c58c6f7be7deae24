"""How much a request may bring: more is refused with 413 before it is read to the end."""

from __future__ import annotations

import contextlib
import json
import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.base.text import Text
from engine.base.yaml_marks import MAX_BYTES

MAX_UPLOAD = 21 * 1024 * 1024
"""Bytes of a request that carries a file: the 20 MB an import may have, and its envelope."""
MAX_TEXT = 3 * MAX_BYTES + 64 * 1024
"""Bytes of a request that carries a ruleset's text: JSON writes a character in at most three times
its bytes, so that every text that may be kept arrives, and what is too long is told as such."""
MAX_BODY = 1024 * 1024
"""Bytes of any other request."""
UPLOADS = (
    "/payments/upload",
    "/reconcile",
    "/api/v1/imports",
    "/api/v1/match-reversals",
    "/api/v1/rulesets/edit",
    "/api/v1/rulesets/xlsx",
)
SOURCE_FILES = "/api/v1/source-files/"
"""Files of source systems, each at a place of its own."""
TEXTS = (
    "/api/v1/decisions",
    "/api/v1/drafts",
    "/api/v1/rulesets/example",
    "/api/v1/rulesets/hits",
    "/api/v1/rulesets/preview",
    "/api/v1/workbench",
    "/decisions",
    "/drafts",
    "/explain",
)
"""These, and what is below them."""


_EXCEL = re.compile(r"/(rulesets|drafts)/[0-9a-f]{1,64}/excel(/keep)?")
"""A workbook that comes to a ruleset, and the text it made, which is then kept."""


def limit_of(path: str) -> int:
    """How many bytes a request for `path` may bring."""
    excel = _EXCEL.fullmatch(path)
    if path in UPLOADS or path.startswith(SOURCE_FILES) or (excel is not None and excel[2] is None):
        return MAX_UPLOAD
    return MAX_TEXT if _carries_text(path) else MAX_BODY


def _carries_text(path: str) -> bool:
    excel = _EXCEL.fullmatch(path)
    kept = excel is not None and excel[2] is not None
    return kept or any(path == one or path.startswith(f"{one}/") for one in TEXTS)


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
        said = _too_large(scope["path"])
        limit = limit_of(scope["path"])
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > limit:
            await _refuse(send, said)
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
            await _refuse(send, said)


def _too_large(path: str) -> Text:
    if _carries_text(path):
        return Text(
            f"the request is too large: a ruleset's text may have {MAX_BYTES:,} bytes; split the "
            "ruleset",
            f"请求过大:规则集文本最多 {MAX_BYTES:,} 字节;请拆分规则集",
        )
    limit = limit_of(path)
    return Text(
        f"the request is larger than {limit:,} bytes; split the file",
        f"请求超过 {limit:,} 字节;请拆分文件后重试",
    )


async def _refuse(send: Send, said: Text) -> None:
    body = json.dumps(
        {"code": "BODY_TOO_LARGE", "message_en": said.en, "message_zh": said.zh},
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
