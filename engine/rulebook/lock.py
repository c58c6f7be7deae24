"""One writer of versions and revisions at a time: each builds on what was stored before."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session, func, select

_KEY = 0x51_0002


def lock_rulebook(session: Session) -> None:
    """Wait until no other transaction publishes or activates; held until this one ends."""
    session.exec(select(func.pg_advisory_xact_lock(sa.literal(_KEY, sa.BigInteger)))).one()
