"""The invariants hold after a mixed day, and each of them is able to fail."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from engine.runtime import db
from engine.runtime.clock import ManualClock
from engine.runtime.postgres import EmbeddedServer
from engine.treasury.invariants import check_invariants
from tests.copies import create_copy, drop_copy
from tests.payments.stage import MORNING, staged
from tests.payments.world import CNAPS_A, Draft

BAD = "6222009999"


@pytest.fixture(scope="session")
def played(
    postgres_server: EmbeddedServer, prepared: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A database in which a day was played: paid, collected, refused, unknown, bounced."""
    name = f"d_{uuid.uuid4().hex[:16]}"
    create_copy(postgres_server, name, prepared)
    made = db.make_engine(postgres_server.url(name), pooled=False)
    folder = tmp_path_factory.mktemp("played")
    with staged(made, ManualClock(MORNING), folder) as stage:
        bank = stage.banks["bank_a"]
        bank.accounts(
            {"number": BAD, "name": "x", "kind": "external", "refuse": "AC04"}
            | {"bank_code": CNAPS_A}
        )
        bank.fault("reset_after")
        account = stage.world.pay_account
        documents = stage.make(
            *(Draft(n, 100 * n, account=account) for n in range(1, 5)),
            Draft(5, account=account, counterparty_account=BAD),
            Draft(6, account=stage.world.second_account),
            Draft(
                7,
                account=stage.world.collect_account,
                direction="collect",
                business_type="premium",
            ),
        )
        stage.release()
        stage.settle()
        stage.cut()
        bank.admin("bounce", {"instruction_id": "D20261123-000001-1", "reason": "AC04"})
        stage.cut()
        assert stage.states(documents) == [
            "BOUNCED",
            *["CONFIRMED"] * 3,
            "RETURNED",
            *["CONFIRMED"] * 2,
        ]
    made.dispose()
    yield name
    drop_copy(postgres_server, name)


@pytest.fixture
def database_url(postgres_server: EmbeddedServer, played: str) -> Iterator[str]:
    """URL of a copy of the played day."""
    name = f"t_{uuid.uuid4().hex[:16]}"
    create_copy(postgres_server, name, played)
    yield postgres_server.url(name)
    drop_copy(postgres_server, name)


def _check(engine: sa.Engine) -> dict[str, str]:
    with db.transaction(engine) as session:
        return check_invariants(session)


def test_all_invariants_hold_after_a_mixed_day(engine: sa.Engine) -> None:
    found = _check(engine)
    assert {name: said for name, said in found.items() if said != "ok"} == {}
    assert {"I1", "I3", "I4", "I6", "I7", "I8", "I9", "I10", "I11", "I14", "I18"} <= set(found)


DAMAGE = {
    "I1 unbalanced": "UPDATE voucher_line SET debit = debit + 1 WHERE debit > 0",
    "I1 one line": "DELETE FROM voucher_line WHERE line_no = 2",
    "I3 two live": "DROP INDEX attempt_one_live; UPDATE attempt SET document_no = "
    "'D20261123-000002' WHERE state = 'CONFIRMED'",
    "I4 no evidence": "INSERT INTO attempt_event (org_id, attempt_id, from_state, to_state, at) "
    "SELECT org_id, id, 'UNKNOWN', 'PAID', now() FROM attempt LIMIT 1",
    "I5 taken twice": "ALTER TABLE document DROP CONSTRAINT "
    "document_source_system_source_document_no_key; UPDATE document SET source_document_no = 'C1'",
    "I6 maker approves": "UPDATE approval_verdict SET user_id = 'claims'",
    "I6 maker releases": "UPDATE audit_entry SET actor = 'claims'",
    "I7 other amount sent": "UPDATE attempt SET amount = amount + 1",
    "I7 changed after approval": "UPDATE document SET purpose = 'other'",
    "I7 never approved": "DELETE FROM approval_verdict",
    "I8 bank message": "ALTER TABLE bank_message DROP CONSTRAINT bank_message_check; "
    "UPDATE bank_message SET payload = 'other'",
    "I8 statement": 'UPDATE statement SET content = content || \'{"date": "2026-11-01"}\'',
    "I8 guard off": "ALTER TABLE voucher DISABLE TRIGGER append_only",
    "I9 forbidden step": "UPDATE document_event SET from_state = 'VOID' WHERE to_state = 'PAID'",
    "I9 state without step": "UPDATE document SET state = 'UNPAID'",
    "I9 attempt step": "UPDATE attempt_event SET from_state = 'BOUNCED' WHERE to_state = 'PAID'",
    "I10 unequal": "UPDATE match_item SET amount = amount + 1 WHERE side = 'item'",
    "I10 two live": "DROP INDEX match_item_one_live; UPDATE match_item SET ref_id = 1 "
    "WHERE kind = 'statement_line'",
    "I10 number twice": "ALTER TABLE match_group DROP CONSTRAINT match_group_match_no_key; "
    "UPDATE match_group SET match_no = 'MN-20261123-000001-X'",
    "I10 not matched": "UPDATE match_item SET live = false WHERE kind = 'document'",
    "I11 line changed": "UPDATE statement_line SET amount = amount + 1",
    "I11 line cut": "DELETE FROM statement_line WHERE id = 1",
    "I14 not exact": "UPDATE voucher_line SET account = '112201' WHERE voucher_id IN "
    "(SELECT id FROM voucher WHERE reversal_of IS NOT NULL)",
    "I14 not reversed": "DELETE FROM voucher WHERE reversal_of IS NOT NULL",
    "I16 frozen": "INSERT INTO audit_entry (at, actor, action, subject_kind, subject_id, after) "
    "SELECT '2026-01-01', 'boss', 'account.state', 'bank_account', CAST(id AS text), "
    '\'{"state": "frozen"}\' FROM bank_account',
    "I16 nature": "UPDATE bank_account SET nature = 'guarantee_deposit'",
    "I17 other rows": "UPDATE decision SET rows = '[\"X9\"]'",
    "I18 not live": "DELETE FROM revision_item",
    "I18 text": "UPDATE ruleset_version SET text = text || '#'",
    "I19 nobody sends": "DELETE FROM action WHERE kind = 'outbox.deliver'",
    "I19 never told": "DELETE FROM outbox_message WHERE body ->> 'status' = 'CONFIRMED'",
    "I19 unanswered": "INSERT INTO inbox_message (source, message_id, payload_hash, received_at) "
    "VALUES ('claims', 'M1', 'x', now())",
    "I23 currency": "UPDATE voucher SET currency = 'USD'",
}


@pytest.mark.parametrize("case", sorted(DAMAGE))
def test_damage_is_named(engine: sa.Engine, superuser_url: str, case: str) -> None:
    tamper = db.make_engine(superuser_url, pooled=False)
    with tamper.begin() as connection:
        connection.execute(sa.text("SET session_replication_role = replica"))
        for statement in DAMAGE[case].split("; "):
            connection.exec_driver_sql(statement)
    assert _check(engine)[case.split()[0]] != "ok"


def test_a_sentence_names_examples_in_both_languages(engine: sa.Engine, superuser_url: str) -> None:
    with db.make_engine(superuser_url, pooled=False).begin() as connection:
        connection.execute(sa.text("SET session_replication_role = replica"))
        connection.execute(sa.text("DELETE FROM outbox_message"))
    with db.transaction(engine) as session:
        en, zh = (check_invariants(session, lang)["I19"] for lang in ("en", "zh"))
    assert en.startswith("finished documents their source never hears of: D20261123-000001")
    assert en.endswith("and 2 more")
    assert zh.startswith("未通知来源系统的完结单据: D20261123-000001")
