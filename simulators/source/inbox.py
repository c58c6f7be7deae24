"""Messages from the product: kept, acknowledged, and at times lost."""

import json

from simulators.common.chance import percent
from simulators.common.fields import Fields, Refused, parse_json
from simulators.common.http import Outcome, Response, Silence, json_response
from simulators.common.store import Store
from simulators.source.days import Days
from simulators.source.options import Options

STATUSES = (
    "RETURNED",
    "REJECTED",
    "VOID",
    "REPLACED",
    "PAID",
    "CONFIRMED",
    "UNPAID",
    "BOUNCED",
    "FAILED_FINAL",
)


class Inbox:
    """What the product told us; a message counts once however often it comes."""

    def __init__(self, store: Store, options: Options, seed: int) -> None:
        self._store = store
        self._options = options
        self._seed = seed
        self._days = Days(store)

    def receive(self, body: bytes) -> Outcome:
        """Acknowledge a message; the same id with other content is 409. Raises Refused."""
        message = parse_json(body)
        given = Fields(message, "message")
        message_id, document_no = given.text("message_id"), given.text("document_no")
        sequence = given.whole("sequence")
        given.text("source_document_no")
        if given.text("kind") == "document_status" and given.text("status") not in STATUSES:
            raise Refused(f"unknown status; known: {', '.join(STATUSES)}", 422)
        content = json.dumps(message, ensure_ascii=False, sort_keys=True)
        with self._store.transaction():
            self._count("received")
            met = self._times_met(message_id)
            if self._chance("lose", message_id, met) < self._options.lose_percent:
                return self._lose(message_id, met)
            known = self._store.row("SELECT * FROM incoming WHERE message_id = ?", (message_id,))
            if known is not None and known["body"] != content:
                self._count("conflicts")
                return json_response({"error": f"{message_id} came with other content"}, 409)
            if known is None:
                self._keep(message_id, document_no, sequence, content)
            else:
                self._store.execute(
                    "UPDATE incoming SET times = times + 1 WHERE id = ?", (known["id"],)
                )
            self._days.received(message_id)
            if self._chance("lose ack", message_id, met) < self._options.lose_ack_percent:
                self._count("acks_lost")
                return Silence.CLOSE
        return json_response({"ack": message_id})

    def messages(self) -> Response:
        """All distinct messages in order of arrival, with the times received and lost."""
        rows = self._store.rows(
            """SELECT i.*, coalesce(l.times, 0) AS lost FROM incoming i
               LEFT JOIN lost l ON l.message_id = i.message_id ORDER BY i.id"""
        )
        return json_response(
            [
                {"times": row["times"], "lost": row["lost"], "message": json.loads(row["body"])}
                for row in rows
            ]
        )

    def _keep(self, message_id: str, document_no: str, sequence: int, content: str) -> None:
        later = self._store.row(
            "SELECT 1 FROM incoming WHERE document_no = ? AND sequence > ?",
            (document_no, sequence),
        )
        if later is not None:
            self._count("out_of_order")
        self._store.insert(
            "incoming",
            {
                "message_id": message_id,
                "body": content,
                "document_no": document_no,
                "sequence": sequence,
            },
        )

    def _lose(self, message_id: str, met: int) -> Outcome:
        self._count("lost")
        self._store.execute(
            """INSERT INTO lost (message_id, times) VALUES (?, 1)
               ON CONFLICT (message_id) DO UPDATE SET times = times + 1""",
            (message_id,),
        )
        if self._chance("silence", message_id, met) < 50:
            return Silence.CLOSE
        return json_response({"error": "busy"}, 503)

    def _times_met(self, message_id: str) -> int:
        """How often this message came before, so that its next coming has a chance of its own."""
        return self._store.number(
            """SELECT coalesce((SELECT times FROM incoming WHERE message_id = ?1), 0)
                    + coalesce((SELECT times FROM lost WHERE message_id = ?1), 0)""",
            (message_id,),
        )

    def _chance(self, what: str, message_id: str, met: int) -> int:
        return percent(self._seed, what, message_id, met)

    def _count(self, name: str) -> None:
        self._store.execute(
            """INSERT INTO counter (name, count) VALUES (?, 1)
               ON CONFLICT (name) DO UPDATE SET count = count + 1""",
            (name,),
        )
