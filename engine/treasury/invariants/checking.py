"""Checking the invariants on a database as it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sqlalchemy as sa
from sqlmodel import Session

from engine.base.text import Lang, Text
from engine.rulebook import replay
from engine.runtime.jsontypes import check_object, content_hash
from engine.treasury.documents.content import submitted_hashes
from engine.treasury.invariants.queries import QUERIES

OK = "ok"
NAMED = 5
"""Offenders a sentence names; it says how many more there are."""

REPLAYED = 2_000
"""Decisions decided again, the latest ones: replaying a year would take a year's time."""


def check_invariants(session: Session, lang: Lang = "en") -> dict[str, str]:
    """Per invariant "ok", or a sentence that says what is wrong and names examples.

    Reads only; sees what the session's transaction sees. Invariants about matters that do not
    exist yet (sweeps, plans, cheques, cash) are not listed.
    """
    session.flush()
    found: dict[str, list[str]] = {name: [] for name in QUERIES}
    for name, queries in QUERIES.items():
        for query in queries:
            _note(
                found[name], query.text, list(session.execute(sa.text(query.sql)).scalars()), lang
            )
    for name, (text, offenders) in _BY_CODE.items():
        _note(found.setdefault(name, []), text, offenders(session), lang)
    ordered = sorted(found.items(), key=lambda one: int(one[0][1:]))
    return {name: "; ".join(said) or OK for name, said in ordered}


def _note(said: list[str], text: Text, offenders: list[object], lang: Lang) -> None:
    if not offenders:
        return
    named = ", ".join(sorted(map(str, offenders))[:NAMED])
    more = len(offenders) - NAMED
    tail = Text(f" and {more} more", f" 等另外 {more} 项") if more > 0 else Text("", "")
    said.append(f"{text.say(lang)}: {named}{tail.say(lang)}")


def _changed_after_approval(session: Session) -> list[object]:
    """Documents that are not what was approved, computed from the rows as they stand."""
    rows = session.execute(
        sa.text(
            "SELECT id, document_no, content_hash FROM document WHERE state IN ('UNPAID', "
            "'SENDING', 'PROCESSING', 'UNKNOWN', 'PAID', 'FAILED', 'CONFIRMED', 'BOUNCED')"
        )
    ).all()
    hashes = submitted_hashes(session, [row.id for row in rows])
    return [row.document_no for row in rows if hashes[row.id] != row.content_hash]


def _changed_statements(session: Session) -> list[object]:
    """Statements whose content is not what was hashed when they came."""
    rows = session.execute(sa.text("SELECT id, content, content_hash FROM statement"))
    return [row.id for row in rows if content_hash(check_object(row.content)) != row.content_hash]


def _decided_differently(session: Session) -> list[object]:
    """Recorded decisions that come out otherwise when decided again."""
    ids = session.execute(
        sa.text("SELECT id FROM decision ORDER BY id DESC LIMIT :most"), {"most": REPLAYED}
    ).scalars()
    return [one.decision_id for one in replay(session, list(ids))]


_BY_CODE: Mapping[str, tuple[Text, Callable[[Session], list[object]]]] = {
    "I7": (Text("documents changed after approval", "审批后被改动的单据"), _changed_after_approval),
    "I8": (Text("statements that were changed", "被改动的对账单"), _changed_statements),
    "I17": (Text("decisions that replay otherwise", "重放结果不同的决策"), _decided_differently),
}
