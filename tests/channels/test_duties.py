"""Who made or approved a document never pays it, in whatever way, in whosever place he acted."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from engine.base.text import SluiceError
from engine.runtime import db
from engine.treasury import cash, cheques
from tests.channels.support import hand_out
from tests.channels.test_cash import open_desk
from tests.payments.stage import Stage
from tests.payments.world import Draft

Pay = Callable[[Stage, int, str], str | None]
DELEGATION = """
INSERT INTO user_account (id, org_id, name) VALUES ('vice', 'GROUP', 'vice');
INSERT INTO role_grant (user_id, role, org_id) VALUES
  ('vice', 'reviewer', 'GROUP'), ('vice', 'cashier', 'GROUP'), ('boss', 'cashier', 'GROUP'),
  ('claims', 'cashier', 'GROUP');
INSERT INTO delegation (org_id, principal, delegate, valid_from, valid_until, given_by, given_at,
  reason) VALUES ('GROUP', 'boss', 'vice', '2026-11-23', '2026-11-30', 'boss',
  '2026-11-23 00:00+00', 'leave');
"""
"""The product refuses such grants to one person; duties hold without it too."""


def release(stage: Stage, document: int, user: str) -> str | None:
    """Order a bank payment."""
    return stage.release(document, user=user).items[0].code


def hand_over(stage: Stage, document: int, user: str) -> str | None:
    """Carry a file to the bank that another person made."""
    (batch,) = stage.release(document, user="cashier").batch_ids
    number = str(stage.value("SELECT message_id FROM payment_batch WHERE id = :id", id=batch))
    try:
        hand_out(stage, number, user)
    except SluiceError as error:
        return error.code
    return None


def pay_cash(stage: Stage, document: int, user: str) -> str | None:
    """Confirm what was paid at the desk."""
    with db.transaction(stage.engine) as session:
        done = cash.confirm(session, stage.rulebook, user, [document], stage.clock)
    return done[0].code


def ask_cheque(stage: Stage, document: int, user: str) -> str | None:
    """Hand it over to a cheque."""
    with db.transaction(stage.engine) as session:
        return cheques.request(session, user, [document], stage.clock.now())[0].code


WAYS: dict[str, tuple[str, Pay]] = {
    "bank": ("bank_direct", release),
    "file ordered": ("bank_file", release),
    "file handed out": ("bank_file", hand_over),
    "cash": ("cash", pay_cash),
    "cheque": ("cheque", ask_cheque),
}


@pytest.fixture
def approved(stage: Stage, superuser_url: str) -> Callable[[str], int]:
    """A document that vice approved in the place of boss, and claims made."""

    def make(channel: str) -> int:
        account = None if channel == "cash" else stage.world.pay_account
        (document,) = stage.make(Draft(1, channel=channel, account=account))  # type: ignore[arg-type]
        with db.make_engine(superuser_url, pooled=False).begin() as connection:
            for statement in DELEGATION.split(";\n"):
                if statement.strip():
                    connection.execute(sa.text(statement))
            connection.execute(sa.text("SET session_replication_role = replica"))
            connection.execute(
                sa.text(
                    "UPDATE approval_verdict SET user_id = 'vice', on_behalf_of = 'boss', "
                    "delegation_id = (SELECT max(id) FROM delegation)"
                )
            )
        return document

    return make


@pytest.mark.parametrize("user", ["boss", "vice", "claims"])
@pytest.mark.parametrize("way", WAYS)
def test_principal_delegate_and_maker_pay_nothing(
    stage: Stage, approved: Callable[[str], int], way: str, user: str
) -> None:
    open_desk(stage, 50_000)
    channel, pay = WAYS[way]
    document = approved(channel)
    assert pay(stage, document, user) == "FOUR_EYES"
    assert stage.states([document]) == ["UNPAID"]


@pytest.mark.parametrize("way", WAYS)
def test_another_person_pays(stage: Stage, approved: Callable[[str], int], way: str) -> None:
    open_desk(stage, 50_000)
    channel, pay = WAYS[way]
    assert pay(stage, approved(channel), "cashier") is None
