"""Bank layouts in the product: drafts with samples, versions two persons answer for, what is live.

for_use(session, Use.STATEMENT, org_id, on)            # live layouts, the nearest organisation's
the_one(session, Use.PAYMENT_ORDER, bank, org_id, on)  # what a file is written by
keep(session, one, now)                                # its hash, readable for ever
"""

from engine.treasury.layouts.catalogue import Live, by_hash, for_use, keep, live, the_one
from engine.treasury.layouts.errors import LayoutError

__all__ = ["LayoutError", "Live", "by_hash", "for_use", "keep", "live", "the_one"]
