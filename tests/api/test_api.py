"""The JSON API as programs use it: every case has a status, a code and a sentence."""

from __future__ import annotations

import io

import openpyxl
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from tests.pages.world import World

DOCUMENT = {
    "organisation": "BJ01",
    "direction": "pay",
    "source_document_no": "API-0001",
    "business_type": "claim",
    "creditor_type": "claimant",
    "counterparty_name": "王小二",
    "counterparty_account": "6222021001000001",
    "counterparty_bank_code": "901100000011",
    "amount": "1200.00",
    "currency": "CNY",
    "payment_method": "transfer",
    "urgency": "normal",
    "due_date": "2026-11-20",
    "purpose": "理赔款",
    "business_reference": "C2026-API-1",
    "payee_is_insured": True,
}


def _client(world: World) -> TestClient:
    return TestClient(create_app(world.services), follow_redirects=False)


def _send(world: World, key: str, **changes: object) -> tuple[int, dict[str, object]]:
    answer = _client(world).post(
        "/api/v1/documents",
        json={**DOCUMENT, **changes},
        headers={**world.bearer, "Idempotency-Key": key},
    )
    return answer.status_code, answer.json()


def test_a_new_document_is_taken_and_goes_to_its_approvers(world: World) -> None:
    status, body = _send(world, "m-1")
    assert status == 201
    assert body["state"] == "IN_APPROVAL"
    read = _client(world).get(f"/api/v1/documents/{body['document_no']}", headers=world.bearer)
    assert read.json()["amount"] == "1200.00"
    assert [one["to_state"] for one in read.json()["events"]][-1] == "IN_APPROVAL"


def test_the_same_message_again_gets_the_first_answer(world: World) -> None:
    first = _send(world, "m-1")
    assert _send(world, "m-1") == (200, first[1])
    assert world.one("SELECT count(*) FROM document WHERE source_document_no = 'API-0001'") == "1"


def test_the_same_number_under_another_key_is_the_same_document(world: World) -> None:
    _, body = _send(world, "m-1")
    assert _send(world, "m-2") == (200, body)


TABLE: tuple[tuple[str, dict[str, object], int, str], ...] = (
    ("same key, other content", {"amount": "1300.00"}, 409, "KEY_REUSED"),
    ("unknown organisation", {"organisation": "XX99"}, 422, "DOCUMENT_REFUSED"),
    ("three decimals", {"amount": "1.005"}, 422, "DOCUMENT_REFUSED"),
    ("twenty digits", {"amount": "12345678901234567890"}, 422, "DOCUMENT_REFUSED"),
    ("exponent", {"amount": "1e3"}, 422, "DOCUMENT_REFUSED"),
    ("unknown currency", {"currency": "XAU"}, 422, "DOCUMENT_REFUSED"),
    ("unknown field", {"colour": "red"}, 422, "DOCUMENT_REFUSED"),
    ("unknown direction", {"direction": "borrow"}, 422, "DOCUMENT_REFUSED"),
    ("no amount", {"amount": None}, 422, "DOCUMENT_REFUSED"),
    ("negative amount", {"amount": "-1.00"}, 422, "DOCUMENT_RETURNED"),
    ("no account", {"counterparty_account": None}, 422, "DOCUMENT_RETURNED"),
)


@pytest.mark.parametrize(("case", "change", "status", "code"), TABLE, ids=[t[0] for t in TABLE])
def test_bad_input_has_a_defined_answer(
    world: World, case: str, change: dict[str, object], status: int, code: str
) -> None:
    key, number = "m-1", "API-0001"
    if case == "same key, other content":
        _send(world, key)
    else:
        key, number = "m-9", "API-0009"
    got, body = _send(world, key, source_document_no=number, **change)
    assert (got, body["code"]) == (status, code)
    assert body["message_en"]
    assert body["message_zh"]
    if status == 422:
        findings = body["findings"]
        assert isinstance(findings, list)
        assert findings[0]["message_zh"]


