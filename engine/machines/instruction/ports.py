"""What the machine asks of the capability that owns the documents, and what it tells it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from sqlmodel import Session

from engine.base.text import Text
from engine.machines.instruction.states import AttemptState

SENDER_LOST = Text("the sender stopped before it kept an answer", "发送进程在保存银行应答前中断")
"""Of attempts whose sending nobody saw end."""


class Handling(StrEnum):
    """What is to be done after a bank's answer (ruleset kind failure)."""

    RETRY_INSIDE = "retry_inside"
    RETURN_TO_SOURCE = "return_to_source"
    QUERY = "query"
    CONFIRM = "confirm"
    REVIEW = "review"


class RuledStatus(StrEnum):
    """How a ruleset reads a bank's code."""

    PAID = "paid"
    FAILED = "failed"
    PENDING = "pending"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an item must not leave: it is taken out of its batch before sending."""

    code: str
    text: Text


@dataclass(frozen=True, slots=True)
class AttemptChange:
    """One transition of an attempt. `bank_text` is the bank's or a person's word, or
    our own sentence in English; then `bank_text_zh` says it in Chinese."""

    attempt_id: int
    document_id: int
    batch_id: int
    instruction_id: str
    old: AttemptState
    new: AttemptState
    bank_code: str | None
    bank_text: str | None
    bank_text_zh: str | None
    handling: Handling | None
    decision_id: int | None
    evidence_id: int | None
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class BankAnswer:
    """A bank's word about one attempt, to be read by the failure ruleset."""

    attempt_id: int
    document_id: int
    org_id: str
    bank_id: str
    direction: str
    """pay | collect"""
    attempt_no: int
    amount: int
    """Minor units."""
    currency: str
    bank_code: str | None
    """The bank's status: RJCT, ACSC, 0000, E201 …"""
    reason_code: str | None
    """Its reason within the status: AM04 of RJCT."""
    text: str | None


@dataclass(frozen=True, slots=True)
class Ruling:
    """How the failure ruleset reads a BankAnswer."""

    status: RuledStatus
    handling: Handling | None
    decision_id: int | None = None


class Listener(Protocol):
    """The owner of the documents, told inside the machine's own transactions."""

    def before_send(self, session: Session, document_ids: Sequence[int]) -> Mapping[int, Refusal]:
        """The documents that must not leave now (content hash, holds, account state)."""
        ...

    def on_attempts(self, session: Session, changes: Sequence[AttemptChange]) -> None:
        """Carry transitions over to the documents. LATE_SUCCESS is an incident."""
        ...


class Classifier(Protocol):
    """Reads bank codes by the ruleset kind failure."""

    def __call__(self, session: Session, answers: Sequence[BankAnswer]) -> Sequence[Ruling]:
        """One ruling per answer, in the same order."""
        ...
