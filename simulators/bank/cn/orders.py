"""Reading PAYBAT and COLBAT into the bank's orders, with their control totals."""

import re
from typing import Final

from lxml import etree

from simulators.bank.cn.messages import Envelope, field
from simulators.bank.orders import OrderItem
from simulators.common.money import BadAmount, decimals, is_currency, to_minor

_REFERENCE: Final = re.compile(r"[A-Za-z0-9-]{1,35}")
_BANK_CODE: Final = re.compile(r"[0-9]{12}")
_LONGEST_PURPOSE: Final = 60
DIRECTIONS: Final = {"PAYBAT": "pay", "COLBAT": "collect"}


class Rejected(Exception):
    """The whole batch is refused: return code and what is wrong."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def _amount(text: str, currency: str) -> int:
    """Minor units; the amount must show all decimals of its currency."""
    places = decimals(currency)
    _, _, fraction = text.partition(".")
    if len(fraction) != places or text.startswith("-"):
        raise Rejected("E001", f"金额格式错误 {text!r}")
    try:
        return to_minor(text, currency)
    except BadAmount as error:
        raise Rejected("E001", f"金额格式错误 {text!r}") from error


def hash_total(accounts: list[str]) -> int:
    """Sum of the last six digits of each account number; signs that are no digits are skipped."""
    return sum(int("".join(c for c in a if c in "0123456789")[-6:] or "0") for a in accounts)


def read_batch(envelope: Envelope) -> tuple[str, list[OrderItem]]:
    """Batch number and items; raises Rejected (E001 format, E002 control totals)."""
    body = envelope.body
    batch, account, currency = (field(body, name) for name in ("BATNO", "ACCNO", "CCY"))
    if _REFERENCE.fullmatch(batch) is None:
        raise Rejected("E001", "BATNO")
    if not account or not is_currency(currency):
        raise Rejected("E001", "ACCNO, CCY")
    rows = body.findall("LIST/ITEM")
    if not rows:
        raise Rejected("E001", "LIST")
    items = [_item(row, batch, account, currency, DIRECTIONS[envelope.code]) for row in rows]
    total = _amount(field(body, "TOTAMT"), currency)
    if field(body, "TOTNUM") != str(len(items)):
        raise Rejected("E002", f"TOTNUM {len(items)}")
    if total != sum(item.amount for item in items):
        raise Rejected("E002", "TOTAMT")
    if field(body, "HASHTOT") != str(hash_total([item.counterparty_account for item in items])):
        raise Rejected("E002", "HASHTOT")
    return batch, items


def _item(
    row: etree._Element, batch: str, account: str, currency: str, direction: str
) -> OrderItem:
    reference, purpose = field(row, "REFNO"), field(row, "USES")
    where = f"SEQ {field(row, 'SEQ')}"
    if _REFERENCE.fullmatch(reference) is None:
        raise Rejected("E001", f"{where} REFNO")
    if not field(row, "OPPACC") or not field(row, "OPPNAME"):
        raise Rejected("E001", f"{where} OPPACC, OPPNAME")
    if field(row, "OPPBANK") and _BANK_CODE.fullmatch(field(row, "OPPBANK")) is None:
        raise Rejected("E001", f"{where} OPPBANK")
    if len(purpose.encode("gb18030")) > _LONGEST_PURPOSE:
        raise Rejected("E001", f"{where} USES")
    amount = _amount(field(row, "AMT"), currency)
    if amount == 0:
        raise Rejected("E001", f"{where} AMT")
    return OrderItem(
        payment_info_id=batch,
        instruction_id=reference,
        end_to_end_id=reference,
        direction=direction,
        account=account,
        counterparty_account=field(row, "OPPACC")[:34],
        counterparty_name=field(row, "OPPNAME")[:140],
        counterparty_bank=field(row, "OPPBANK"),
        amount=amount,
        currency=currency,
        remittance=purpose,
    )
