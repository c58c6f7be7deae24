"""Making a payment batch: items become attempts, at most one live one per document."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.money import decimals
from engine.base.text import Text
from engine.machines.instruction.errors import InstructionError
from engine.runtime import actions
from engine.runtime.clock import business_date_of

SEND = "payment_batch.send"
"""Kind of the action that sends a batch."""

_ID = re.compile(r"[A-Za-z0-9-]{1,35}")


@dataclass(frozen=True, slots=True)
class ItemDraft:
    """One document to pay or collect. `amount` in minor units of the batch's currency."""

    document_id: int
    document_no: str
    content_hash: str
    amount: int
    counterparty_name: str
    counterparty_account: str
    counterparty_bank_code: str | None
    remittance: str


@dataclass(frozen=True, slots=True)
class BatchDraft:
    """One message to one bank about one own account. `direction` is pay or collect.

    Number, name and CNAPS code of the own account are copied into the batch: what was sent
    stays readable when the account's master data changes.
    """

    org_id: str
    account_id: int
    account_number: str
    account_name: str
    account_bank_code: str
    bank_id: str
    channel: str
    direction: str
    currency: str
    value_date: dt.date
    grouping_decision_id: int | None
    items: Sequence[ItemDraft]
    by_file: bool = False
    """A person hands it out as a file; no action ever sends it."""


def create_batch(session: Session, draft: BatchDraft, now: dt.datetime) -> int:
    """Write the batch with one READY attempt per item and enqueue its sending; return its id.

    A batch `by_file` waits for a person (engine.machines.instruction.files.hand_out).

    InstructionError EMPTY_BATCH, DOCUMENT_TWICE, AMOUNT_NOT_POSITIVE, INSTRUCTION_ID, or
    ALREADY_LIVE when a document has a live attempt elsewhere: nothing must be committed then.
    """
    _check(draft)
    connection = session.connection()
    batch_id = _insert_batch(connection, draft, now)
    _insert_attempts(connection, draft, batch_id, now)
    if not draft.by_file:
        key, payload = f"{SEND}:{batch_id}", {"batch_id": batch_id}
        actions.enqueue(session, SEND, key, payload, org_id=draft.org_id)
    return batch_id


def _check(draft: BatchDraft) -> None:
    decimals(draft.currency)
    if draft.direction not in ("pay", "collect"):
        raise InstructionError(
            "DIRECTION",
            Text(
                f"direction {draft.direction!r} is not known; use pay or collect",
                f"未知方向 {draft.direction!r};可用 pay 或 collect",
            ),
        )
    if not draft.items:
        raise InstructionError(
            "EMPTY_BATCH",
            Text(
                "a payment batch needs at least one document; select documents first",
                "支付批至少需要一张单据;请先选择单据",
            ),
        )
    seen: set[int] = set()
    for item in draft.items:
        if item.document_id in seen:
            raise InstructionError(
                "DOCUMENT_TWICE",
                Text(
                    f"document {item.document_no} is twice in the batch; name it once",
                    f"单据 {item.document_no} 在批内重复;请只列一次",
                ),
            )
        seen.add(item.document_id)
        if item.amount <= 0:
            raise InstructionError(
                "AMOUNT_NOT_POSITIVE",
                Text(
                    f"document {item.document_no} has amount {item.amount}; "
                    "only positive amounts can be instructed",
                    f"单据 {item.document_no} 金额为 {item.amount};只能支付或收取正数金额",
                ),
            )


_INSERT_BATCH = sa.text(
    """
    INSERT INTO payment_batch (org_id, message_id, bank_id, channel, direction, account_id,
        account_number, account_name, account_bank_code, currency, value_date,
        grouping_decision_id, item_count, total, created_at, id)
    SELECT :org_id, :prefix || lpad(n::text, greatest(6, length(n::text)), '0'),
        :bank_id, :channel, :direction, :account_id,
        :account_number, :account_name, :account_bank_code, :currency, :value_date,
        :grouping_decision_id, :item_count, :total, :now, n
    FROM nextval(pg_get_serial_sequence('payment_batch', 'id')) AS n
    RETURNING id
    """
)


