"""Payment files in a folder (报盘): taken when seen, answered by a return file when carried out.

The form is this bank's own: GB18030, cells that end with "|", lines that end with CR LF.
H|message|1 or 2|account|name|branch|currency|day|rows|sum|, then a line D|row|instruction|account|
name|branch|amount|text| per item, then T|rows|sum|. A return file is beside it, called *.ret.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from simulators.bank.core import Bank
from simulators.bank.orders import Message, OrderItem, body_hash
from simulators.common.fields import Refused
from simulators.common.money import BadAmount, to_major, to_minor

_DIRECTIONS: Final = {"1": "pay", "2": "collect"}
_SAID: Final = {"executed": "ACSC", "refused": "RJCT"}


@dataclass(frozen=True)
class _File:
    message_id: str
    body: bytes
    items: list[OrderItem]


def answer_folder(bank: Bank, folder: Path) -> dict[str, int]:
    """Take the files that are new, and answer those whose items are all carried out or refused.

    Raises Refused for a file that is not in the bank's form; then nothing of it was taken.
    """
    taken = answered = 0
    for path in sorted(folder.glob("*.txt")):
        file = _read(path.read_bytes(), path.name)
        with bank.present() as now:
            if bank.orders.find(file.message_id) is None:
                number = bank.orders.remember(_message(file, now))
                bank.orders.accept(number, file.items, now)
                taken += 1
        back = path.with_suffix(".ret")
        content = None if back.exists() else _answer(bank, file)
        if content is not None:
            back.write_bytes(content)
            answered += 1
    return {"taken": taken, "answered": answered}


def _message(file: _File, now: int) -> Message:
    return Message(
        id=0,
        message_id=file.message_id,
        name="file",
        body_hash=body_hash(file.body),
        refusal="",
        refusal_text="",
        answer_status=202,
        answer=b"",
        accepted_at=now,
    )


def _answer(bank: Bank, file: _File) -> bytes | None:
    with bank.present():
        statuses = {one.instruction_id: one for one in bank.orders.statuses(file.message_id)}
    if any(one.state not in _SAID for one in statuses.values()):
        return None
    lines = []
    for item in file.items:
        said = statuses[item.instruction_id]
        amount = to_major(item.amount, item.currency)
        lines.append(
            f"D|{item.instruction_id}|{item.counterparty_account}|{amount}|{_SAID[said.state]}|"
            f"{said.code}||{said.bank_reference}|"
        )
    total = to_major(sum(item.amount for item in file.items), file.items[0].currency)
    head = f"R|{file.message_id}|A|{len(lines)}|{total}|"
    return "".join(f"{line}\r\n" for line in (head, *lines)).encode("gb18030")


def _read(body: bytes, name: str) -> _File:
    try:
        lines = [line.split("|")[:-1] for line in body.decode("gb18030").split("\r\n")[:-1]]
        head, details, tail = lines[0], lines[1:-1], lines[-1]
        _, message_id, way, account, _, _, currency, day, rows, total = head
        requested = date.fromisoformat(f"{day[:4]}-{day[4:6]}-{day[6:]}")
        items = [
            OrderItem(
                payment_info_id=message_id,
                instruction_id=cells[2],
                end_to_end_id=cells[2],
                direction=_DIRECTIONS[way],
                account=account,
                counterparty_account=cells[3],
                counterparty_name=cells[4],
                counterparty_bank=cells[5],
                amount=to_minor(cells[6], currency),
                currency=currency,
                remittance=cells[7],
                requested_date=requested,
            )
            for cells in details
        ]
        right = tail == ["T", rows, total] and len(items) == int(rows)
        if not right or to_major(sum(one.amount for one in items), currency) != total:
            raise Refused(f"{name}: rows and sum do not agree")
    except (BadAmount, ValueError, IndexError, KeyError) as error:
        raise Refused(f"{name} is not in this bank's form: {error}") from error
    return _File(message_id, body, items)
