"""A call that names its operation by a key is carried out once, however often it is sent (I5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from api.app import create_app
from api.services import Services
from engine.rulebook import Rulebook
from engine.runtime.clock import ManualClock
from engine.treasury.approvals import desk
from tests.treasury_intake.serving import serving
from tests.treasury_intake.support import bring_in, documents, row, states, steps_open
from tests.treasury_intake.web import signed_in

RELEASE = "/api/v1/payments/release"


@pytest.fixture
def cashier(
    live: Session, engine: sa.Engine, rulebook: Rulebook, clock: ManualClock
) -> Iterator[httpx.Client]:
    """The cashier's connection to the served product, where two documents are unpaid."""
    bring_in(live, rulebook, clock, [row(1), row(2)])
    desk.decide(live, "bj-reviewer", steps_open(live), "approve", None, clock.now())
    live.commit()
    cookies = dict(signed_in(engine, clock, "cashier").cookies)
    with (
        serving(create_app(Services(engine, clock, demo=False))) as url,
        httpx.Client(
            base_url=url, cookies=cookies, headers={"X-CSRF-Token": "csrf"}, timeout=60
        ) as client,
    ):
        yield client


def _numbers(live: Session) -> list[str]:
    found = [one.document_no for one in documents(live)]
    live.rollback()
    return found


def _batches(live: Session) -> int:
    count = live.execute(sa.text("SELECT count(*) FROM payment_batch")).scalar_one()
    live.rollback()
    return int(count)


def test_fifty_orders_to_pay_at_once_under_one_key_are_one_with_one_answer(
    cashier: httpx.Client, live: Session
) -> None:
    order = {"document_nos": _numbers(live)}

    def send(_: int) -> httpx.Response:
        return cashier.post(RELEASE, json=order, headers={"Idempotency-Key": "P1"})

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(send, range(50)))
    assert Counter(one.status_code for one in answers) == {200: 50}
    assert len({one.text for one in answers}) == 1
    assert [one["done"] for one in answers[0].json()["items"]] == [True, True]
    assert _batches(live) == answers[0].json()["batches"] > 0


def test_fifty_orders_to_pay_at_once_under_fifty_keys_pay_once(
    cashier: httpx.Client, live: Session
) -> None:
    order = {"document_nos": _numbers(live)}

    def send(number: int) -> httpx.Response:
        return cashier.post(RELEASE, json=order, headers={"Idempotency-Key": f"P{number}"})

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(send, range(50)))
    items = [item for one in answers for item in one.json()["items"]]
    assert Counter((one["error"] or {}).get("code") for one in items) == {
        None: 2,
        "ALREADY_LIVE": 98,
    }
    assert _batches(live) == sum(one.json()["batches"] for one in answers)


def test_a_key_sent_with_other_content_is_refused_and_does_nothing(
    cashier: httpx.Client, live: Session
) -> None:
    first, second = _numbers(live)
    key = {"Idempotency-Key": "P1"}
    assert cashier.post(RELEASE, json={"document_nos": [first]}, headers=key).status_code == 200
    batches = _batches(live)
    other = cashier.post(RELEASE, json={"document_nos": [second]}, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "KEY_REUSED")
    assert _batches(live) == batches


def test_a_key_belongs_to_the_operation_it_was_sent_to(
    cashier: httpx.Client, live: Session
) -> None:
    order = {"document_nos": _numbers(live)[:1]}
    key = {"Idempotency-Key": "P1"}
    cheque = cashier.post("/api/v1/cheques", json=order, headers=key).json()
    assert [one["error"]["code"] for one in cheque] == ["NOT_CHEQUE"]
    paid = cashier.post(RELEASE, json=order, headers=key).json()
    assert [one["done"] for one in paid["items"]] == [True]


def test_a_key_of_what_was_refused_whole_can_be_used_again(
    engine: sa.Engine, clock: ManualClock, cashier: httpx.Client, live: Session
) -> None:
    number = _numbers(live)[0]
    maker = signed_in(engine, clock, "maker")
    key = {"Idempotency-Key": "V1"}
    void = "/api/v1/documents/void"
    unknown = {"document_nos": ["D-0"], "reason": "typing error"}
    assert maker.post(void, json=unknown, headers=key).status_code == 404
    known = {"document_nos": [number], "reason": "typing error"}
    done = maker.post(void, json=known, headers=key)
    assert [one["done"] for one in done.json()] == [True]
    assert maker.post(void, json=known, headers=key).json() == done.json()
    assert Counter(states(live).values()) == {"VOID": 1, "UNPAID": 1}