def _insert_batch(connection: sa.Connection, draft: BatchDraft, now: dt.datetime) -> int:
    return int(
        connection.execute(
            _INSERT_BATCH,
            {
                "org_id": draft.org_id,
                "prefix": f"PB{business_date_of(now):%Y%m%d}-",
                "bank_id": draft.bank_id,
                "channel": draft.channel,
                "direction": draft.direction,
                "account_id": draft.account_id,
                "account_number": draft.account_number,
                "account_name": draft.account_name,
                "account_bank_code": draft.account_bank_code,
                "currency": draft.currency,
                "value_date": draft.value_date,
                "grouping_decision_id": draft.grouping_decision_id,
                "item_count": len(draft.items),
                "total": sum(item.amount for item in draft.items),
                "now": now,
            },
        ).scalar_one()
    )


# One statement for all items. A concurrent batch with the same document makes us wait at the
# one-live index and then insert nothing for it, which the count shows.
_INSERT_ATTEMPTS = sa.text(
    """
    WITH item AS (
        SELECT * FROM unnest(
            CAST(:document_ids AS bigint[]), CAST(:document_nos AS text[]),
            CAST(:hashes AS text[]), CAST(:amounts AS bigint[]), CAST(:names AS text[]),
            CAST(:accounts AS text[]), CAST(:bank_codes AS text[]), CAST(:remittances AS text[])
        ) WITH ORDINALITY AS i (document_id, document_no, content_hash, amount, name, account,
                                bank_code, remittance, place)
    ), numbered AS (
        SELECT item.*, 1 + coalesce((SELECT max(a.attempt_no) FROM attempt a
                                     WHERE a.document_id = item.document_id), 0) AS attempt_no
        FROM item
    )
    INSERT INTO attempt (org_id, batch_id, document_id, document_no, attempt_no, instruction_id,
        content_hash, amount, counterparty_name, counterparty_account, counterparty_bank_code,
        remittance, changed_at)
    SELECT :org_id, :batch_id, document_id, document_no, attempt_no,
        document_no || '-' || attempt_no, content_hash, amount, name, account, bank_code,
        remittance, :now
    FROM numbered ORDER BY place
    ON CONFLICT DO NOTHING
    RETURNING document_id
    """
)


def _insert_attempts(
    connection: sa.Connection, draft: BatchDraft, batch_id: int, now: dt.datetime
) -> None:
    for item in draft.items:
        # Room for the attempt's number; the bank takes 35 characters.
        if not _ID.fullmatch(f"{item.document_no}-999"):
            raise InstructionError(
                "INSTRUCTION_ID",
                Text(
                    f"document number {item.document_no!r} cannot be an instruction id; "
                    "use letters, digits and '-', 31 characters at most",
                    f"单据号 {item.document_no!r} 不能作为指令号;只用字母、数字和“-”,最多 31 位",
                ),
            )
    inserted = set(
        connection.execute(
            _INSERT_ATTEMPTS,
            {
                "org_id": draft.org_id,
                "batch_id": batch_id,
                "now": now,
                "document_ids": [item.document_id for item in draft.items],
                "document_nos": [item.document_no for item in draft.items],
                "hashes": [item.content_hash for item in draft.items],
                "amounts": [item.amount for item in draft.items],
                "names": [item.counterparty_name for item in draft.items],
                "accounts": [item.counterparty_account for item in draft.items],
                "bank_codes": [item.counterparty_bank_code for item in draft.items],
                "remittances": [item.remittance for item in draft.items],
            },
        ).scalars()
    )
    live = [item.document_no for item in draft.items if item.document_id not in inserted]
    if live:
        named = ", ".join(live[:10]) + (" …" if len(live) > 10 else "")
        raise InstructionError(
            "ALREADY_LIVE",
            Text(
                f"{named}: already under way or paid; wait for the outcome of the live attempt",
                f"{named}:已在支付中或已支付;请等待在途指令的结果",
            ),
        )
