"""Payments and collections on their way to the bank: grouped, released, followed."""

from engine.treasury.payments.answers import Answers
from engine.treasury.payments.candidates import Filters, ReleaseError
from engine.treasury.payments.channels import CASH, CHEQUE, DIRECT, FILE_CHANNELS, IN_BATCHES
from engine.treasury.payments.grouping import Payable, Plan, PlannedBatch, payables, plan
from engine.treasury.payments.listener import PaymentListener
from engine.treasury.payments.sending import (
    Released,
    ReleaseItem,
    preview,
    release,
    send_slot,
)
from engine.treasury.payments.slots import SLOT, register, slot_schedules

__all__ = [
    "CASH",
    "CHEQUE",
    "DIRECT",
    "FILE_CHANNELS",
    "IN_BATCHES",
    "SLOT",
    "Answers",
    "Filters",
    "Payable",
    "PaymentListener",
    "Plan",
    "PlannedBatch",
    "ReleaseError",
    "ReleaseItem",
    "Released",
    "payables",
    "plan",
    "preview",
    "register",
    "release",
    "send_slot",
    "slot_schedules",
]
