"""5,000 decisions with their log rows in a couple of seconds."""

from __future__ import annotations

import time

import sqlalchemy as sa

from engine.rulebook import Matter, Rulebook, sync_folder
from engine.runtime import db
from tests.rulebook.support import NOW, SH, SHIPPED, TODAY, payment


def test_five_thousand_decisions_are_recorded_within_seconds(engine: sa.Engine) -> None:
    book = Rulebook()
    with db.transaction(engine) as session:
        sync_folder(session, SHIPPED, author="ana", approver="rex", reason="first", now=NOW)
    began = time.perf_counter()
    with db.transaction(engine) as session:
        pinned = book.at(session)
        for number in range(5000):
            pinned.decide(
                session,
                "approval",
                "payment",
                payment(100_00 + number),
                org_path=SH,
                on=TODAY,
                matter=Matter("document", str(number)),
                now=NOW,
            )
    seconds = time.perf_counter() - began
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM decision")).scalar_one() == 5000
    assert seconds < 10, f"{seconds:.1f} s"
