"""One call at the mailbox's door: SMS come in, and people and programs look."""

import hashlib
import hmac
import html

from simulators.common.fields import Fields, parse_json
from simulators.common.http import (
    Application,
    Hang,
    Outcome,
    Request,
    Response,
    Silence,
    authorised,
    json_response,
)
from simulators.mailbox.box import Box

HANG_SECONDS = 60


def mailbox_application(box: Box, token: str, secret: str, smtp_port: int) -> Application:
    """The mailbox as an application of the HTTP server. The page takes the token in its address."""

    def application(request: Request) -> Outcome:
        match request.method, request.parts:
            case "POST", ("sms",):
                return _sms(box, secret, request)
            case "GET", () if hmac.compare_digest(request.query.get("token", ""), token):
                return Response(200, _page(box).encode(), "text/html; charset=utf-8")
        if not authorised(request, token):
            return json_response({"error": "a valid bearer token is needed"}, 401)
        match request.method, request.parts:
            case "GET", ("admin", "messages"):
                return json_response(box.messages())
            case "GET", ("admin", "stats"):
                return json_response({**box.stats(), "smtp_port": smtp_port})
            case "POST", ("admin", "faults"):
                box.plan(Fields(parse_json(request.body), "faults"))
                return json_response({}, 201)
        return json_response({"error": f"there is no {request.method} {request.path}"}, 404)

    return application


def _sms(box: Box, secret: str, request: Request) -> Outcome:
    stamp = request.headers.get("x-sluice-timestamp", "")
    signed = hmac.new(secret.encode(), f"{stamp}.".encode() + request.body, hashlib.sha256)
    given = request.headers.get("x-sluice-signature", "")
    if not hmac.compare_digest(given.encode(), f"v1={signed.hexdigest()}".encode()):
        box.forged()
        return json_response({"error": "the signature is wrong"}, 401)
    fault = box.fault("sms", "recipient", "message", "lost_answer", "hang", "redirect")
    if fault is not None and fault.fault in ("recipient", "message"):
        return json_response({"error": "this message is not taken"}, fault.code)
    if fault is not None and fault.fault == "redirect":
        return Response(307, b"", "text/plain")
    message = Fields(parse_json(request.body), "sms")
    message_id = message.text("id")
    if request.headers.get("idempotency-key") != message_id:
        return json_response({"error": "the key is not the message's id"}, 400)
    times = box.keep(
        "sms", message_id, message.text("to"), "", str(message.member("text")), request.body
    )
    if fault is not None:
        return Hang(HANG_SECONDS) if fault.fault == "hang" else Silence.CLOSE
    return json_response({"id": f"sms-{message_id[:8]}"}, 202 if times == 1 else 200)


def _page(box: Box) -> str:
    shown = box.messages()
    items = "".join(
        f"<article><h2>{_safe(one['subject'] or 'SMS')}</h2>"
        f"<p>{_safe(one['channel'])} &rarr; {_safe(one['recipient'])} &middot; "
        f"{_safe(one['received_at'])} &middot; &times;{_safe(one['times'])}</p>"
        f"<pre>{_safe(one['body'])}</pre></article>"
        for one in shown
    )
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>Mailbox</title>"
        "<meta name='viewport' content='width=device-width'>"
        "<style>:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;"
        "max-width:60rem;margin:2rem auto;padding:0 1rem}article{border-top:1px solid #8888;"
        "padding:.5rem 0}h2{font-size:1.05rem;margin:.3rem 0}p{opacity:.75;margin:0}"
        "pre{white-space:pre-wrap;font:inherit;margin:.5rem 0}</style>"
        f"<h1>Mailbox</h1><p>{len(shown)} messages</p>{items}</html>"
    )


def _safe(value: object) -> str:
    return html.escape(str(value))
