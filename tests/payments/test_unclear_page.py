"""The page and the interface on which two persons end an unclear payment."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from api.app import create_app
from api.identity import COOKIE
from api.server import WebServer
from api.services import Services
from engine.runtime import db
from engine.treasury.organisations.signin import set_password, set_token, sign_in
from tests.pages.browser import Visit, launched, opened
from tests.payments.stage import Stage
from tests.payments.world import Draft

INSTRUCTION = "D20261123-000001-1"
PROOF = {"proof": ("回单.pdf", b"%PDF receipt", "application/pdf")}


@pytest.fixture
def address(stage: Stage) -> Iterator[str]:
    """The product over a stage with one unclear payment."""
    stage.make(Draft(1, 123_456, account=stage.world.pay_account))
    stage.banks["bank_a"].fault("reset_after")
    stage.release()
    stage.work()
    services = Services(stage.engine, stage.clock, demo=True, rulebook=stage.rulebook)
    server = WebServer(create_app(services), "127.0.0.1", 0)
    server.start()
    yield server.url
    server.stop()


def _signed_in(stage: Stage, visit: Visit, user: str) -> Visit:
    with db.transaction(stage.engine) as session:
        set_password(session, user, "a long password for tests")
        made = sign_in(session, user, "a long password for tests", stage.clock.now())
    cookie = {"name": COOKIE, "value": made.token, "url": visit.base}
    visit.page.context.add_cookies([cookie])  # type: ignore[list-item]
    return visit


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_two_persons_end_it_on_the_page(stage: Stage, address: str, lang: str) -> None:
    words = {
        "en": ("payments to decide with proof", "Confirm: paid", "paid"),
        "zh": ("结果不明支付的认定待确认", "确认已支付", "已支付"),
    }[lang]
    with launched() as chromium:
        first = _signed_in(stage, opened(chromium, address, lang), "accountant")
        first.go("/unclear")
        assert first.serious() == []
        form = first.page.locator(f"form[action='/unclear/{INSTRUCTION}']")
        assert form.locator("option").count() == 1  # not received cannot be said yet
        form.locator("[name=note]").fill("e-receipt")
        form.locator("[name=proof]").set_input_files(
            {"name": "回单.pdf", "mimeType": "application/pdf", "buffer": b"%PDF receipt"}
        )
        form.locator("button").click()
        expect(first.page.locator("article")).to_contain_text("回单.pdf")
        second = _signed_in(stage, opened(chromium, address, lang), "boss")
        second.go("/")
        if lang == "zh":
            expect(second.page.locator("main")).to_contain_text(words[0])
        second.go("/unclear")
        assert second.serious() == []
        with second.page.expect_download() as got:
            second.page.get_by_role("link", name="回单.pdf").click()
        assert got.value.suggested_filename == "回单.pdf"
        second.page.get_by_role("button", name=words[1]).click()
        expect(second.page.locator("article")).to_have_count(0)
        assert first.said + second.said == []
    assert stage.value("SELECT state FROM document") == "PAID"


def test_a_program_does_the_same_and_is_refused_the_same(stage: Stage, address: str) -> None:
    def client(user: str) -> httpx.Client:
        with db.transaction(stage.engine) as session:
            set_token(session, user, f"token-of-{user}-for-these-tests-0000")
        bearer = {"Authorization": f"Bearer token-of-{user}-for-these-tests-0000"}
        return httpx.Client(base_url=f"{address}/api/v1", headers=bearer)

    accountant, boss, cashier = client("accountant"), client("boss"), client("cashier")
    (one,) = accountant.get("/unclear-payments").json()
    assert (one["state"], one["amount"], one["may_propose"]) == ("UNKNOWN", "1234.56", True)
    assert cashier.get("/unclear-payments").json() == []
    form = {"verdict": "paid", "note": "e-receipt"}
    post = f"/unclear-payments/{INSTRUCTION}/proposals"
    assert boss.post(post, data=form, files=PROOF).status_code == 403
    late = {"verdict": "not_received", "note": "letter"}
    assert accountant.post(post, data=late, files=PROOF).status_code == 409
    made = accountant.post(post, data=form, files=PROOF)
    assert (made.status_code, made.json()) == (201, {"proposal_id": 1})
    assert accountant.post(post, data=form, files=PROOF).status_code == 409
    assert boss.get("/unclear-payments/proposals/1/proof").content == PROOF["proof"][1]
    assert cashier.get("/unclear-payments/proposals/1/proof").status_code == 404
    assert accountant.post("/unclear-payments/proposals/1/confirm").status_code == 403
    assert (
        boss.post("/unclear-payments/proposals/1/refuse", json={"reason": "blurred"}).status_code
        == 204
    )
    second = accountant.post(post, data=form, files=PROOF).json()["proposal_id"]
    withdrawn = f"/unclear-payments/proposals/{second}/withdraw"
    assert boss.post(withdrawn, json={"reason": "not mine"}).status_code == 403
    assert accountant.post(withdrawn, json={"reason": "wrong file"}).status_code == 204
    third = accountant.post(post, data=form, files=PROOF).json()["proposal_id"]
    done = boss.post(f"/unclear-payments/proposals/{third}/confirm")
    assert done.json() == [{"instruction_id": INSTRUCTION, "before": "UNKNOWN", "after": "PAID"}]
    assert boss.post(f"/unclear-payments/proposals/{third}/confirm").status_code == 409
    with stage.engine.connect() as connection:
        outcomes = connection.execute(sa.text("SELECT outcome FROM review_proposal ORDER BY id"))
        assert list(outcomes.scalars()) == ["refused", "withdrawn", "confirmed"]
