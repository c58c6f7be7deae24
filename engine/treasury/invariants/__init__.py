"""What must never break, checked on the data themselves."""

from engine.treasury.invariants.checking import OK, check_invariants

__all__ = ["OK", "check_invariants"]
