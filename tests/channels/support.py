"""Offer files and their return files, as a bank would write them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.base.money import format_major, parse_major
from engine.machines.instruction.files import Returned
from engine.runtime import db
from engine.treasury.payments import files
from engine.treasury.payments.files import Download
from tests.payments.stage import Stage
from tests.payments.world import Draft

ACCOUNT = "62220000000001"
"""Where the drafts of these tests go to."""


@dataclass(frozen=True)
class Answer:
    """One line of a return file of bank A."""

    instruction_id: str
    amount: int
    code: str = "ACSC"
    reason: str = ""
    account: str = ""


def return_file(
    message_id: str,
    answers: Sequence[Answer],
    *,
    coverage: str = "ALL",
    count: int | None = None,
) -> bytes:
    """A return file of bank A; `count` lies about the number of lines."""
    total = format_major(sum(one.amount for one in answers), "CNY")
    rows = len(answers) if count is None else count
    lines = [
        f"R|{message_id}|{coverage[0]}|{rows}|{total}|",
        *(
            f"D|{one.instruction_id}|{one.account or ACCOUNT}|{format_major(one.amount, 'CNY')}|"
            f"{one.code}|{one.reason}|||"
            for one in answers
        ),
    ]
    return "".join(f"{line}\r\n" for line in lines).encode("gb18030")


def answers_to(content: bytes, code: str = "ACSC", reason: str = "") -> list[Answer]:
    """The same answer to every item of an offer file of bank A."""
    cells = [line.split("|") for line in content.decode("gb18030").splitlines()]
    return [
        Answer(one[2], parse_major(one[6], "CNY"), code, reason, one[3])
        for one in cells
        if one[0] == "D"
    ]


def make_file(stage: Stage, *numbers: int, **changes: object) -> tuple[list[int], str]:
    """Approved documents released into one file; their ids and the file's message id."""
    given: dict[str, object] = {
        "account": stage.world.pay_account,
        "channel": "bank_file",
        **changes,
    }
    documents = stage.make(*(Draft(number, **given) for number in numbers))  # type: ignore[arg-type]
    released = stage.release(*documents)
    (batch,) = released.batch_ids
    return documents, str(stage.value("SELECT message_id FROM payment_batch WHERE id=:b", b=batch))


def hand_out(stage: Stage, message_id: str, user: str = "cashier") -> Download:
    """Take a file to the bank."""
    with db.transaction(stage.engine) as session:
        return files.hand_out(session, stage.rulebook, stage.clock, user, message_id)


def take_return(stage: Stage, message_id: str, content: bytes, user: str = "cashier") -> Returned:
    """Load a return file."""
    with db.transaction(stage.engine) as session:
        return files.take_return(session, stage.rulebook, stage.clock, user, message_id, content)
