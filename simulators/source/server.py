"""One call at the source system's door."""

from simulators.common.fields import Fields, Refused, parse_json
from simulators.common.http import (
    Application,
    Outcome,
    Request,
    Response,
    authorised,
    json_response,
)
from simulators.common.store import Store
from simulators.source.bulk import BulkSender
from simulators.source.days import Days
from simulators.source.inbox import Inbox
from simulators.source.sender import Sender

_WAIT_SECONDS = 600


def source_application(
    store: Store, inbox: Inbox, sender: Sender, token: str, bulk: BulkSender
) -> Application:
    """The source system as an application of the HTTP server."""
    days = Days(store)

    def application(request: Request) -> Outcome:
        if not authorised(request, token):
            return json_response({"error": "a valid bearer token is needed"}, 401)
        match request.method, request.parts:
            case "POST", ("messages",):
                return inbox.receive(request.body)
            case "GET", ("reconciliation",):
                return json_response(days.of(request.query.get("date", days.today())))
            case "POST", ("admin", "clock"):
                given = Fields(parse_json(request.body), "clock")
                given.only(("today",))
                days.set_today(given.text("today"))
                return json_response({"today": days.today()})
            case "GET", ("admin", "messages"):
                return inbox.messages()
            case "POST", ("admin", "send"):
                return _send(sender, request)
            case "POST", ("admin", "send-file"):
                return _send_file(bulk, request)
            case "GET", ("admin", "sent"):
                return json_response(sender.sent())
            case "GET", ("admin", "stats"):
                return _stats(store)
        return json_response({"error": f"there is no {request.method} {request.path}"}, 404)

    return application


def _send(sender: Sender, request: Request) -> Response:
    given = Fields(parse_json(request.body), "send")
    given.only(("documents", "repeat_percent", "wait"))
    repeat_percent = given.whole("repeat_percent", 0)
    if repeat_percent > 100:
        raise Refused("repeat_percent is 0 to 100")
    ids = sender.enqueue(given.objects("documents"), repeat_percent)
    if not given.flag("wait", False):
        return json_response({"message_ids": ids}, 202)
    if not sender.wait_until_answered(ids, _WAIT_SECONDS):
        return json_response({"error": "the product has not answered all", "message_ids": ids}, 504)
    answers = [sent for sent in sender.sent() if sent["message_id"] in set(ids)]
    return json_response({"message_ids": ids, "sent": answers})


def _send_file(bulk: BulkSender, request: Request) -> Response:
    given = Fields(parse_json(request.body), "send-file")
    given.only(("name", "documents", "spoil"))
    spoil = given.text("spoil", "none")
    if spoil not in ("none", "count", "sum", "hash"):
        raise Refused("spoil is none, count, sum or hash")
    documents = given.objects("documents")
    return json_response(
        bulk.send(given.text("name"), documents, None if spoil == "none" else spoil)
    )


def _stats(store: Store) -> Response:
    counted = {row["name"]: row["count"] for row in store.rows("SELECT name, count FROM counter")}
    names = ("received", "lost", "out_of_order", "acks_lost", "conflicts")
    figures = {name: counted.get(name, 0) for name in names}
    figures["distinct"] = store.number("SELECT count(*) FROM incoming")
    figures["sent"] = store.number("SELECT count(*) FROM outgoing")
    figures["answered"] = store.number("SELECT count(*) FROM outgoing WHERE state = 'answered'")
    figures["repeated"] = store.number(
        "SELECT count(*) FROM outgoing WHERE repeat_status IS NOT NULL"
    )
    return json_response(figures)
