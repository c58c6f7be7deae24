"""Sending claims to the product: at least once, always with the same key, some repeated."""

import json
import logging
import threading
from typing import Final

import httpx

from simulators.common.chance import percent
from simulators.common.fields import Refused
from simulators.common.store import SqlValue, Store
from simulators.source.days import Days
from simulators.source.options import Options

logger = logging.getLogger("simulators")

# Answers that say "not now": the message stays queued. Everything else is an answer.
_TRY_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


class Sender:
    """A queue in the store and a few workers; a restart goes on where it was."""

    def __init__(
        self, store: Store, options: Options, seed: int, product_url: str, product_token: str
    ) -> None:
        self._store = store
        self._options = options
        self._seed = seed
        self._token = product_token
        self._url = f"{product_url.rstrip('/')}/api/v1/documents"
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self._claimed: set[int] = set()
        self._days = Days(store)
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start the workers."""
        for _ in range(self._options.send_workers):
            thread = threading.Thread(target=self._work, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Let the workers end; a call under way is given up and made again after a restart."""
        self._stop.set()
        with self._changed:
            self._changed.notify_all()

    def join(self) -> None:
        """Wait for the workers after `stop`, so that the store may be closed."""
        for thread in self._threads:
            thread.join(self._options.timeout_seconds)

    def enqueue(self, documents: list[object], repeat_percent: int) -> list[str]:
        """Queue documents; returns their message ids. Raises Refused."""
        ids: list[str] = []
        with self._store.transaction():
            number = self._store.number("SELECT coalesce(max(id), 0) FROM outgoing")
            for document in documents:
                if not isinstance(document, dict):
                    raise Refused("documents must be JSON objects")
                number += 1
                message_id = f"SRC{self._seed}-{number:08d}"
                values: dict[str, SqlValue] = {
                    "id": number,
                    "message_id": message_id,
                    "document": json.dumps(document, ensure_ascii=False),
                    "repeat": int(percent(self._seed, "repeat", message_id) < repeat_percent),
                }
                self._store.insert("outgoing", values)
                self._days.sent(document, message_id)
                ids.append(message_id)
        with self._changed:
            self._changed.notify_all()
        return ids

    def wait_until_answered(self, ids: list[str], seconds: int) -> bool:
        """Wait until the product has answered all of them; False when time is up."""
        with self._changed:
            return self._changed.wait_for(lambda: self._open(ids) == 0, seconds)

    def sent(self) -> list[dict[str, object]]:
        """Every message with its state (queued, answered), tries and the product's answers."""
        return [
            {
                "message_id": row["message_id"],
                "state": row["state"],
                "tries": row["tries"],
                "status": row["status"],
                "answer": None if row["answer"] is None else json.loads(row["answer"]),
                "repeated": bool(row["repeat"]),
                "repeat_status": row["repeat_status"],
                "repeat_answer": None
                if row["repeat_answer"] is None
                else json.loads(row["repeat_answer"]),
                "document": json.loads(row["document"]),
            }
            for row in self._store.rows("SELECT * FROM outgoing ORDER BY id")
        ]

    def _open(self, ids: list[str]) -> int:
        queued = {
            row["message_id"]
            for row in self._store.rows("SELECT message_id FROM outgoing WHERE state = 'queued'")
        }
        return len(queued.intersection(ids))

    def _work(self) -> None:
        with httpx.Client(timeout=self._options.timeout_seconds) as client:
            while not self._stop.is_set():
                number = self._claim()
                if number is None:
                    continue
                answered = False
                try:
                    answered = self._send(client, number)
                except Exception:
                    logger.exception("sending document %s failed", number)
                if not answered:
                    self._stop.wait(self._options.retry_seconds)
                with self._changed:
                    self._claimed.discard(number)
                    self._changed.notify_all()

    def _claim(self) -> int | None:
        """The oldest queued message no other worker has; waits when there is none."""
        with self._changed:
            for row in self._store.rows(
                "SELECT id FROM outgoing WHERE state = 'queued' ORDER BY id LIMIT ?",
                (len(self._claimed) + 1,),
            ):
                if row["id"] not in self._claimed:
                    self._claimed.add(row["id"])
                    return int(row["id"])
            self._changed.wait(1.0)
        return None

    def _send(self, client: httpx.Client, number: int) -> bool:
        row = self._store.row("SELECT * FROM outgoing WHERE id = ?", (number,))
        assert row is not None
        self._store.execute("UPDATE outgoing SET tries = tries + 1 WHERE id = ?", (number,))
        first = self._post(client, row["message_id"], row["document"])
        if first is None:
            return False
        second = None
        if row["repeat"]:
            second = self._post(client, row["message_id"], row["document"])
            if second is None:
                return False
        self._store.execute(
            """UPDATE outgoing SET state = 'answered', status = ?, answer = ?, repeat_status = ?,
                 repeat_answer = ? WHERE id = ?""",
            (*first, *(second or (None, None)), number),
        )
        self._days.answered(row["message_id"], first[0])
        return True

    def _post(self, client: httpx.Client, key: str, document: str) -> tuple[int, str] | None:
        """Status and body (as JSON text) of the product's answer; None when there is none."""
        try:
            response = client.post(
                self._url,
                content=document.encode(),
                headers={
                    "Authorization": f"Bearer {self._token}",
                    "Content-Type": "application/json",
                    "Idempotency-Key": key,
                },
            )
        except httpx.TransportError as error:
            logger.info("no answer to %s: %s", key, error)
            return None
        if response.status_code in _TRY_AGAIN:
            return None
        try:
            answer = json.dumps(response.json(), ensure_ascii=False)
        except ValueError:
            answer = json.dumps(response.text)
        return response.status_code, answer
