"""The channels by REST, on pages and by command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from typer.testing import CliRunner, Result

from api.app import create_app
from api.cli.main import build
from api.identity import COOKIE
from api.services import Services
from engine.runtime import db
from engine.runtime.workspace import Workspace
from engine.treasury.organisations import signin
from tests.channels.support import Answer, answers_to, make_file, return_file
from tests.channels.test_cash import confirm as confirm_cash
from tests.channels.test_cash import make as make_cash
from tests.channels.test_cash import open_desk
from tests.payments.stage import Stage
from tests.payments.world import Draft

pytestmark = pytest.mark.long

Sluice = Callable[..., Result]


class Web:
    """The application over a stage: signed-in browsers and programs."""

    def __init__(self, stage: Stage) -> None:
        self.services = Services(stage.engine, stage.clock, demo=True, rulebook=stage.rulebook)
        self.stage = stage

    def person(self, user: str, lang: str = "en") -> TestClient:
        """A browser of `user`; its requests carry the CSRF token."""
        with db.transaction(self.stage.engine) as session:
            signin.set_password(session, user, "correct horse 9")
        http = TestClient(create_app(self.services), follow_redirects=False)
        answer = http.post("/sign-in", data={"user_id": user, "password": "correct horse 9"})
        assert answer.status_code == 303, answer.text
        http.cookies.set("lang", lang)
        csrf = self.stage.value(
            "SELECT csrf_token FROM user_session WHERE user_id = :u ORDER BY created_at DESC "
            "LIMIT 1",
            u=user,
        )
        assert http.cookies[COOKIE]
        http.headers["X-CSRF-Token"] = str(csrf)
        return http


@pytest.fixture
def web(stage: Stage) -> Web:
    """The application over the stage."""
    return Web(stage)


@pytest.fixture
def sluice(
    stage: Stage, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Sluice:
    """Gives a command on the stage's database, at its time; a code other than the one wanted
    (default 0) fails the test."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    made = Workspace.create(tmp_path / "workspace", demo=True)
    monkeypatch.setenv("SLUICE_WORKSPACE", str(made.folder))
    monkeypatch.setattr("api.cli.acting.clock_for", lambda _: stage.clock)

    def run(*words: str, code: int = 0) -> Result:
        ran = CliRunner().invoke(build(words[0]), list(words))
        assert ran.exit_code == code, (words, ran.output, ran.exception)
        return ran

    return run


# --- files


def test_a_file_goes_out_and_its_return_comes_in_by_rest(stage: Stage, web: Web) -> None:
    documents, message_id = make_file(stage, 1, 2)
    http = web.person("cashier")
    address = f"/api/v1/payment-files/{message_id}"
    (listed,) = http.get("/api/v1/payment-files").json()
    assert (listed["state"], listed["downloads"], listed["amount"]) == ("READY", 0, "200.00")
    first = http.post(f"{address}/download")
    again = http.post(f"{address}/download")
    assert first.content == again.content
    assert (first.headers["X-Copy"], again.headers["X-Copy"]) == ("false", "true")
    assert "COPY" in again.headers["Warning"]
    assert "COPY1" in again.headers["Content-Disposition"]
    back = return_file(message_id, answers_to(first.content))
    sent = {"file": ("back.txt", back, "text/plain")}
    body = http.post(f"{address}/return", files=sent).json()
    assert (body["paid"], body["open"], body["repeated"]) == (2, 0, False)
    assert http.post(f"{address}/return", files=sent).json()["repeated"] is True
    assert stage.states(documents) == ["PAID", "PAID"]
    assert http.get("/api/v1/payment-files").json() == []
    assert len(http.get("/api/v1/payment-files?finished=true").json()) == 1


