"""Acts on many documents over HTTP, for programs and on the page."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from engine.rulebook import Rulebook
from engine.runtime.clock import ManualClock
from engine.treasury.approvals import desk
from tests.treasury_intake.support import bring_in, documents, row, states, steps_open
from tests.treasury_intake.web import signed_in

API = "/api/v1"
TWIN = {"counterparty_account": "6222021001", "amount": "100.00"}


def test_programs_get_a_result_for_every_document(
    live: Session, engine: sa.Engine, rulebook: Rulebook, clock: ManualClock
) -> None:
    bring_in(live, rulebook, clock, [row(1, **TWIN), row(2, **TWIN)])
    live.commit()
    first, second = (one.document_no for one in documents(live))
    live.rollback()
    treasurer = signed_in(engine, clock, "treasurer")
    wanted = {"document_nos": [first, second, "D-0"], "reason": " "}
    assert treasurer.post(f"{API}/documents/release-holds", json=wanted).status_code == 400
    wanted["reason"] = "two instalments"
    answer = treasurer.post(f"{API}/documents/release-holds", json=wanted)
    found = [(one["done"], one["state"], (one["error"] or {}).get("code")) for one in answer.json()]
    assert found == [
        (False, "IN_APPROVAL", "NOT_HELD"),
        (True, "IN_APPROVAL", None),
        (False, None, "DOCUMENT_UNKNOWN"),
    ]
    reviewer = signed_in(engine, clock, "bj-reviewer")
    steps = [one["step_id"] for one in reviewer.get(f"{API}/approvals").json()]
    verdict = {"step_ids": steps[:1], "verdict": "reject", "comment": "no invoice"}
    assert [one["taken"] for one in reviewer.post(f"{API}/approvals/decide", json=verdict).json()]
    assert (
        reviewer.post(f"{API}/documents/submit", json={"document_nos": [first]}).status_code == 403
    )
    maker = signed_in(engine, clock, "maker")
    again = maker.post(f"{API}/documents/submit", json={"document_nos": [first, second]}).json()
    assert [(one["error"] or {}).get("code") for one in again] == [None, "NOT_RESUBMITTABLE"]
    cashier = signed_in(engine, clock, "cashier")
    paid = cashier.post(f"{API}/payments/release", json={"document_nos": [first]}).json()["items"]
    assert [one["error"]["code"] for one in paid] == ["NOT_UNPAID"]


@pytest.mark.parametrize(("lang", "said"), [("en", "1 done:"), ("zh", "已办理 1 笔：")])
def test_ticked_documents_are_submitted_again_and_released_on_the_page(
    live: Session,
    engine: sa.Engine,
    rulebook: Rulebook,
    clock: ManualClock,
    lang: str,
    said: str,
) -> None:
    bring_in(live, rulebook, clock, [row(1), row(2, **TWIN), row(3, **TWIN)])
    desk.decide(live, "bj-reviewer", steps_open(live)[:1], "reject", "no invoice", clock.now())
    live.commit()
    rejected, _, held = (one.document_no for one in documents(live))
    live.rollback()
    maker = signed_in(engine, clock, "maker", lang)
    assert f'value="{rejected}"' in maker.get("/payments").text
    page = maker.post("/payments/submit", data={"document_no": [rejected]})
    assert page.status_code == 200
    assert said in page.text
    treasurer = signed_in(engine, clock, "treasurer", lang)
    assert f'value="{held}"' in treasurer.get("/payments").text
    ticked = {"document_no": [held], "reason": ""}
    assert treasurer.post("/payments/release-holds", data=ticked).status_code == 400
    page = treasurer.post("/payments/release-holds", data={**ticked, "reason": "instalment"})
    assert said in page.text
    assert set(states(live).values()) == {"IN_APPROVAL"}