def test_the_same_number_with_other_content_is_a_conflict(world: World) -> None:
    _send(world, "m-1")
    status, body = _send(world, "m-2", amount="1300.00")
    assert (status, body["code"]) == (409, "DUPLICATE_NUMBER")


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 400, "BODY_UNREADABLE"),
        (b"[]", 400, "BODY_UNREADABLE"),
        (b'{"amount": 100.5}', 400, "BODY_UNREADABLE"),
        (b'{"amount": NaN}', 400, "BODY_UNREADABLE"),
        (b'{"amount": "1.00", "amount": "9.00"}', 400, "BODY_UNREADABLE"),
        (b"[" * 100_000, 400, "BODY_UNREADABLE"),
        (b"x" * 2_000_000, 413, "BODY_TOO_LARGE"),
    ],
)
def test_a_body_that_is_no_document_is_refused(
    read_only: World, content: bytes, status: int, code: str
) -> None:
    answer = _client(read_only).post(
        "/api/v1/documents",
        content=content,
        headers={**read_only.bearer, "Idempotency-Key": "k", "content-type": "application/json"},
    )
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_message_without_a_key_is_refused(read_only: World) -> None:
    answer = _client(read_only).post("/api/v1/documents", json=DOCUMENT, headers=read_only.bearer)
    assert (answer.status_code, answer.json()["code"]) == (400, "KEY_MISSING")


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}])
def test_without_a_good_token_nothing_is_told(read_only: World, headers: dict[str, str]) -> None:
    client = _client(read_only)
    for address in ("payments", "accounts", "vouchers", "alerts", "rulesets", "trace/x"):
        answer = client.get(f"/api/v1/{address}", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "NOT_SIGNED_IN")


def test_a_token_may_do_no_more_than_its_role(read_only: World) -> None:
    client = _client(read_only)
    for address in ("accounts", "vouchers", "alerts", "rulesets", "approvals"):
        answer = client.get(f"/api/v1/{address}", headers=read_only.bearer)
        assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")


def test_health_says_only_ok_and_the_revision(read_only: World) -> None:
    assert _client(read_only).get("/api/v1/health").json() == {"ok": True, "revision": 1}


def test_lists_agree_with_themselves(read_only: World) -> None:
    auditor = read_only.client("auditor").http
    payments = auditor.get("/api/v1/payments?limit=5").json()
    assert len(payments["rows"]) == 5
    assert payments["count"] == int(read_only.one("SELECT count(*) FROM document"))
    vouchers = auditor.get("/api/v1/vouchers?limit=2").json()
    assert all(one["debit"] == one["credit"] for one in vouchers["totals"])
    accounts = auditor.get("/api/v1/accounts").json()
    assert len(accounts) == 17
    assert auditor.get("/api/v1/alerts").json()["count"] >= 1
    names = {one["name"] for one in auditor.get("/api/v1/rulesets").json()}
    assert "payment-approval" in names


