"""Payments that come back (退票): booked against the account after they had left it."""

import re
import sqlite3
from typing import Final

from simulators.bank.books import Booking, Books, Entry
from simulators.bank.refusals import refusal
from simulators.common.fields import Refused
from simulators.common.store import Store

_CODE: Final = re.compile(r"[A-Z]{2}[0-9]{2}")


def bounce(store: Store, books: Books, instruction_id: str, reason: str, now: int) -> Booking:
    """Book the last executed, not yet returned item of that instruction id back.

    The reason is an ISO code, or a text (then the code is NARR). A collection comes back as a
    debit. Raises Refused: 404 unknown, 409 not executed or returned already.
    """
    items = store.rows(
        "SELECT * FROM item WHERE instruction_id = ? ORDER BY id DESC", (instruction_id,)
    )
    if not items:
        raise Refused(f"instruction {instruction_id} is unknown", 404)
    open_items = [i for i in items if i["state"] == "executed" and i["bounced_at"] is None]
    if not open_items:
        raise Refused(f"instruction {instruction_id} is not executed, or came back already", 409)
    return book_back(store, books, open_items[0], reason, now)


def book_back(store: Store, books: Books, item: sqlite3.Row, reason: str, now: int) -> Booking:
    """Book an executed item back."""
    is_code = _CODE.fullmatch(reason) is not None
    sign = 1 if item["direction"] == "pay" else -1
    entry = Entry(
        account=item["account"],
        amount=sign * item["amount"],
        kind="return",
        counterparty_account=item["counterparty_account"],
        counterparty_name=item["counterparty_name"],
        remittance=item["remittance"],
        instruction_id=item["instruction_id"],
        end_to_end_id=item["end_to_end_id"],
        return_code=reason if is_code else "NARR",
        return_text=refusal(reason).text if is_code else reason,
    )
    books.move_external(books.account(item["counterparty_account"]), -sign * item["amount"])
    store.execute("UPDATE item SET bounced_at = ? WHERE id = ?", (now, item["id"]))
    return books.book(entry, now)
