"""A payment or collection message before it is written, and the checks all writers share."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from engine.base.money import DECIMALS, MAX_DIGITS
from engine.base.text import Text
from engine.formats.reading import FormatError


@dataclass(frozen=True, slots=True)
class PaymentItem:
    """One item: `amount` in minor units of the message's currency, always positive."""

    instruction_id: str
    amount: int
    counterparty_name: str
    counterparty_account: str
    counterparty_bank_code: str | None
    remittance: str
    """Our document number first, then the purpose; cut where the bank has no room for more."""


@dataclass(frozen=True, slots=True)
class PaymentMessage:
    """One message to a bank about one own account. `direction` is pay or collect."""

    message_id: str
    direction: str
    account_number: str
    account_name: str
    account_bank_code: str
    currency: str
    value_date: dt.date
    created_at: dt.datetime
    """Aware; written with its own offset."""
    items: tuple[PaymentItem, ...]

    @property
    def total(self) -> int:
        """Sum of the items, minor units."""
        return sum(item.amount for item in self.items)


@dataclass(frozen=True, slots=True)
class ItemFault:
    """Why an item cannot be written: 1-based row, instruction id, field, code, sentence.

    Row 0 with an empty instruction id speaks of the message itself.
    """

    row: int
    instruction_id: str
    field: str
    code: str
    text: Text


@dataclass(frozen=True, slots=True)
class Limits:
    """Longest fields a format takes, in characters (`encoding` None) or encoded bytes."""

    name: int
    account: int
    bank_code: int
    remittance: int
    encoding: str | None = None
    reference: int | None = None
    """Of message and instruction ids; None: the bank's format leaves room for ours."""

    def length(self, value: str) -> int:
        """Length of `value` as this format counts; its characters must be encodable."""
        return len(value) if self.encoding is None else len(value.encode(self.encoding))


def faults(message: PaymentMessage, limits: Limits) -> tuple[ItemFault, ...]:
    """All reasons why `message` cannot be written as it is, by row."""
    found = list(_own_faults(message, limits))
    seen: set[str] = set()
    for row, item in enumerate(message.items, 1):
        found.extend(_item_faults(row, item, limits))
        if item.instruction_id in seen:
            found.append(
                _fault(
                    row,
                    item.instruction_id,
                    "instruction_id",
                    "ID_TWICE",
                    Text(
                        f"instruction id {item.instruction_id} is twice in the message; "
                        "each item needs an id of its own",
                        f"指令号 {item.instruction_id} 在报文内重复;每笔必须有唯一指令号",
                    ),
                )
            )
        seen.add(item.instruction_id)
    return tuple(found)


def refuse_faults(message: PaymentMessage, limits: Limits) -> None:
    """FormatError with the first fault of `message`, when it has one."""
    for fault in faults(message, limits):
        raise FormatError(fault.code, fault.text)


def cut(value: str, limits: Limits) -> str:
    """The longest beginning of a remittance text that fits, by whole characters."""
    if limits.length(value) <= limits.remittance:
        return value
    room, kept = limits.remittance, []
    for character in value:
        room -= limits.length(character)
        if room < 0:
            break
        kept.append(character)
    return "".join(kept).rstrip()


def _own_faults(message: PaymentMessage, limits: Limits) -> Iterator[ItemFault]:
    if message.currency not in DECIMALS:
        yield _fault(
            0,
            "",
            "currency",
            "CURRENCY_UNKNOWN",
            Text(
                f"currency {message.currency!r} has no known decimals; use one of "
                f"{', '.join(DECIMALS)}",
                f"币种 {message.currency!r} 的小数位未知;可用:{', '.join(DECIMALS)}",
            ),
        )
    if message.total >= 10**MAX_DIGITS:
        yield _fault(
            0,
            "",
            "total",
            "TOTAL_TOO_LARGE",
            Text(
                f"the amounts add up to more than {MAX_DIGITS} digits; split the message",
                f"金额合计超过 {MAX_DIGITS} 位;请拆分报文",
            ),
        )
    for field, value, most in (
        ("message_id", message.message_id, limits.reference),
        ("account_name", message.account_name, limits.name),
        ("account_number", message.account_number, limits.account),
        ("account_bank_code", message.account_bank_code, limits.bank_code),
    ):
        yield from _text_faults(0, "", field, value, most, limits)
    if not message.items:
        yield _fault(
            0,
            "",
            "items",
            "NO_ITEMS",
            Text("the message has no items; nothing to send", "报文没有明细;无可发送内容"),
        )


def _item_faults(row: int, item: PaymentItem, limits: Limits) -> Iterator[ItemFault]:
    own = item.instruction_id
    for field, value, most in (
        ("instruction_id", item.instruction_id, limits.reference),
        ("counterparty_name", item.counterparty_name, limits.name),
        ("counterparty_account", item.counterparty_account, limits.account),
        ("remittance", item.remittance, None),
    ):
        yield from _text_faults(row, own, field, value, most, limits)
    if item.counterparty_bank_code is not None:
        yield from _text_faults(
            row,
            own,
            "counterparty_bank_code",
            item.counterparty_bank_code,
            limits.bank_code,
            limits,
        )
    if item.amount <= 0:
        yield _fault(
            row,
            own,
            "amount",
            "AMOUNT_NOT_POSITIVE",
            Text(
                f"row {row}: the amount must be more than zero; correct the document",
                f"第 {row} 行:金额必须大于零;请更正单据",
            ),
        )


def _text_faults(
    row: int, own: str, field: str, value: str, most: int | None, limits: Limits
) -> Iterator[ItemFault]:
    if not value.strip():
        yield _fault(
            row,
            own,
            field,
            "FIELD_EMPTY",
            Text(
                f"row {row}: {field} is empty and the bank requires it; fill it in",
                f"第 {row} 行:{field} 为空,银行要求必填;请补充",
            ),
        )
        return
    # isprintable is one pass in C and false for all that could be refused.
    bad = (
        None
        if value.isprintable()
        else next((c for c in value if _unwritable(c, limits.encoding)), None)
    )
    if bad is not None:
        yield _fault(
            row,
            own,
            field,
            "CHARACTER_REFUSED",
            Text(
                f"row {row}: {field} has character U+{ord(bad):04X}, which the bank's message "
                "cannot carry; replace it in the document",
                f"第 {row} 行:{field} 含有字符 U+{ord(bad):04X},银行报文无法承载;请在单据中替换",
            ),
        )
        return
    if most is not None and (length := limits.length(value)) > most:
        unit, unit_zh = ("characters", "字符") if limits.encoding is None else ("bytes", "字节")
        yield _fault(
            row,
            own,
            field,
            "FIELD_TOO_LONG",
            Text(
                f"row {row}: {field} has {length} {unit}; the bank takes {most}; shorten it",
                f"第 {row} 行:{field} 长 {length} {unit_zh},银行最多 {most};请缩短",
            ),
        )


def _unwritable(character: str, encoding: str | None) -> bool:
    """Whether XML or the bank's encoding cannot carry `character`.

    The four-byte form of GB18030 encodes all of Unicode, private use included; banks print
    names from the two-byte repertoire and the CJK extensions, so private use is refused.
    """
    category = unicodedata.category(character)
    if category in ("Cc", "Cs") or ord(character) & 0xFFFE == 0xFFFE:
        return True
    return encoding is not None and category in ("Co", "Cn")


def _fault(row: int, own: str, field: str, code: str, text: Text) -> ItemFault:
    return ItemFault(row, own, field, code, text)
