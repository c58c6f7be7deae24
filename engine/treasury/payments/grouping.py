"""Which documents travel to the bank together: by the grouping rules, at the time of sending.

The plan depends on the documents and the rulesets alone, never on the order they are given in,
and executing carries out exactly the plan that a preview shows.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.text import SluiceError, Text
from engine.rulebook import Considered, Pinned
from engine.rules.kinds import grouping


@dataclass(frozen=True, slots=True)
class Payable:
    """An approved document with its route. `amount` in minor units."""

    id: int
    document_no: str
    org_id: str
    org_path: tuple[str, ...]
    org_level: str
    direction: str
    business_type: str
    creditor_type: str | None
    amount: int
    currency: str
    urgency: str
    channel: str
    content_hash: str
    counterparty_name: str
    counterparty_account: str
    counterparty_bank_code: str | None
    purpose: str | None
    account_id: int
    account_org_id: str
    account_number: str
    account_name: str
    account_bank_code: str
    bank_id: str

    @property
    def same_bank(self) -> bool:
        """Whether the counterparty's branch belongs to our account's bank (first CNAPS digits)."""
        return (self.counterparty_bank_code or "")[:3] == self.account_bank_code[:3]


@dataclass(frozen=True, slots=True)
class PlannedBatch:
    """One message to one bank about one own account, items in order of document number."""

    row: str | None
    """Row of the grouping ruleset."""
    value_date: dt.date
    items: tuple[Payable, ...]

    @property
    def total(self) -> int:
        """Sum of the items, minor units."""
        return sum(item.amount for item in self.items)


@dataclass(frozen=True, slots=True)
class Undecided:
    """A document no rule groups: it waits, it never passes."""

    document: Payable
    code: str
    text: Text


@dataclass(frozen=True, slots=True)
class Plan:
    """Every document is in exactly one batch or undecided."""

    batches: tuple[PlannedBatch, ...]
    undecided: tuple[Undecided, ...]
    considered: dict[int, Considered]
    """What the ruleset said, by document id: to be recorded when the plan is carried out."""


_PAYABLES = sa.text("""
SELECT d.id, d.document_no, d.org_id, string_to_array(o.path, '/') AS org_path,
       o.level AS org_level, d.direction, d.business_type, d.creditor_type, d.amount, d.currency,
       d.urgency, d.channel, d.content_hash, d.counterparty_name, d.counterparty_account,
       d.counterparty_bank_code, d.purpose, a.id AS account_id, a.org_id AS account_org_id,
       a.number AS account_number, a.name AS account_name, a.cnaps AS account_bank_code, a.bank_id
FROM document d
JOIN organisation o ON o.id = d.org_id
JOIN bank_account a ON a.id = d.account_id
WHERE d.id = ANY(:ids)
ORDER BY d.document_no, d.id
""")


def payables(session: Session, document_ids: Sequence[int]) -> list[Payable]:
    """The documents with their routes, in order of document number; unrouted ones are missing."""
    rows = session.execute(_PAYABLES, {"ids": list(document_ids)}).mappings()
    return [Payable(**{**row, "org_path": tuple(row["org_path"])}) for row in rows]


def plan(pinned: Pinned, documents: Sequence[Payable], value_date: dt.date) -> Plan:
    """Group `documents` for sending on `value_date` (a business date). Writes nothing."""
    considered: dict[int, Considered] = {}
    undecided: list[Undecided] = []
    keyed: dict[tuple[object, ...], list[tuple[Payable, grouping.Grouping]]] = defaultdict(list)
    rows: dict[tuple[object, ...], str | None] = {}
    for document in sorted(documents, key=lambda one: (one.document_no, one.id)):
        try:
            found = _ask(pinned, document, value_date)
        except SluiceError as error:
            undecided.append(Undecided(document, error.code, error.text))
            continue
        outcome = _outcome(found)
        if outcome is None:
            undecided.append(Undecided(document, "NO_GROUPING", _no_row(document)))
            continue
        considered[document.id] = found
        key = _key(document, outcome, found)
        rows[key] = found.rows[0] if found.rows else None
        keyed[key].append((document, outcome))
    batches = [
        PlannedBatch(rows[key], value_date, chunk)
        for key, members in keyed.items()
        for chunk in _chunks([one for one, _ in members], members[0][1])
    ]
    batches.sort(key=lambda batch: batch.items[0].document_no)
    return Plan(tuple(batches), tuple(undecided), considered)


def _ask(pinned: Pinned, document: Payable, on: dt.date) -> Considered:
    facts: grouping.PaymentToGroup | grouping.CollectionToGroup
    if document.direction == "collect":
        subject = "collection"
        facts = grouping.CollectionToGroup(
            amount=document.amount,
            currency=document.currency,
            channel=document.channel,
            bank=document.bank_id,
            urgency=document.urgency,
            business_type=document.business_type,
            same_bank=document.same_bank,
            org_level=document.org_level,
        )
    else:
        subject = "payment"
        facts = grouping.PaymentToGroup(
            amount=document.amount,
            currency=document.currency,
            channel=document.channel,
            bank=document.bank_id,
            urgency=document.urgency,
            business_type=document.business_type,
            creditor_type=document.creditor_type or "",
            same_bank=document.same_bank,
            org_level=document.org_level,
        )
    return pinned.consider("grouping", subject, facts, org_path=document.org_path, on=on)


def _outcome(considered: Considered) -> grouping.Grouping | None:
    for outcome in considered.outcomes:
        if isinstance(outcome, grouping.Grouping):
            return outcome
    return None


def _key(
    document: Payable, outcome: grouping.Grouping, considered: Considered
) -> tuple[object, ...]:
    """What documents of one batch share: what a message must, then what the rule asks for."""
    message = (document.direction, document.bank_id, document.account_id, document.currency)
    rule = (considered.live.ruleset.hash, considered.rows, outcome.max_items, outcome.max_amount)
    if outcome.mode == "single":
        return (*message, document.channel, *rule, document.id)
    asked = {
        "debtor_account": document.account_id,
        "creditor_account": document.account_id,
        "currency": document.currency,
        "value_date": None,  # one plan has one value date
        "channel": document.channel,
        "bank": document.bank_id,
        "same_bank": document.same_bank,
        "urgency": document.urgency,
        "business_type": document.business_type,
        "org": document.org_id,
    }
    return (*message, document.channel, *rule, *(asked[key] for key in outcome.batch_by or ()))


def _chunks(documents: Sequence[Payable], outcome: grouping.Grouping) -> list[tuple[Payable, ...]]:
    """Cut in order: a batch ends before the item that would break a limit.

    An item that breaks the amount limit by itself travels alone.
    """
    chunks: list[list[Payable]] = []
    total = 0
    for document in documents:
        full = not chunks or (
            outcome.max_items is not None and len(chunks[-1]) >= outcome.max_items
        )
        if full or (
            outcome.max_amount is not None and total + document.amount > outcome.max_amount
        ):
            chunks.append([])
            total = 0
        chunks[-1].append(document)
        total += document.amount
    return [tuple(chunk) for chunk in chunks]


def _no_row(document: Payable) -> Text:
    return Text(
        f"no row of the grouping ruleset takes document {document.document_no}; add one",
        f"组批规则没有适用于单据 {document.document_no} 的行;请补充",
    )
