"""A wrong confirmation is undone by two persons, exactly and once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from api.app import create_app
from api.services import Services
from engine.base.text import SluiceError
from engine.runtime import db
from engine.treasury import arrivals
from engine.treasury.arrivals import Proof
from engine.treasury.organisations.signin import set_token
from tests.payments.stage import Stage
from tests.payments.world import Draft

PROOF = Proof("letter.txt", "银行来函".encode())


@pytest.fixture
def confirmed(stage: Stage) -> int:
    """A document whose arrival the rules confirmed."""
    (document,) = stage.make(Draft(1, account=stage.world.pay_account))
    stage.release(document)
    stage.settle()
    stage.cut()
    assert stage.states([document]) == ["CONFIRMED"]
    return document


def _match_no(stage: Stage) -> str:
    return str(stage.value("SELECT match_no FROM match_group ORDER BY id DESC LIMIT 1"))


def _propose(stage: Stage, user: str = "accountant", proof: Proof = PROOF, why: str = "x") -> int:
    number = _match_no(stage)
    with db.transaction(stage.engine) as session:
        return arrivals.propose_reversal(session, user, number, why, proof, stage.clock.now())


def _decide(
    stage: Stage, reversal: int, user: str = "auditor", *, approve: bool = True, reason: str = ""
) -> str:
    with db.transaction(stage.engine) as session:
        return arrivals.decide_reversal(
            session, user, reversal, approve=approve, reason=reason, now=stage.clock.now()
        )


def _code(act: Callable[[], object]) -> str:
    with pytest.raises(SluiceError) as caught:
        act()
    return caught.value.code


def test_two_persons_undo_a_wrong_confirmation_whole(stage: Stage, confirmed: int) -> None:
    number = _match_no(stage)
    told = stage.value("SELECT count(*) FROM outbox_message")
    reversal = _propose(stage)
    assert stage.states([confirmed]) == ["CONFIRMED"], "a proposal alone changes nothing"
    assert _decide(stage, reversal) == number
    assert stage.states([confirmed]) == ["PAID"]
    assert stage.column("SELECT state FROM attempt") == ["PAID"]
    assert stage.value("SELECT match_no IS NULL AND voucher_no IS NULL FROM document") is True
    assert stage.column("SELECT sum(debit) - sum(credit) FROM voucher_line GROUP BY account") == [
        0,
        0,
    ]
    assert stage.value("SELECT count(*) FROM voucher WHERE reversal_of IS NOT NULL") == 1
    with db.transaction(stage.engine) as session:
        assert len(arrivals.open_lines(session, stage.world.pay_account, arrivals.NO_WORDS)) == 1
    assert stage.value("SELECT count(*) FROM outbox_message") == int(str(told)) + 1
    assert stage.value("SELECT body ->> 'status' FROM outbox_message ORDER BY id DESC LIMIT 1") == (
        "PAID"
    )


def test_what_two_persons_took_apart_no_rule_puts_together_again(
    stage: Stage, confirmed: int
) -> None:
    old = _match_no(stage)
    _decide(stage, _propose(stage))
    stage.work()
    assert stage.states([confirmed]) == ["PAID"]
    assert stage.column("SELECT reason FROM match_proposal WHERE state = 'open'") == ["propose"]
    proposal = int(str(stage.value("SELECT id FROM match_proposal WHERE state = 'open'")))
    with db.transaction(stage.engine) as session:
        new = arrivals.confirm_proposal(session, stage.confirming, "accountant", proposal, 0)
    assert new != old
    assert stage.states([confirmed]) == ["CONFIRMED"]
    assert stage.value("SELECT state FROM match_group WHERE match_no = :old", old=old) == "retired"


def test_one_person_cannot_do_both(stage: Stage, confirmed: int) -> None:
    reversal = _propose(stage)
    assert _code(lambda: _decide(stage, reversal, "accountant")) == "FOUR_EYES"
    assert stage.states([confirmed]) == ["CONFIRMED"]
    with pytest.raises(sa.exc.IntegrityError) as caught, stage.engine.begin() as connection:
        connection.execute(
            sa.text(
                "UPDATE match_reversal SET state = 'done', decided_by = proposed_by, "
                "decided_at = now()"
            )
        )
    assert db.constraint(caught.value) == "match_reversal_two_persons"


def test_who_matched_by_hand_does_not_decide(stage: Stage, confirmed: int) -> None:
    _decide(stage, _propose(stage))
    stage.work()
    proposal = int(str(stage.value("SELECT id FROM match_proposal WHERE state = 'open'")))
    with db.transaction(stage.engine) as session:
        arrivals.confirm_proposal(session, stage.confirming, "accountant", proposal, 0)
    reversal = _propose(stage, "auditor")
    assert _code(lambda: _decide(stage, reversal, "accountant")) == "FOUR_EYES"
    assert stage.states([confirmed]) == ["CONFIRMED"]


@pytest.mark.parametrize(
    ("user", "proof", "why", "code"),
    [
        ("boss", PROOF, "x", "NOT_PERMITTED"),
        ("accountant", Proof("empty", b""), "x", "NO_EVIDENCE"),
        ("accountant", PROOF, "  ", "REASON_MISSING"),
    ],
)
def test_a_proposal_needs_permission_proof_and_reason(
    stage: Stage, confirmed: int, user: str, proof: Proof, why: str, code: str
) -> None:
    assert _code(lambda: _propose(stage, user, proof, why)) == code


def test_a_refused_proposal_leaves_everything_and_may_be_made_again(
    stage: Stage, confirmed: int
) -> None:
    reversal = _propose(stage)
    assert _code(lambda: _propose(stage, "auditor")) == "REVERSAL_OPEN"
    assert _code(lambda: _decide(stage, reversal, approve=False)) == "REASON_MISSING"
    _decide(stage, reversal, approve=False, reason="the line is right")
    assert stage.states([confirmed]) == ["CONFIRMED"]
    assert _code(lambda: _decide(stage, reversal)) == "REVERSAL_DECIDED"
    assert _propose(stage) != reversal


def test_of_two_decisions_at_once_one_undoes(stage: Stage, confirmed: int) -> None:
    reversal = _propose(stage)
    with stage.engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO role_grant (user_id, role, org_id) VALUES ('boss', 'accountant', "
                "'GROUP')"
            )
        )

    def act(user: str) -> str:
        try:
            return _decide(stage, reversal, user)
        except SluiceError as error:
            return error.code

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(act, ("auditor", "boss")))
    assert said == sorted([_match_no(stage), "REVERSAL_DECIDED"])
    assert stage.value("SELECT count(*) FROM voucher WHERE reversal_of IS NOT NULL") == 1
    assert _code(lambda: _propose(stage)) == "MATCH_RETIRED"


def test_a_bounced_document_is_not_taken_out_of_its_confirmation(
    stage: Stage, confirmed: int
) -> None:
    number = _match_no(stage)
    reversal = _propose(stage)
    instruction = stage.value("SELECT instruction_id FROM attempt")
    stage.banks["bank_a"].admin("bounce", {"instruction_id": instruction, "reason": "AC04"})
    stage.cut()
    assert stage.states([confirmed]) == ["BOUNCED"]
    assert _code(lambda: _decide(stage, reversal)) == "CANNOT_UNDO"
    assert stage.value("SELECT state FROM match_group WHERE match_no = :n", n=number) == "live"


def test_programs_propose_and_decide_over_rest(stage: Stage, confirmed: int) -> None:
    web = _web(stage)
    body = {
        "match_no": _match_no(stage),
        "reason": "wrong line",
        "evidence_name": "信.txt",
        "evidence": "6ZO26KGM",
    }
    path = "/api/v1/match-reversals"
    made = web.post(path, json=body, headers=_as("accountant"))
    assert made.status_code == 201, made.text
    number = made.json()["id"]
    assert web.post(path, json=body, headers=_as("auditor")).status_code == 409
    (waiting,) = web.get(path, headers=_as("auditor")).json()
    assert (waiting["documents"], waiting["total"]) == (["D20261123-000001"], "100.00")
    proof = web.get(f"{path}/{number}/evidence", headers=_as("auditor"))
    assert proof.content.decode() == "银行"
    decision = {"approve": True}
    assert _decided(web, number, "accountant", decision).status_code == 403
    assert _decided(web, number, "cashier", decision).status_code == 403
    assert _decided(web, number, "auditor", decision).status_code == 200
    assert stage.states([confirmed]) == ["PAID"]
    assert _decided(web, number, "auditor", decision).status_code == 409
    assert web.post(path, json={**body, "evidence": "!"}, headers=_as("auditor")).status_code == 400


def _web(stage: Stage) -> TestClient:
    with db.transaction(stage.engine) as session:
        for user in ("accountant", "auditor", "cashier"):
            set_token(session, user, f"{user}-token-0123456789")
    return TestClient(create_app(Services(stage.engine, stage.clock, demo=False)))


def _as(user: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {user}-token-0123456789"}


def _decided(web: TestClient, number: int, user: str, body: dict[str, bool]) -> httpx.Response:
    path = f"/api/v1/match-reversals/{number}/decision"
    answer: httpx.Response = web.post(path, json=body, headers=_as(user))
    return answer
