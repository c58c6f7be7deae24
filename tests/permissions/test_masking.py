"""Who sees account numbers masked previews every rule, and learns no digit by it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from engine.runtime import db
from engine.runtime.postgres import SUPERUSER
from tests.pages.fixtures import with_history
from tests.pages.world import Browser, World
from tests.permissions.support import API
from tests.versions.support import SHIPPED

VALIDATION = (SHIPPED / "validation/payment-validation.yaml").read_text("utf-8")
V12 = 'not(matches("[0-9A-Z]{5,34}"))'
ORACLE = 'matches("62[0-9]*")        '
"""What somebody would ask who wants to know which accounts begin with 62."""


def draft(*changes: tuple[str, str]) -> str:
    """The shipped validation, changed, as a next version without its examples."""
    text = re.sub(r"(?m)^version: .*$", "version: 99", VALIDATION)
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text[: text.index("examples:")]


@pytest.fixture(scope="module")
def kept(read_only: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The day with its history."""
    return with_history(read_only, tmp_path_factory.mktemp("history"), documents=300)


def send(browser: Browser, path: str, **body: object) -> tuple[int, dict[str, Any]]:
    headers = {"X-CSRF-Token": browser.csrf}
    answer = browser.http.post(f"{API}/{path}", json=body, headers=headers)
    return answer.status_code, answer.json()


def preview(world: World, user: str, **asked: object) -> tuple[int, dict[str, Any]]:
    return send(world.client(user), "rulesets/preview", **asked)


def test_rules_that_leave_the_signed_conditions_alone_are_previewed(kept: World) -> None:
    changed = draft(("Creditor account is missing    ", "There is no creditor account   "))
    status, found = preview(kept, "analyst", text=changed)
    assert status == 200, found
    assert found["documents"] > 0
    assert {one["row"] for one in found["rows"]} >= {"V11", "V12"}


def test_alerts_that_count_by_account_are_previewed(kept: World) -> None:
    text = (SHIPPED / "alerts/payment-alerts.yaml").read_text("utf-8")
    text = re.sub(r"(?m)^version: .*$", "version: 99", text)
    status, found = preview(kept, "analyst", text=text)
    assert status == 200, found


def test_a_condition_of_ones_own_on_digits_is_refused_and_named(kept: World) -> None:
    status, refused = preview(kept, "analyst", text=draft((V12, ORACLE)))
    assert (status, refused["code"]) == (403, "HIDDEN_WORDS"), refused
    for said in (refused["message_en"], refused["message_zh"]):
        assert "V12" in said
        assert "creditor_account" in said
        assert "V11" not in said


def test_who_sees_account_numbers_would_learn_them_by_it(kept: World) -> None:
    """The control: what is refused to others does count accounts by their digits."""
    status, found = preview(kept, "treasurer", text=draft((V12, ORACLE)))
    assert status == 200, found
    hits = {one["row"]: one for one in found["rows"]}["V12"]
    assert hits["draft"] != hits["live"]


@pytest.mark.parametrize(
    "changes",
    [
        [(V12, 'not(matches("[0-9A-Z]{6,34}"))')],
        [(V12, 'matches("[0-9A-Z]{5,34}")     ')],
        [(V12, 'starts("6")                   ')],
        [(V12, 'null, starts("6")             ')],
        [("Creditor account is missing    ", '"{creditor_account} is not known"')],
    ],
    ids=["pattern", "turned", "prefix", "listed", "written out"],
)
def test_every_other_question_about_them_is_refused(
    kept: World, changes: list[tuple[str, str]]
) -> None:
    status, refused = preview(kept, "analyst", text=draft(*changes))
    assert (status, refused["code"]) == (403, "HIDDEN_WORDS"), refused


HEAD = """kind: validation
name: oracle
title: {en: o, zh: o}
version: 1
effective: {from: 2020-01-01}
scope: {org: GROUP, subject: payment}
hit_policy: rule order
on_error: return_rows
rules: |
"""


@pytest.mark.parametrize(
    "table",
    [
        """
  id | when                                  => severity | field         | message_en | message_zh
  P1 | creditor_account = "6222021001000001" => error    | creditor_name | x          | x
""",
        """
  id | creditor_name => severity | field | message_en           | message_zh
  P1 | -             => error    | creditor_name | "{creditor_account}" | x
""",
    ],
    ids=["formula", "template"],
)
def test_a_formula_or_a_text_asks_as_a_cell_does(kept: World, table: str) -> None:
    status, refused = preview(kept, "analyst", text=HEAD + table.lstrip("\n"))
    assert (status, refused["code"]) == (403, "HIDDEN_WORDS"), refused


