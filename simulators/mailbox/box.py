"""What the mailbox keeps, and the faults it was told to show."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from simulators.common.fields import Fields, Refused
from simulators.common.store import Store

CHANNELS: Final = ("email", "sms")
FAULTS: Final = ("recipient", "message", "lost_answer", "hang", "redirect")
"""recipient, message: refused with `code`; lost_answer: kept, and the connection closes unanswered;
hang: nothing is answered; redirect: SMS only, to /elsewhere."""


@dataclass(frozen=True)
class Fault:
    """One thing to go wrong."""

    fault: str
    code: int


class Box:
    """Messages received, each once however often it comes, with how often it came."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(
        self, channel: str, message_id: str, recipient: str, subject: str, body: str, raw: bytes
    ) -> int:
        """Keep a message; how often it has come by now."""
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        with self._store.transaction():
            self._store.execute(
                "INSERT INTO message (channel, message_id, recipient, subject, body, raw, "
                "received_at) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (channel, message_id, "
                "recipient) DO UPDATE SET times = times + 1",
                (channel, message_id, recipient, subject, body, raw, now),
            )
            return self._store.number(
                "SELECT times FROM message WHERE channel = ? AND message_id = ? AND recipient = ?",
                (channel, message_id, recipient),
            )

    def messages(self) -> list[dict[str, object]]:
        """Everything received, newest first."""
        rows = self._store.rows("SELECT * FROM message ORDER BY id DESC")
        return [
            {
                "channel": row["channel"],
                "message_id": row["message_id"],
                "recipient": row["recipient"],
                "subject": row["subject"],
                "body": row["body"],
                "raw": bytes(row["raw"]).decode("utf-8", "replace"),
                "received_at": row["received_at"],
                "times": row["times"],
            }
            for row in rows
        ]

    def plan(self, given: Fields) -> None:
        """Show a fault for the next `times` messages of a channel. Raises Refused."""
        given.only(("channel", "fault", "code", "times"))
        channel, fault = given.text("channel"), given.text("fault")
        if channel not in CHANNELS or fault not in FAULTS:
            raise Refused(f"channel is one of {CHANNELS}, fault one of {FAULTS}")
        self._store.execute(
            "INSERT INTO fault (channel, fault, code, left) VALUES (?, ?, ?, ?)",
            (channel, fault, given.whole("code", 550), given.whole("times", 1)),
        )

    def fault(self, channel: str, *wanted: str) -> Fault | None:
        """The next fault of these kinds, used up by asking."""
        marks = ", ".join("?" for _ in wanted)
        with self._store.transaction():
            row = self._store.row(
                f"SELECT * FROM fault WHERE channel = ? AND left > 0 AND fault IN ({marks}) "  # noqa: S608 - marks only
                "ORDER BY id LIMIT 1",
                (channel, *wanted),
            )
            if row is None:
                return None
            self._store.execute("UPDATE fault SET left = left - 1 WHERE id = ?", (row["id"],))
        return Fault(row["fault"], row["code"])

    def forged(self) -> None:
        """Count a call that was not signed by who knows the secret."""
        self._store.execute("INSERT INTO forged VALUES (?)", (dt.datetime.now(dt.UTC).isoformat(),))

    def stats(self) -> dict[str, int]:
        """How much came, and how often."""
        count = "SELECT count(*) FROM message WHERE channel = ?"
        return {
            "email": self._store.number(count, ("email",)),
            "sms": self._store.number(count, ("sms",)),
            "repeated": self._store.number("SELECT sum(times - 1) FROM message"),
            "forged": self._store.number("SELECT count(*) FROM forged"),
        }