def test_a_foreign_return_file_is_refused_with_a_sentence(stage: Stage, web: Web) -> None:
    _, message_id = make_file(stage, 1)
    http = web.person("cashier")
    http.post(f"/api/v1/payment-files/{message_id}/download")
    sent = {"file": ("b.txt", return_file("PB20261123-999999", [Answer("x", 1)]), "text/plain")}
    answer = http.post(f"/api/v1/payment-files/{message_id}/return", files=sent)
    assert (answer.status_code, answer.json()["code"]) == (400, "RETURN_OTHER_BATCH")
    assert answer.json()["message_zh"]


def test_documents_are_released_by_rest_each_with_its_result(stage: Stage, web: Web) -> None:
    make_file(stage, 1)
    http = web.person("cashier")
    answer = http.post("/api/v1/payments/release", json={"document_nos": ["D20261123-000001"]})
    (item,) = answer.json()["items"]
    assert (item["done"], item["error"]["code"]) == (False, "ALREADY_LIVE")


@pytest.mark.parametrize("what", ["download", "discard", "return"])
def test_who_may_not_pay_touches_no_file(stage: Stage, web: Web, what: str) -> None:
    _, message_id = make_file(stage, 1)
    http = web.person("boss")
    address = f"/api/v1/payment-files/{message_id}/{what}"
    if what == "return":
        answer = http.post(address, files={"file": ("x", b"x")})
    else:
        answer = http.post(address, json={"reason": "x"})
    assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")


@pytest.mark.parametrize(("lang", "word"), [("en", "Files for the bank"), ("zh", "银行文件")])
def test_the_page_shows_files_and_takes_them_through(
    stage: Stage, web: Web, lang: str, word: str
) -> None:
    documents, message_id = make_file(stage, 1, 2)
    http = web.person("cashier", lang)
    shown = http.get("/pay")
    assert word in shown.text
    assert message_id in shown.text
    got = http.post(f"/pay/files/{message_id}/download")
    assert got.headers["X-Copy"] == "false"
    one, two = answers_to(got.content)
    sent = {"file": ("b.txt", return_file(message_id, [one]), "text/plain")}
    page = http.post(f"/pay/files/{message_id}/return", files=sent)
    assert page.status_code == 200
    assert "RETURN_ITEM_MISSING" in page.text
    assert two.instruction_id in page.text
    assert stage.states(documents) == ["PAID", "SENDING"]


def test_a_file_is_dissolved_on_the_page(stage: Stage, web: Web) -> None:
    _, message_id = make_file(stage, 1)
    http = web.person("cashier")
    assert http.post(f"/pay/files/{message_id}/discard").status_code == 400
    page = http.post(f"/pay/files/{message_id}/discard", data={"reason": "other account"})
    assert page.status_code == 200
    assert "Make the file" in page.text


def test_a_file_that_became_empty_says_why(stage: Stage, web: Web) -> None:
    _, message_id = make_file(stage, 1, counterparty_name="王|伟")
    answer = web.person("cashier").post(f"/api/v1/payment-files/{message_id}/download")
    assert (answer.status_code, answer.json()["code"]) == (409, "FILE_EMPTY")
    assert "counterparty_name" in answer.json()["message_en"]


def test_files_by_command(stage: Stage, sluice: Sluice, tmp_path: Path) -> None:
    documents, message_id = make_file(stage, 1, 2)
    who = ("--as", "cashier")
    assert message_id in sluice("pay", "files", *who).stdout
    folder = ("--folder", str(tmp_path))
    sluice("pay", "file", message_id, *who, *folder)
    again = sluice("pay", "file", message_id, *who, *folder)
    assert "COPY number 1" in again.stderr
    content = (tmp_path / f"PAY_{message_id}_20261123.txt").read_bytes()
    assert content == (tmp_path / f"PAY_{message_id}_20261123-COPY1.txt").read_bytes()
    back = tmp_path / "back.txt"
    back.write_bytes(return_file(message_id, answers_to(content)[:1]))
    told = sluice("pay", "return", message_id, str(back), *who, code=1)
    assert "RETURN_ITEM_MISSING" in told.stderr
    said = sluice("pay", "return", message_id, str(back), *who, "--format", "json")
    assert json.loads(said.stdout)["repeated"] is True
    assert "FILE_LEFT" in sluice("pay", "discard", message_id, *who, "--reason", "x", code=2).stderr
    assert stage.states(documents) == ["PAID", "SENDING"]


