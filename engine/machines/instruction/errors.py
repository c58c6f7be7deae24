"""The machine's refusals."""

from __future__ import annotations

from engine.base.text import SluiceError


class InstructionError(SluiceError):
    """A batch, attempt or resolution that the machine does not take."""
