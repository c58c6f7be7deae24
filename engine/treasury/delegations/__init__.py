"""Delegation of approval (授权): one person approves in another's place, for a time and a scope."""

from engine.treasury.delegations.models import Delegation

# Verdicts name the table: it is known wherever approvals are.
__all__ = ["Delegation"]