@pytest.mark.parametrize(
    ("query", "code"),
    [("min=1.234", "AMOUNT_DECIMALS"), ("from=20.11.2026", "DATE_UNREADABLE")],
)
def test_a_filter_that_cannot_be_read_is_named(read_only: World, query: str, code: str) -> None:
    answer = read_only.client("auditor").http.get(f"/api/v1/payments?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_wrong_parameter_is_named_with_its_place(read_only: World) -> None:
    answer = read_only.client("auditor").http.get("/api/v1/payments?limit=0")
    assert answer.status_code == 422
    assert answer.json()["findings"][0]["place"] == "limit"


def test_a_trace_leads_from_any_number_to_the_voucher(read_only: World) -> None:
    auditor = read_only.client("auditor").http
    number, match_no, voucher = read_only.one(
        "SELECT document_no || '|' || match_no || '|' || voucher_no FROM document "
        "WHERE state = 'CONFIRMED' ORDER BY id LIMIT 1"
    ).split("|")
    for sought in (number, match_no, voucher):
        found = auditor.get(f"/api/v1/trace/{sought}").json()["traces"]
        assert number in [one["document"]["document_no"] for one in found]
    one = auditor.get(f"/api/v1/trace/{number}").json()["traces"][0]
    assert one["vouchers"][0]["number"] == voucher
    assert isinstance(one["document"]["amount"], str)


# --- I21


@pytest.mark.parametrize(
    "address", ["payments", "payments?org=SH", "vouchers", "alerts", "accounts"]
)
def test_a_list_holds_only_the_caller_s_organisations(read_only: World, address: str) -> None:
    body = read_only.client("bj.reviewer").http.get(f"/api/v1/{address}").json()
    rows = body if isinstance(body, list) else body["rows"]
    assert {one["organisation"][:2] for one in rows} <= {"BJ"}


@pytest.mark.parametrize(
    ("address", "column", "table"),
    [
        ("documents/{}", "document_no", "document"),
        ("trace/{}", "document_no", "document"),
        ("trace/{}", "match_no", "match_group"),
    ],
)
def test_a_detail_of_another_branch_is_unknown(
    read_only: World, address: str, column: str, table: str
) -> None:
    foreign = read_only.one(
        f"SELECT {column} FROM {table} WHERE org_id LIKE 'SH%' ORDER BY id LIMIT 1"
    )
    answer = read_only.client("bj.reviewer").http.get(f"/api/v1/{address.format(foreign)}")
    assert answer.status_code == 404


# --- imports and approvals


def test_an_import_answers_per_row_and_the_same_file_with_the_first_answer(world: World) -> None:
    browser = world.client("bj.maker")
    header = ",".join(DOCUMENT)
    good = ",".join(str(one) for one in {**DOCUMENT, "source_document_no": "F-1"}.values())
    bad = ",".join(
        str(v) for v in {**DOCUMENT, "source_document_no": "F-2", "amount": "-1"}.values()
    )
    sent = {"file": ("f.csv", f"{header}\n{good}\n{bad}\n".encode(), "text/csv")}
    headers = {"X-CSRF-Token": browser.csrf}
    first = browser.http.post("/api/v1/imports", files=sent, headers=headers)
    body = first.json()
    assert first.status_code == 201
    assert (body["rows"], body["accepted"], body["returned"]) == (2, 1, 1)
    again = browser.http.post("/api/v1/imports", files=sent, headers=headers)
    assert (again.status_code, again.json()) == (409, body)
    excel = browser.http.get(f"/api/v1/imports/{body['batch_no']}/refused.xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(excel.content)).active
    assert sheet is not None
    assert sheet.max_row >= 2


def test_a_cookie_alone_does_not_import(world: World) -> None:
    browser = world.client("bj.maker")
    answer = browser.http.post("/api/v1/imports", files={"file": ("f.csv", b"x", "text/csv")})
    assert (answer.status_code, answer.json()["code"]) == (403, "CSRF")
    assert "X-CSRF-Token" in answer.json()["message_en"]
    assert "bearer token" in answer.json()["message_en"]


def test_verdicts_are_taken_one_by_one(world: World) -> None:
    browser = world.client("reviewer")
    _send(world, "m-1", organisation="GROUP")
    steps = [one["step_id"] for one in browser.http.get("/api/v1/approvals").json()]
    assert steps
    answer = browser.http.post(
        "/api/v1/approvals/decide",
        json={"step_ids": [steps[0], 999_999_999], "verdict": "approve"},
        headers={"X-CSRF-Token": browser.csrf},
    )
    taken, refused = answer.json()
    assert (taken["taken"], taken["error"]) == (True, None)
    assert (refused["taken"], refused["error"]["code"]) == (False, "STEP_UNKNOWN")


def test_openapi_describes_the_operations_to_those_who_are_signed_in(read_only: World) -> None:
    assert _client(read_only).get("/openapi.json").status_code == 303
    described = read_only.client("analyst").http.get("/openapi.json").json()
    assert {"/api/v1/documents", "/api/v1/imports", "/api/v1/approvals/decide"} <= set(
        described["paths"]
    )
    assert not [path for path in described["paths"] if not path.startswith("/api/")]
