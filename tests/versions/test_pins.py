"""What has begun goes on by the rules it began with."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session

from engine.rulebook import Rulebook
from engine.rulebook.reloading import reload_signed
from engine.runtime import db
from engine.runtime.clock import ManualClock
from engine.treasury.intake.run import start
from tests.treasury_intake.support import bring_in, build_group, publish_shipped, row
from tests.versions.support import grant_role, signed_next


def routes(session: Session) -> dict[str, list[str]]:
    """Document -> roles of its approval steps."""
    rows = session.execute(
        sa.text("""
            SELECT d.source_document_no, s.role FROM approval_step s
            JOIN approval_request r ON r.id = s.request_id
            JOIN document d ON r.subject_kind = 'document' AND r.subject_id = d.id
            ORDER BY d.id, s.position""")
    )
    found: dict[str, list[str]] = {}
    for number, role in rows:
        found.setdefault(number, []).append(role)
    return found


def test_approvals_keep_the_route_they_began_with_and_new_ones_take_the_new(
    engine: sa.Engine, clock: ManualClock
) -> None:
    with db.transaction(engine) as session:
        publish_shipped(session, clock)
        hashes = signed_next(session, clock, 2)
    book = Rulebook()
    with db.transaction(engine) as session:
        build_group(session)
        grant_role(session, "imports", "accountant")
        before = start(session, book, clock.now())
        bring_in(session, book, clock, [row(1, amount="420000.00")], user="imports")
    with db.transaction(engine) as session:
        reload_signed(session, [hashes[1]], by="oli", reason="lower", now=clock.now())
        # A pass that began before goes on by the revision it pinned.
        assert before.pinned.revision == 1
        assert start(session, book, clock.now()).pinned.revision == 2
        other = row(2, amount="420000.00", counterparty_name="演示客户二")
        bring_in(session, book, clock, [other], user="imports")
        assert routes(session) == {
            "CL-00001": ["reviewer", "finance_manager"],
            "CL-00002": ["reviewer", "finance_manager", "cfo"],
        }
