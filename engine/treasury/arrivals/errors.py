"""What a person's decision about an arrival can be refused with."""

from __future__ import annotations

from engine.base.text import SluiceError


class ArrivalError(SluiceError):
    """A decision about a line or a match that cannot be taken."""