def test_release_by_command_has_a_result_per_document(stage: Stage, sluice: Sluice) -> None:
    make_file(stage, 1)
    ran = sluice("pay", "release", "D20261123-000001", "--as", "cashier", code=1)
    assert "ALREADY_LIVE" in ran.stdout


# --- cash


def _cash(stage: Stage, *numbers: int) -> list[int]:
    open_desk(stage, 15_000)
    return make_cash(stage, *numbers)


def test_cash_is_confirmed_by_rest_and_its_journal_read(stage: Stage, web: Web) -> None:
    documents = _cash(stage, 1, 2)
    http = web.person("cashier")
    numbers = {"document_nos": ["D20261123-000001", "D20261123-000002"]}
    one, two = http.post("/api/v1/cash/confirm", json=numbers).json()
    assert (one["done"], two["done"], two["error"]["code"]) == (True, False, "CASH_SHORT")
    assert stage.states(documents) == ["CONFIRMED", "UNPAID"]
    (desk,) = http.get("/api/v1/cash").json()
    assert (desk["opening"], desk["balance"]) == ("150.00", "50.00")
    (entry,) = http.get("/api/v1/cash/BJ01/CNY").json()["entries"]
    assert (entry["amount"], entry["balance"], entry["user"]) == ("-100.00", "50.00", "cashier")
    assert http.get("/api/v1/cash/SH/CNY").status_code == 404


@pytest.mark.parametrize(("lang", "word"), [("en", "Cash journal"), ("zh", "现金日记账")])
def test_cash_is_confirmed_on_the_page(stage: Stage, web: Web, lang: str, word: str) -> None:
    documents = _cash(stage, 1, 2)
    http = web.person("cashier", lang)
    assert "D20261123-000001" in http.get("/pay").text
    sent = {"document_no": ["D20261123-000001", "D20261123-000002"]}
    page = http.post("/pay/cash", data=sent)
    assert "CASH_SHORT" in page.text
    assert stage.states(documents) == ["CONFIRMED", "UNPAID"]
    assert "/cash/BJ01/CNY" in http.get("/cash").text
    assert word in http.get("/cash/BJ01/CNY").text


def test_the_journal_of_another_branch_is_unknown(stage: Stage, web: Web) -> None:
    _cash(stage, 1)
    with db.transaction(stage.engine) as session:
        session.execute(sa.text("UPDATE role_grant SET org_id = 'SH' WHERE user_id = 'cashier'"))
    http = web.person("cashier")
    assert http.get("/api/v1/cash").json() == []
    assert http.get("/api/v1/cash/BJ01/CNY").json()["code"] == "CASH_DESK_UNKNOWN"
    answer = http.post("/api/v1/cash/confirm", json={"document_nos": ["D20261123-000001"]})
    assert answer.json()["code"] == "DOCUMENT_UNKNOWN"


def test_approvers_have_no_way_to_confirm_cash(stage: Stage, web: Web) -> None:
    _cash(stage, 1)
    answer = web.person("boss").post("/api/v1/cash/confirm", json={"document_nos": ["x"]})
    assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")


def test_cash_by_command(stage: Stage, sluice: Sluice) -> None:
    _cash(stage, 1, 2)
    numbers = ("D20261123-000001", "D20261123-000002", "--as", "cashier")
    assert "CASH_SHORT" in sluice("cash", "confirm", *numbers, code=1).stdout
    assert "BJ01 CNY 50.00" in sluice("cash", "desks", "--as", "cashier").stdout
    told = sluice("cash", "journal", "BJ01", "--as", "cashier", "--lang", "zh").stdout
    assert told.splitlines()[-1] == "余额 50.00"


