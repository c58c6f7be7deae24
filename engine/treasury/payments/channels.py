"""How documents leave, by the channel that routing gave them (docs/channels.md)."""

from __future__ import annotations

DIRECT = "bank_direct"
"""Leaves as a message to the bank."""

FILE_CHANNELS = frozenset({"bank_file", "ebank"})
"""Leave as a file that a person takes to the bank."""

IN_BATCHES = FILE_CHANNELS | {DIRECT}
"""Channels whose documents travel in payment batches."""

CASH = "cash"
"""Paid at the cash desk."""

CHEQUE = "cheque"
"""Paid by a cheque."""