@pytest.mark.parametrize(
    ("old", "new"),
    [("kind: approval", "kind: grouping"), ("org: GROUP", "org: SH")],
    ids=["kind", "organisation"],
)
def test_a_text_of_a_kind_or_branch_that_is_not_ones_own_is_not_previewed(
    kept: World, old: str, new: str
) -> None:
    text = (SHIPPED / "approval/payment-approval.yaml").read_text("utf-8")
    text = text.replace("version: 2", "version: 3")
    assert preview(kept, "bj.analyst", text=text)[0] == 200
    status, refused = preview(kept, "bj.analyst", text=text.replace(old, new))
    assert (status, refused["code"]) == (403, "NOT_PERMITTED")


@pytest.fixture
def own(world: World, tmp_path: Path) -> World:
    """A day to change, with its history."""
    return with_history(world, tmp_path, documents=100)


def proposed(world: World, user: str, text: str) -> str:
    """A version somebody proposed; its hash."""
    browser = world.client(user)
    status, made = send(browser, "drafts", text=text)
    assert status == 201, made
    done = send(browser, f"drafts/{made['id']}/submit", seen=made["hash"], reason="because")
    assert done[0] == 200, done[1]
    return str(done[1]["hash"])


def test_what_is_proposed_is_no_way_around_it_and_what_is_signed_is_for_all(own: World) -> None:
    hash = proposed(own, "analyst", draft((V12, ORACLE)))
    asked: list[dict[str, object]] = [
        {"version": hash},
        {"text": draft(), "against": hash},
        {"text": draft((V12, ORACLE)), "against": hash},
    ]
    for body in asked:
        assert preview(own, "analyst", **body)[1].get("code") == "HIDDEN_WORDS", body
    status, done = send(own.client("treasurer"), f"ruleset-versions/{hash}/sign", activate=False)
    assert status == 200, done
    for body in asked:
        assert preview(own, "analyst", **body)[0] == 200, body


def test_an_explanation_under_a_text_asks_by_the_same_rule(kept: World) -> None:
    asked = "kind = 'validation' AND subject = 'payment' ORDER BY id LIMIT 1"
    number = kept.one(f"SELECT id FROM decision WHERE {asked}")
    path = f"decisions/{number}/explanation"
    browser = kept.client("analyst")
    status, found = send(browser, path, text=draft())
    assert status == 200, found
    assert found["under"]["differs"] is False
    status, refused = send(browser, path, text=draft((V12, ORACLE)))
    assert (status, refused["code"]) == (403, "HIDDEN_WORDS")


def test_a_replay_masks_account_numbers_in_outcomes(world: World) -> None:
    account = world.one(
        "SELECT facts ->> 'creditor_account' FROM decision WHERE kind = 'validation' "
        "AND length(facts ->> 'creditor_account') > 10 ORDER BY id LIMIT 1"
    )
    url = world.engine.url.set(username=SUPERUSER)
    with db.make_engine(url.render_as_string(hide_password=False), pooled=False).begin() as c:
        c.exec_driver_sql("SET session_replication_role = replica")
        c.exec_driver_sql(
            "UPDATE decision SET outcome = jsonb_build_array(jsonb_build_object('message_en', "
            "'paid to ' || (facts ->> 'creditor_account'))) WHERE kind = 'validation' "
            "AND facts ->> 'creditor_account' = %s",
            (account,),
        )
    body = {"kinds": ["validation"]}
    status, found = send(world.client("treasurer"), "decisions/replay", **body)
    assert status == 200
    assert account in str(found["differences"])
    status, found = send(world.client("analyst"), "decisions/replay", **body)
    assert found["differing"] > 0
    assert account not in str(found["differences"])
    assert "paid to" in str(found["differences"])
    number = world.one(
        "SELECT d.document_no FROM document d JOIN decision c ON c.matter_id = d.id::text "
        "WHERE c.facts ->> 'creditor_account' = :a ORDER BY c.id LIMIT 1",
        a=account,
    )
    for path in (f"{API}/trace/{number}", f"{API}/documents/{number}/decisions"):
        shown = world.client("analyst").http.get(path)
        assert shown.status_code == 200
        assert account not in shown.text


def test_a_text_too_long_is_refused_everywhere_alike(kept: World) -> None:
    number = kept.one("SELECT id FROM decision ORDER BY id LIMIT 1")
    text = "#" + "款" * 700_000
    asked: dict[str, dict[str, object]] = {
        "rulesets/preview": {},
        f"decisions/{number}/explanation": {},
        "rulesets/edit": {"edits": []},
        "drafts": {},
    }
    said = {
        send(kept.client("analyst"), path, text=text, **more)[0] for path, more in asked.items()
    }
    assert said == {413}
    codes = {
        send(kept.client("analyst"), path, text=text, **more)[1]["code"]
        for path, more in asked.items()
    }
    assert codes == {"DRAFT_TOO_LARGE"}