@pytest.mark.parametrize(("lang", "word"), [("en", "Take back"), ("zh", "撤销确认")])
def test_cash_is_taken_back_on_the_page_by_two_persons(
    stage: Stage, web: Web, lang: str, word: str
) -> None:
    (document,) = _confirmed(stage)
    cashier, accountant = web.person("cashier", lang), web.person("accountant", lang)
    given = {"document_no": FIRST, "reason": "wrong person"}
    assert 'action="/cash/reversals"' in cashier.get("/cash").text
    assert 'action="/cash/reversals"' not in accountant.get("/cash").text
    assert cashier.post("/cash/reversals", data=given).status_code == 303
    assert cashier.post("/cash/reversals", data=given).status_code == 409
    address = f"/cash/reversals/{stage.value('SELECT id FROM cash_reversal')}"
    assert address not in cashier.get("/cash").text
    shown = accountant.get("/cash").text
    assert (address in shown, word in shown) == (True, True)
    assert cashier.post(address, data={"verdict": "approve"}).status_code == 403
    assert accountant.post(address, data={"verdict": "approve"}).status_code == 303
    assert stage.states([document]) == ["UNPAID"]
    assert ("takes back 1" if lang == "en" else "撤销第 1 行") in cashier.get("/cash/BJ01/CNY").text


def test_cash_is_taken_back_by_rest(stage: Stage, web: Web) -> None:
    (document,) = _confirmed(stage)
    cashier, accountant = web.person("cashier"), web.person("accountant")
    address = "/api/v1/cash-reversals"
    made = cashier.post(address, json={"document_no": FIRST, "reason": "wrong person"})
    assert made.status_code == 201, made.text
    (listed,) = accountant.get(address).json()
    assert (listed["amount"], listed["confirmed_by"]) == ("-100.00", "cashier")
    decision = f"{address}/{made.json()['id']}/decision"
    assert cashier.post(decision, json={"approve": True}).json()["code"] == "FORBIDDEN"
    assert accountant.post(decision, json={"approve": True}).json()["document_no"] == FIRST
    again = accountant.post(decision, json={"approve": True})
    assert (again.status_code, again.json()["code"]) == (409, "REVERSAL_DECIDED")
    assert stage.states([document]) == ["UNPAID"]
    newest = cashier.get("/api/v1/cash/BJ01/CNY").json()["entries"][0]
    assert (newest["amount"], newest["reverses_no"]) == ("100.00", 1)


def test_cash_is_taken_back_by_command(stage: Stage, sluice: Sluice) -> None:
    (document,) = _confirmed(stage)
    sluice("cash", "undo", FIRST, "--reason", "wrong person", "--as", "cashier")
    told = sluice("cash", "undos", "--as", "accountant").stdout
    assert told.splitlines()[-1] == "1 open"
    number = str(stage.value("SELECT id FROM cash_reversal"))
    sluice("cash", "decide", number, "--approve", "--as", "accountant")
    assert stage.states([document]) == ["UNPAID"]


def _confirmed(stage: Stage) -> list[int]:
    documents = _cash(stage, 1)
    assert [one.done for one in confirm_cash(stage, *documents)] == [True]
    return documents


# --- voiding, another way, cheques


def _unpaid(stage: Stage, *numbers: int, channel: str = "bank_direct") -> list[int]:
    made = stage.make(
        *(
            Draft(n, account=stage.world.pay_account, channel=channel, business_type="expense")
            for n in numbers
        )
    )
    with db.transaction(stage.engine) as session:
        # The stage numbers its documents itself.
        session.execute(sa.text("SELECT setval('document_serial', 1000)"))
    return made


FIRST, SECOND = "D20261123-000001", "D20261123-000002"


