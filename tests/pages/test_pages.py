"""Pages as people use them: who sees what, what forms do, what is refused."""

from __future__ import annotations

import io
import re
import shutil
from pathlib import Path

import openpyxl
import pytest

from api.demo.playing import shipped_rulesets
from engine.rulebook import sync_folder
from engine.runtime.db import transaction
from tests.pages.world import World

pytestmark = pytest.mark.long

PAGES = (
    "/",
    "/today/desk",
    "/payments",
    "/payments?state=CONFIRMED&direction=pay&min=1,000&max=90000&page=2",
    "/approvals",
    "/accounts",
    "/accounts/6",
    "/accounts/6?match=matched&direction=debit",
    "/reconcile",
    "/rulesets",
    "/vouchers",
    "/vouchers?from=2026-11-20&type=payment",
    "/trace",
    "/alerts",
    "/alerts?state=resolved",
    "/audit",
    "/audit?verify=1",
    "/pay",
    "/payments/upload",
    "/docs",
)
READERS = {
    "/approvals": "treasurer",
    "/rulesets": "treasurer",
    "/pay": "cashier",
    "/payments/upload": "accountant",
    "/reconcile": "accountant",
    "/audit": "auditor",
}


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("address", PAGES)
def test_a_page_answers_in_both_languages(read_only: World, address: str, lang: str) -> None:
    user = READERS.get(address.split("?")[0], "auditor")
    answer = read_only.client(user, lang).http.get(address)
    assert answer.status_code == 200, answer.text
    assert len(answer.content) > 100
    assert "style=" not in answer.text
    assert "<script>" not in answer.text


def test_a_page_is_no_heavier_than_40_kb_over_the_wire(read_only: World) -> None:
    browser = read_only.client("auditor")
    for address in PAGES:
        user = READERS.get(address.split("?")[0])
        browser = read_only.client(user) if user else browser
        answer = browser.http.get(address, headers={"accept-encoding": "gzip"})
        assert answer.num_bytes_downloaded <= 40_000, address


def test_without_a_session_a_page_sends_to_sign_in_and_back(read_only: World) -> None:
    answer = read_only.client().http.get("/payments?state=PAID")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=/payments%3Fstate%3DPAID"


def test_who_reads_no_documents_begins_on_the_first_page_of_his_menu(read_only: World) -> None:
    http = read_only.client("admin").http
    answer = http.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/delegations")
    assert http.get("/delegations").status_code == 200
    assert http.get("/today/desk").status_code == 403


