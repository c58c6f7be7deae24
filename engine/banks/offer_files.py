"""A bank that is sent files (报盘): what the instruction machine writes them with."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from engine.banks.profile import BankProfile
from engine.base.text import Text
from engine.formats.layouts import FileFault, FileRefused, Layout, file_name, write
from engine.formats.layouts.model import Value
from engine.formats.payment import ItemFault, PaymentItem, PaymentMessage

_NAMES = (
    "instruction_id",
    "counterparty_name",
    "counterparty_account",
    "counterparty_bank_code",
    "amount",
    "currency",
    "remittance",
)


@dataclass(frozen=True, slots=True)
class OfferBank:
    """A bank with the layout of its payment files, as one organisation has it."""

    profile: BankProfile
    layout: Layout

    def check(self, message: PaymentMessage) -> tuple[ItemFault, ...]:
        """Why items cannot stand in this bank's file; row 0 speaks of the file itself.

        Asked again without the items at fault until the rest can be written, since a file names
        only so many faults at once.
        """
        found: list[ItemFault] = []
        left = list(enumerate(message.items, 1))
        while left:
            faults = self._faults(replace(message, items=tuple(item for _, item in left)))
            found += [_item_fault(one, left) for one in faults]
            rows = {one.row for one in faults}
            if not rows or None in rows:
                break
            left = [pair for place, pair in enumerate(left, 1) if place not in rows]
        return tuple(found)

    def render(self, message: PaymentMessage) -> bytes:
        """The bytes of the file; FileRefused when `check` has faults."""
        out = io.BytesIO()
        rows = [_cells(message, item) for item in message.items]
        write(self.layout, _head(message), _NAMES, rows, out, message.currency)
        return out.getvalue()

    def file_name(self, values: Mapping[str, str | int | dt.date], copy: int = 0) -> str:
        """What the file of a batch is called, by what its pattern asks for; a copy says so."""
        made = PurePath(file_name(self.layout, {"part": 1, **values}))
        return f"{made.stem}-COPY{copy}{made.suffix}" if copy else made.name

    def _faults(self, message: PaymentMessage) -> Sequence[FileFault]:
        try:
            self.render(message)
        except FileRefused as error:
            return error.faults
        return ()


def _head(message: PaymentMessage) -> dict[str, Value]:
    return {
        "message_id": message.message_id,
        "direction": message.direction,
        "account_number": message.account_number,
        "account_name": message.account_name,
        "account_bank_code": message.account_bank_code,
        "currency": message.currency,
        "value_date": message.value_date,
    }


def _cells(message: PaymentMessage, item: PaymentItem) -> tuple[Value, ...]:
    """In the order of _NAMES."""
    return (
        item.instruction_id,
        item.counterparty_name,
        item.counterparty_account,
        item.counterparty_bank_code or None,
        item.amount,
        message.currency,
        item.remittance or None,
    )


def _item_fault(fault: FileFault, left: Sequence[tuple[int, PaymentItem]]) -> ItemFault:
    """The fault with the row of the whole message."""
    row, instruction_id = 0, ""
    if fault.row is not None:
        row, item = left[fault.row - 1]
        instruction_id = item.instruction_id
    place = replace(fault, row=row or None).place
    text = Text(f"{place.en}: {fault.text.en}", f"{place.zh}：{fault.text.zh}")
    return ItemFault(row, instruction_id, fault.field or fault.record, fault.code, text)