def test_many_are_voided_by_rest_each_with_its_result(stage: Stage, web: Web) -> None:
    documents = _unpaid(stage, 1, 2)
    stage.release(documents[1])
    stage.work()
    http = web.person("cashier")
    given = {"document_nos": [FIRST, SECOND], "reason": "mistake"}
    one, two = http.post("/api/v1/documents/void", json=given).json()
    assert (one["done"], two["error"]["code"]) == (True, "DOCUMENT_TRANSITION")
    assert stage.states(documents) == ["VOID", "PROCESSING"]
    answer = http.post("/api/v1/documents/void", json={**given, "reason": " "})
    assert (answer.status_code, answer.json()["code"]) == (400, "REASON_MISSING")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_many_are_voided_on_the_page(stage: Stage, web: Web, lang: str) -> None:
    documents = _unpaid(stage, 1, 2)
    http = web.person("cashier", lang)
    assert 'formaction="/payments/void"' in http.get("/payments").text
    page = http.post("/payments/void", data={"document_no": [FIRST, SECOND], "reason": "x"})
    assert page.status_code == 200
    assert stage.states(documents) == ["VOID", "VOID"]


def test_a_document_is_paid_in_another_way_by_rest(stage: Stage, web: Web) -> None:
    documents = _unpaid(stage, 1)
    http = web.person("accountant")
    given = {"payment_method": "cash", "reason": "payee has no account"}
    answer = http.post(f"/api/v1/documents/{FIRST}/replace", json=given)
    assert (answer.status_code, answer.json()["state"]) == (201, "IN_APPROVAL")
    assert stage.states(documents) == ["VOID"]
    again = http.post(f"/api/v1/documents/{FIRST}/replace", json=given)
    assert (again.status_code, again.json()["code"]) == (409, "DOCUMENT_TRANSITION")


@pytest.mark.parametrize(("lang", "word"), [("en", "Paid instead by"), ("zh", "已由以下单据替代")])
def test_a_document_is_paid_in_another_way_on_its_page(
    stage: Stage, web: Web, lang: str, word: str
) -> None:
    _unpaid(stage, 1)
    http = web.person("accountant", lang)
    assert "/replace" in http.get(f"/payments/{FIRST}").text
    sent = {"payment_method": "cash", "reason": "payee has no account"}
    answer = http.post(f"/payments/{FIRST}/replace", data=sent)
    assert answer.status_code == 303
    assert FIRST in http.get(answer.headers["location"]).text
    assert word in http.get(f"/payments/{FIRST}").text
    assert http.post(f"/payments/{FIRST}/replace", data=sent).status_code == 409


def test_a_cheque_is_asked_for_and_shown_at_the_document(stage: Stage, web: Web) -> None:
    _unpaid(stage, 1, 2, channel="cheque")
    http = web.person("cashier")
    assert "Ask for cheques" in http.get("/pay").text
    assert http.post("/pay/cheque", data={"document_no": FIRST}).status_code == 200
    shown = http.get(f"/payments/{FIRST}").text
    assert "asked for" in shown
    one, two = http.post("/api/v1/cheques", json={"document_nos": [FIRST, SECOND]}).json()
    assert (one["error"]["code"], two["done"]) == ("CHEQUE_LIVE", True)


def test_endings_by_command(stage: Stage, sluice: Sluice) -> None:
    documents = _unpaid(stage, 1, 2)
    _unpaid(stage, 3, channel="cheque")
    reason = ("--reason", "mistake")
    sluice("documents", "void", FIRST, "--as", "cashier", *reason)
    again = sluice("documents", "void", FIRST, "--as", "cashier", *reason, code=1)
    assert "DOCUMENT_TRANSITION" in again.stdout
    who = ("--as", "accountant", "--method", "cash", *reason)
    assert f"{SECOND} -> " in sluice("documents", "replace", SECOND, *who).stdout
    assert stage.states(documents) == ["VOID", "VOID"]
    sluice("documents", "cheque", "D20261123-000003", "--as", "cashier")