@pytest.mark.parametrize(
    "sent", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_signing_in_never_leads_to_another_site(read_only: World, sent: str) -> None:
    answer = read_only.client().http.post(
        "/sign-in",
        data={"user_id": "auditor", "password": read_only.played.password, "next": sent},
    )
    assert answer.headers["location"] == "/"


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(read_only: World) -> None:
    answer = read_only.client().http.post(
        "https://testserver/sign-in",
        data={"user_id": "auditor", "password": read_only.played.password},
    )
    cookie = answer.headers["set-cookie"].lower()
    assert {"httponly", "secure", "samesite=strict"} <= {p.strip() for p in cookie.split(";")}


def test_a_wrong_password_says_nothing_of_what_was_wrong(read_only: World) -> None:
    client = read_only.client().http
    known = client.post("/sign-in", data={"user_id": "auditor", "password": "wrong"})
    unknown = client.post("/sign-in", data={"user_id": "nobody", "password": "wrong"})
    assert known.status_code == unknown.status_code == 401
    assert known.text.replace("auditor", "") == unknown.text.replace("nobody", "")


def test_every_answer_carries_the_content_security_policy(read_only: World) -> None:
    client = read_only.client().http
    for address in ("/sign-in", "/nothing", "/api/v1/health", "/api/v1/nothing"):
        headers = client.get(address).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_a_form_without_the_session_s_token_is_refused(world: World) -> None:
    browser = world.client("treasurer")
    for csrf in ("", "x" * 43):
        answer = browser.http.post(
            "/approvals", data={"verdict": "approve", "step_id": "1", "csrf": csrf}
        )
        assert answer.status_code == 403
        assert "CSRF" in answer.text


def test_a_user_without_the_permission_is_refused(read_only: World) -> None:
    answer = read_only.client("analyst").http.get("/approvals")
    assert answer.status_code == 403
    assert "approvals.decide" in answer.text


def test_an_unknown_address_is_a_page(read_only: World) -> None:
    answer = read_only.client("auditor").http.get("/nothing")
    assert answer.status_code == 404
    assert "NO_SUCH_ADDRESS" in answer.text


# --- I21: nobody sees a row outside his organisations

FOREIGN = "SELECT {} FROM {} WHERE org_id LIKE 'SH%' ORDER BY id LIMIT 1"


def _foreign(world: World, column: str, table: str) -> str:
    return world.one(FOREIGN.format(column, table))


@pytest.mark.parametrize(
    ("user", "address", "table", "column"),
    [
        ("bj.reviewer", "/payments/{}", "document", "document_no"),
        ("bj.reviewer", "/approvals/{}", "document", "document_no"),
        ("bj.reviewer", "/trace?q={}", "document", "document_no"),
        ("bj.reviewer", "/trace?q={}", "document", "source_document_no"),
        ("bj.reviewer", "/trace?q={}", "match_group", "match_no"),
        ("bj.reviewer", "/accounts/{}", "bank_account", "id"),
        ("bj.reviewer", "/vouchers/{}", "voucher", "number"),
        ("bj.maker", "/payments/upload/{}", "document_batch", "batch_no"),
        ("bj.maker", "/payments/upload/{}/refused.xlsx", "document_batch", "batch_no"),
    ],
)
def test_a_detail_of_another_branch_is_unknown(
    read_only: World, user: str, address: str, table: str, column: str
) -> None:
    sought = _foreign(read_only, column, table)
    answer = read_only.client(user).http.get(address.format(sought))
    assert answer.status_code == 404


LISTS = {
    "/": "bj.reviewer",
    "/payments": "bj.reviewer",
    "/payments?org=SH": "bj.reviewer",
    "/approvals": "bj.reviewer",
    "/accounts": "bj.reviewer",
    "/vouchers": "bj.reviewer",
    "/vouchers?org=SH": "bj.reviewer",
    "/alerts": "bj.reviewer",
    "/reconcile": "bj.maker",
    "/today/desk": "bj.reviewer",
}


@pytest.mark.parametrize("address", LISTS)
def test_a_list_holds_no_row_of_another_branch(read_only: World, address: str) -> None:
    text = read_only.client(LISTS[address]).http.get(address).text
    for column, table in (
        ("document_no", "document"),
        ("name", "bank_account"),
        ("number", "voucher"),
    ):
        foreign = read_only.one(
            f"SELECT string_agg({column}, '|') FROM {table} "
            "WHERE org_id LIKE 'SH%' OR org_id LIKE 'GD%' OR org_id = 'GROUP'"
        )
        shown = [one for one in foreign.split("|") if one in text]
        assert shown == [], address


def test_the_voucher_export_holds_no_row_of_another_branch(read_only: World) -> None:
    answer = read_only.client("bj.reviewer").http.get("/vouchers/export.xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    texts = " ".join(str(cell) for row in sheet.iter_rows(values_only=True) for cell in row if cell)
    for number in read_only.one(
        "SELECT string_agg(number, '|') FROM voucher WHERE org_id NOT LIKE 'BJ%'"
    ).split("|"):
        assert number not in texts


def test_account_numbers_are_masked_for_those_who_only_read(read_only: World) -> None:
    number = read_only.one("SELECT number FROM bank_account ORDER BY id LIMIT 1")
    grouped = " ".join(number[i : i + 4] for i in range(0, len(number), 4))
    assert grouped in read_only.client("auditor").http.get("/accounts").text
    seen = read_only.client("analyst").http.get("/accounts").text
    assert grouped not in seen
    assert number not in seen
    assert f"{number[:4]} ****" in seen


# --- acts


def _task(world: World, user: str) -> tuple[str, str]:
    """A step the user may decide: its id and its document."""
    text = world.client(user).http.get("/approvals").text
    step = re.search(r'name="step_id" value="(\d+)"[^>]*aria-label="([^"]+)"', text)
    assert step is not None
    return step[1], step[2]


def test_approving_moves_the_document_and_says_so(world: World) -> None:
    user = world.one(
        "SELECT CASE r.role WHEN 'reviewer' THEN lower(left(s.holder_org_id, 2)) || '.reviewer' "
        "ELSE lower(left(s.holder_org_id, 2)) || '.manager' END FROM approval_step s "
        "JOIN (VALUES ('reviewer'), ('finance_manager')) AS r(role) ON r.role = s.role "
        "WHERE s.state = 'OPEN' AND s.holder_org_id <> 'GROUP' LIMIT 1"
    )
    step, number = _task(world, user)
    browser = world.client(user)
    data = {"csrf": browser.csrf, "verdict": "approve", "step_id": step}
    answer = browser.http.post("/approvals", data=data)
    assert answer.status_code == 200
    assert "1 approved" in answer.text
    assert number in answer.text
    again = browser.http.post("/approvals", data=data)
    assert "STEP_NOT_OPEN" in again.text or "FOUR_EYES_EARLIER" in again.text


def test_rejecting_needs_a_reason(world: World) -> None:
    user = "bj.reviewer"
    step = world.one("SELECT id FROM approval_step WHERE state = 'OPEN' ORDER BY id LIMIT 1")
    browser = world.client(user)
    data = {"csrf": browser.csrf, "verdict": "reject", "step_id": step}
    answer = browser.http.post("/approvals", data=data)
    assert answer.status_code == 400
    assert "REASON_MISSING" in answer.text


def _row(source_no: str, organisation: str = "BJ01", amount: str = "1200.00") -> str:
    return (
        f"{organisation},pay,{source_no},claim,claimant,王小二,6222021001{source_no[-4:]},"
        f"901100000011,{amount},CNY,transfer,normal,2026-11-20,理赔款,C{source_no},true"
    )


HEADER = (
    "organisation,direction,source_document_no,business_type,creditor_type,counterparty_name,"
    "counterparty_account,counterparty_bank_code,amount,currency,payment_method,urgency,due_date,"
    "purpose,business_reference,payee_is_insured"
)


def test_an_upload_shows_its_result_and_the_same_file_the_first_answer(world: World) -> None:
    browser = world.client("bj.maker")
    content = "\n".join([HEADER, _row("UP0001"), _row("UP0002", amount="-5"), ""]).encode()
    sent = {"file": ("claims.csv", content, "text/csv")}
    data = {"csrf": browser.csrf}
    first = browser.http.post("/payments/upload", data=data, files=sent)
    assert first.status_code == 303
    shown = browser.http.get(first.headers["location"])
    assert "UP0001" not in shown.text
    assert "payment-validation" in shown.text
    batch = first.headers["location"].rsplit("/", 1)[1]
    again = browser.http.post("/payments/upload", data=data, files=sent)
    assert again.status_code == 409
    assert batch in again.text
    excel = browser.http.get(f"/payments/upload/{batch}/refused.xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(excel.content)).active
    assert sheet is not None
    assert sheet.max_row >= 2


def test_a_file_that_cannot_be_read_is_answered_on_the_page(world: World) -> None:
    browser = world.client("bj.maker")
    sent = {"file": ("x.csv", b"a,b\n1,2\n", "text/csv")}
    answer = browser.http.post("/payments/upload", data={"csrf": browser.csrf}, files=sent)
    assert answer.status_code == 422
    assert "FILE_" in answer.text


def test_an_upload_larger_than_the_limit_is_refused_unread(world: World) -> None:
    browser = world.client("bj.maker")
    sent = {"file": ("x.csv", b"x" * (22 * 1024 * 1024), "text/csv")}
    answer = browser.http.post("/payments/upload", data={"csrf": browser.csrf}, files=sent)
    assert answer.status_code == 413


FORM = {"content-type": "application/x-www-form-urlencoded"}


def test_a_body_without_a_length_is_counted_as_it_comes(world: World) -> None:
    browser = world.client("treasurer")
    answer = browser.http.post(
        "/approvals", content=(b"x=1&" * 16_384 for _ in range(40)), headers=FORM
    )
    assert answer.status_code == 413


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_the_template_is_what_the_importer_reads(read_only: World, kind: str) -> None:
    answer = read_only.client("bj.maker").http.get(f"/payments/upload/template.{kind}")
    assert answer.status_code == 200
    assert "attachment" in answer.headers["content-disposition"]


def test_voiding_needs_the_permission_of_the_document_s_organisation(world: World) -> None:
    number = world.one(
        "SELECT document_no FROM document WHERE state = 'REJECTED' AND org_id LIKE 'BJ%' LIMIT 1"
    )
    other = world.client("sh.manager")
    data = {"csrf": other.csrf, "reason": "重复"}
    assert other.http.post(f"/payments/{number}/void", data=data).status_code in (404, 409)
    own = world.client("bj.manager")
    data = {"csrf": own.csrf, "reason": "重复"}
    answer = own.http.post(f"/payments/{number}/void", data=data)
    assert answer.status_code == 303
    assert world.one("SELECT state FROM document WHERE document_no = :n", n=number) == "VOID"


def test_confirming_a_proposal_gives_a_match_number(world: World) -> None:
    browser = world.client("accountant")
    proposal = world.one("SELECT id FROM match_proposal WHERE state = 'open' ORDER BY id LIMIT 1")
    assert f"/reconcile/{proposal}" in browser.http.get("/reconcile").text
    answer = browser.http.post(f"/reconcile/{proposal}", data={"csrf": browser.csrf, "choice": "0"})
    assert answer.status_code == 303
    assert "MN-" in answer.headers["location"]


def test_a_wrong_match_is_undone_on_the_page_by_two_persons(world: World) -> None:
    number = world.one(
        "SELECT match_no FROM match_group WHERE kind = 'arrival' AND org_id = 'BJ' "
        "ORDER BY id LIMIT 1"
    )
    first, second = world.client("accountant"), world.client("bj.maker")
    asked = first.http.post(
        "/reconcile",
        data={"csrf": first.csrf, "match_no": number, "reason": "wrong line"},
        files={"proof": ("信.txt", b"letter")},
    )
    assert asked.status_code == 303, asked.text
    reversal = world.one("SELECT id FROM match_reversal")
    own, others = (one.http.get("/reconcile").text for one in (first, second))
    assert "another person decides" in own
    assert f"/reconcile/reversals/{reversal}" in others
    assert f"/reconcile/reversals/{reversal}" not in own
    done = second.http.post(
        f"/reconcile/reversals/{reversal}", data={"csrf": second.csrf, "verdict": "approve"}
    )
    assert done.status_code == 303, done.text
    assert world.one("SELECT state FROM match_group WHERE match_no = :n", n=number) == "retired"


def test_a_held_document_is_released_from_its_alert_but_not_by_its_maker(world: World) -> None:
    alert = world.one(
        "SELECT a.id FROM alert a JOIN document_hold h ON h.alert_id = a.id "
        "WHERE h.released_by IS NULL ORDER BY a.id LIMIT 1"
    )
    browser = world.client("treasurer")
    silent = browser.http.post(f"/alerts/{alert}/release", data={"csrf": browser.csrf})
    assert silent.status_code == 400
    data = {"csrf": browser.csrf, "note": "分期年金,业务号不同"}
    assert browser.http.post(f"/alerts/{alert}/release", data=data).status_code == 303
    assert world.one("SELECT state FROM alert WHERE id = :id", id=alert) == "resolved"


def test_a_carried_sentence_is_escaped_and_only_from_the_catalog(read_only: World) -> None:
    browser = read_only.client("auditor")
    text = browser.http.get("/?done=done.voided&v.number=<script>alert(1)</script>").text
    assert "<script>alert" not in text
    assert "is void" in text
    assert "Sign out" in browser.http.get("/?done=nav.sign_out").text
    assert 'class="note good"' not in browser.http.get("/?done=nav.sign_out").text


def test_a_ruleset_page_says_each_row_in_the_page_s_language(read_only: World) -> None:
    english = read_only.client("auditor").http.get("/rulesets/by-name/payment-approval")
    address = english.headers["location"]
    assert "Always" in read_only.client("auditor").http.get(address).text or "When amount" in (
        read_only.client("auditor").http.get(address).text
    )
    assert "当金额" in read_only.client("auditor", "zh").http.get(address).text


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped rulesets, to be edited."""
    shutil.copytree(shipped_rulesets(), tmp_path / "rulesets")
    return tmp_path / "rulesets"


def _edit(world: World, folder: Path, *changes: tuple[str, str]) -> None:
    """Change the approval ruleset's file and let the workspace look at its folder."""
    file = folder / "approval" / "payment-approval.yaml"
    text = file.read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text, "utf-8")
    with transaction(world.engine) as session:
        sync_folder(
            session,
            folder,
            author="analyst",
            approver="treasurer",
            reason="降低一级审批限额",
            now=world.clock.now(),
        )


def test_a_broken_file_is_named_with_its_place_and_the_old_version_stays(
    world: World, folder: Path
) -> None:
    _edit(world, folder, ("version: 2", "version: 3"), ("| creditor_type ", "| creditor_typ  "))
    browser = world.client("treasurer")
    for address in ("/", "/rulesets"):
        text = browser.http.get(address).text
        assert re.search(r"approval/payment-approval\.yaml:\d+:\d+", text)
        assert "error[R102]" in text
        assert "stays live" in text
    live = browser.http.get("/api/v1/rulesets").json()
    assert [one["version"] for one in live if one["name"] == "payment-approval"] == [2]


def test_two_versions_are_compared_by_what_they_mean(world: World, folder: Path) -> None:
    old = world.one("SELECT hash FROM ruleset_version WHERE name = 'payment-approval'")
    _edit(
        world,
        folder,
        ("version: 2", "version: 3"),
        ("small: 5万", "small: 4万"),
    )
    new = world.one(
        "SELECT hash FROM ruleset_version WHERE name = 'payment-approval' AND version = 3"
    )
    text = world.client("auditor").http.get(f"/rulesets/{old}/changes/{new}").text
    assert "parameter small" in text
    assert "below 50,000" in text
    assert "below 40,000" in text
