"""One row that cannot be judged is told, and those behind it are judged as ever."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from engine.runtime import db
from engine.runtime.db import transaction
from tests.monitor.test_events import LOW
from tests.monitor.world import Group
from tests.payments.world import Draft

ALTERED = (
    "rows = '5'",
    "rows = 'null'",
    "rows = '[null]'",
    "matter_id = 'x1'",
    "matter_id = repeat('9', 30)",
    "facts = '[]'",
    "facts = 'null'",
    "facts = jsonb_set(facts, '{amount}', to_jsonb(repeat('9', 6000)))",
    "facts = jsonb_set(facts, '{amount}', CAST(repeat('9', 6000) AS jsonb))",
    "facts = jsonb_set(facts, '{amount}', '[]')",
    "facts = jsonb_set(facts, '{amount}', '\"1e999999\"')",
    "outcome = CAST(repeat('9', 400) || '.5' AS jsonb)",
    "outcome = 'null'",
    "business_date = 'infinity'",
    "decided_at = 'infinity'",
    "decided_at = '0044-03-15 BC'",
    "rows = '5', org_id = 'NOWHERE'",
)


def _altered(url: str, table: str, change: str, key: int) -> None:
    with db.make_engine(url, pooled=False).begin() as c:
        c.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER append_only"))
        c.execute(sa.text(f"UPDATE {table} SET {change} WHERE id = :id"), {"id": key})


def test_an_altered_decision_is_a_disagreement_and_the_next_ones_are_judged(
    group: Group, superuser_url: str
) -> None:
    account = group.accounts.pay_account
    documents = group.documents(*(Draft(n + 1, account=account) for n in range(len(ALTERED) + 1)))
    decisions = [group.decide(document) for document in documents]
    for change, decision in zip(ALTERED, decisions, strict=False):
        _altered(superuser_url, "decision", change, decision)
    done = group.monitor().run_until_idle()
    assert (done.decisions, done.disagreements) == (len(decisions), len(ALTERED))
    told = group.rows("SELECT code, decision_id FROM alert ORDER BY decision_id")
    assert told == [("ENGINE_DISAGREES", one) for one in decisions[:-1]]
    assert group.rows("SELECT disagreed FROM monitor_cursor WHERE name = 'decisions'") == [
        (len(ALTERED),)
    ]
    # What is known to be about a document holds it, readable or not.
    assert group.rows("SELECT count(*) FROM document_hold") == [(len(ALTERED) - 2,)]


@pytest.mark.parametrize(
    "change",
    [
        "facts = '[]'",
        "facts = jsonb_set(facts, '{balance}', to_jsonb(repeat('9', 6000)))",
        "facts = jsonb_set(facts, '{balance}', CAST(repeat('9', 6000) AS jsonb))",
        "business_date = 'infinity'",
        "occurred_at = 'infinity'",
    ],
)
def test_an_event_that_cannot_be_read_is_told_and_the_next_one_is_judged(
    group: Group, superuser_url: str, change: str
) -> None:
    group.balance(group.accounts.pay_account, LOW)
    ((event,),) = group.rows("SELECT id FROM event")
    assert isinstance(event, int)
    _altered(superuser_url, "event", change, event)
    group.balance(group.accounts.second_account, LOW)
    assert group.monitor().run_until_idle().events == 2
    assert sorted(str(alert[0]) for alert in group.alerts()) == ["B1", "EVENT_UNDECIDED"]
    ((said,),) = group.rows("SELECT message_en FROM alert WHERE code = 'EVENT_UNDECIDED'")
    assert f"event {event}" in str(said)


def test_an_event_of_a_revision_that_cannot_be_read_stops_nothing(
    group: Group, superuser_url: str
) -> None:
    group.balance(group.accounts.pay_account, LOW)
    with transaction(group.engine) as session:
        for statement in _NEXT_REVISION:
            session.execute(sa.text(statement))
    with db.make_engine(superuser_url, pooled=False).begin() as c:
        c.execute(sa.text("ALTER TABLE vocabulary_version DISABLE TRIGGER USER"))
        c.execute(sa.text("UPDATE vocabulary_version SET text = 'nonsense: [' WHERE author = 'a'"))
    group.balance(group.accounts.second_account, LOW)
    document = group.documents(Draft(1, account=group.accounts.pay_account))[0]
    with transaction(group.engine) as session:
        session.execute(sa.text(_LIKE_THE_FIRST))
        session.execute(sa.text(_ITEMS.format("min(id)")))
    group.decide(document)
    done = group.monitor().run_until_idle()
    assert (done.events, done.decisions) == (2, 2)
    assert sorted(str(alert[0]) for alert in group.alerts()) == ["B1", "EVENT_UNDECIDED"]


_LIKE_THE_FIRST = """
INSERT INTO revision (org_id, vocabulary_hash, activated_by, approved_by, reason, activated_at)
SELECT org_id, vocabulary_hash, 'a', 'b', 'r', now() FROM revision ORDER BY id LIMIT 1"""
_ITEMS = """
INSERT INTO revision_item (revision_id, ruleset_hash, org_id, since)
SELECT r.last, i.ruleset_hash, i.org_id, r.last
FROM revision_item i, (SELECT max(id) AS last, {} AS first FROM revision) r
WHERE i.revision_id = r.first"""
_NEXT_REVISION = (
    "INSERT INTO vocabulary_version (hash, org_id, text, author, reviewer, reason, created_at) "
    "SELECT repeat('0', 64), org_id, text, 'a', 'b', 'r', now() FROM vocabulary_version LIMIT 1",
    "INSERT INTO revision (org_id, vocabulary_hash, activated_by, approved_by, reason, "
    "activated_at) VALUES ('GROUP', repeat('0', 64), 'a', 'b', 'r', now())",
    _ITEMS.format("min(id)"),
)
