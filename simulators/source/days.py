"""What was sent and received on each business day, as the source itself counts it."""

import datetime as dt
from typing import Final

from simulators.common.fields import Refused
from simulators.common.store import Store

_ZONE: Final = dt.timezone(dt.timedelta(hours=8))


class Days:
    """The day's book. Its date is today in +08:00 unless `set_today` says another."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def today(self) -> str:
        """The business date, ISO."""
        return self._store.remembered("today") or dt.datetime.now(_ZONE).date().isoformat()

    def set_today(self, day: str) -> None:
        """Let it be another day from now on. Raises Refused."""
        try:
            dt.date.fromisoformat(day)
        except ValueError:
            raise Refused(f"{day!r} is no date") from None
        self._store.remember("today", day)

    def sent(self, document: dict[str, object], message_id: str) -> None:
        """Book a claim on the day it was first sent."""
        self._store.execute(
            """INSERT INTO claim (number, direction, currency, amount, day, message_id)
               VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (number) DO NOTHING""",
            (
                str(document.get("source_document_no")),
                str(document.get("direction")),
                str(document.get("currency")),
                str(document.get("amount")),
                self.today(),
                message_id,
            ),
        )

    def answered(self, message_id: str, status: int) -> None:
        """The product's answer: what it took, also what it returned, is there."""
        if status in (200, 201):
            self._store.execute("UPDATE claim SET taken = 1 WHERE message_id = ?", (message_id,))

    def taken(self, numbers: list[str]) -> None:
        """These numbers of a file were taken."""
        self._store.execute_many(
            "UPDATE claim SET taken = 1 WHERE number = ?", [(one,) for one in numbers]
        )

    def received(self, message_id: str) -> None:
        """Book a message on the day it came last: only then was it acknowledged."""
        self._store.execute(
            "INSERT OR REPLACE INTO received_on (message_id, day) VALUES (?, ?)",
            (message_id, self.today()),
        )

    def of(self, day: str) -> dict[str, object]:
        """The book of one day."""
        sent = self._store.rows("SELECT * FROM claim WHERE day = ? ORDER BY number", (day,))
        received = self._store.rows(
            "SELECT message_id FROM received_on WHERE day = ? ORDER BY message_id", (day,)
        )
        return {
            "date": day,
            "sent": [
                {
                    "source_document_no": row["number"],
                    "direction": row["direction"],
                    "currency": row["currency"],
                    "amount": row["amount"],
                    "taken": bool(row["taken"]),
                }
                for row in sent
            ],
            "received": [row["message_id"] for row in received],
        }
