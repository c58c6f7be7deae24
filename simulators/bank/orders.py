"""Messages with payment or collection items: taken whole in one transaction, or not at all."""

import hashlib
import sqlite3
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta

from simulators.bank.clock import at, moment
from simulators.bank.dialect import Twist
from simulators.bank.profiles import Options
from simulators.common.store import Store


@dataclass(frozen=True)
class OrderItem:
    """One payment (`pay`) or collection (`collect`) as ordered; minor units."""

    payment_info_id: str
    instruction_id: str
    end_to_end_id: str
    direction: str
    account: str
    counterparty_account: str
    counterparty_name: str
    counterparty_bank: str
    amount: int
    currency: str
    remittance: str
    requested_date: date | None = None


@dataclass(frozen=True)
class Message:
    """A message the bank has seen: `refusal` is the ISO code it was refused with, else empty."""

    id: int
    message_id: str
    name: str
    body_hash: str
    refusal: str
    refusal_text: str
    answer_status: int
    answer: bytes
    accepted_at: int


@dataclass(frozen=True)
class ItemStatus:
    """Where an item stands: pending (perhaps until the next day), executed, or refused."""

    payment_info_id: str
    instruction_id: str
    end_to_end_id: str
    state: str
    next_day: bool
    code: str
    bank_reference: str


def body_hash(body: bytes) -> str:
    """Identity of a message's bytes."""
    return hashlib.sha256(body).hexdigest()


def due(accepted_at: int, requested: date | None, options: Options) -> tuple[int, bool]:
    """When an item accepted now is processed, and whether that is on a later day.

    After the cut-off the next calendar day counts, on a weekend day the next other day; a
    requested date in the future is waited for, one in the past is taken as today.
    """
    arrived = moment(accepted_at)
    today = arrived.date()
    day = today
    if options.cut_off is not None and arrived.time() > options.cut_off:
        day += timedelta(days=1)
    if requested is not None and requested > day:
        day = requested
    while day.isoweekday() in options.weekend_days:
        day += timedelta(days=1)
    later = day > today
    start = at(day, options.opens) if later else accepted_at
    return start + options.processing_seconds * 1000, later


def twisted(items: list[ItemStatus], twist: Twist) -> list[ItemStatus]:
    """The items as a bank with this twist tells them."""
    if not twist.says:
        return items
    code = "AC04" if twist.says == "refused" else ""
    return [replace(item, state=twist.says, code=code, bank_reference="") for item in items]


class Orders:
    """The messages and their items; callers hold the transaction."""

    def __init__(self, store: Store, options: Options) -> None:
        self._store = store
        self._options = options

    def find(self, message_id: str) -> Message | None:
        """The first message seen under that id."""
        row = self._store.row(
            "SELECT * FROM message WHERE message_id = ? ORDER BY id LIMIT 1", (message_id,)
        )
        return None if row is None else Message(**dict(row))

    def remember(self, message: Message) -> int:
        """Keep a message with the answer it got; returns its number (its `id` is not used)."""
        values = asdict(message)
        del values["id"]
        return self._store.insert("message", values)

    def accept(self, message: int, items: list[OrderItem], accepted_at: int) -> None:
        """Take the items for processing.

        A bank that deduplicates refuses, item by item, an instruction id it holds already
        (AM05); one that does not will execute it again.
        """
        used = self.held_ids(items) if self._options.deduplicates else set()
        for item in items:
            due_at, next_day = due(accepted_at, item.requested_date, self._options)
            refused = item.instruction_id in used
            values = asdict(item)
            del values["requested_date"]
            self._store.insert(
                "item",
                values
                | {
                    "message": message,
                    "next_day": int(next_day),
                    "due_at": due_at,
                    "state": "refused" if refused else "pending",
                    "code": "AM05" if refused else "",
                },
            )

    def statuses(self, message_id: str) -> list[ItemStatus]:
        """Items of all messages of that id, in the order of their acceptance."""
        rows = self._store.rows(
            """SELECT i.* FROM item i JOIN message m ON m.id = i.message
               WHERE m.message_id = ? ORDER BY i.id""",
            (message_id,),
        )
        return [_status(row) for row in rows]

    def carry_out_in_part(self, message_id: str, later: int) -> None:
        """Of a message's pending items refuse every third, and put off another third by `later`
        milliseconds."""
        rows = self._store.rows(
            """SELECT i.id FROM item i JOIN message m ON m.id = i.message
               WHERE m.message_id = ? AND i.state = 'pending' ORDER BY i.id""",
            (message_id,),
        )
        for row in rows[1::3]:
            self._store.execute(
                "UPDATE item SET state = 'refused', code = 'AC04' WHERE id = ?", (row["id"],)
            )
        for row in rows[2::3]:
            self._store.execute(
                "UPDATE item SET due_at = due_at + ? WHERE id = ?", (later, row["id"])
            )

    def held_ids(self, items: list[OrderItem]) -> set[str]:
        """Instruction ids among these that the bank has taken before and not refused."""
        return {
            item.instruction_id
            for item in items
            if self._store.row(
                "SELECT 1 FROM item WHERE instruction_id = ? AND state <> 'refused'",
                (item.instruction_id,),
            )
        }


def _status(row: sqlite3.Row) -> ItemStatus:
    return ItemStatus(
        payment_info_id=row["payment_info_id"],
        instruction_id=row["instruction_id"],
        end_to_end_id=row["end_to_end_id"],
        state=row["state"],
        next_day=bool(row["next_day"]),
        code=row["code"],
        bank_reference=row["bank_reference"],
    )
