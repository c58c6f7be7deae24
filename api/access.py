"""Whose account numbers a user sees in full."""

from __future__ import annotations

from sqlmodel import Session

from engine.treasury.organisations.grants import visible_orgs
from engine.treasury.organisations.permissions import Permission

NEEDS_ACCOUNT_NUMBERS: tuple[Permission, ...] = (
    "documents.submit",
    "payments.release",
    "approvals.decide",
    "statements.reconcile",
    "audit.read",
)
"""Permissions of people who must check an account number digit by digit. Everybody else who may
read documents or accounts sees the first and last four digits."""


def unmasked_orgs(session: Session, user_id: str) -> frozenset[str]:
    """Organisations whose account numbers the user sees in full."""
    seen = (visible_orgs(session, user_id, one) for one in NEEDS_ACCOUNT_NUMBERS)
    return frozenset().union(*seen)
