"""What is found in a text or a set says nothing of rulesets its reader may not read."""

from __future__ import annotations

import re

import httpx
import pytest
import sqlalchemy as sa

from engine.base.findings import Finding, Severity, Span
from engine.base.text import Text
from engine.rulebook.errors import RulebookError, RulesetRefused
from engine.runtime import db
from engine.treasury.rulesets.shelf import telling
from tests.permissions.support import API, person, post
from tests.versions.support import branch_text, said
from tests.versions.test_reload import signed

SECRET = "S7"
CHILD = """kind: approval
name: child
extends: {extends}
title: {{en: c, zh: c}}
version: 1
effective: {{from: 2020-01-01}}
scope: {{org: {org}}}
rules: |
  id | amount => approvers | sla
  A1 | < 1 => reviewer | 4h
"""


def secret_text(name: str, org: str) -> str:
    text = branch_text(org, name=name)
    return text.replace("A1", SECRET)


@pytest.fixture
def people(web: httpx.Client, ruled: sa.Engine) -> sa.Engine:
    """Shanghai has a live ruleset; a limited analyst has another kind."""
    signed(web, secret_text("qqqqqq1", "SH"))
    assert post(web, "oli", "rulesets/reload", reason="because").status_code == 200
    person(ruled, "rob", "analyst", kinds=["routing"])
    return ruled


def said_of(web: httpx.Client, user: str, extends: str, org: str) -> list[str]:
    """What is found in an extension."""
    made = post(web, user, "drafts", text=CHILD.format(extends=extends, org=org))
    assert made.status_code == 201, made.text
    return [re.sub("qqqqqq1|qqqqqq2", "X", str(one)) for one in made.json()["findings"]]


def test_another_branchs_ruleset_is_as_unknown_a_parent_as_none(
    web: httpx.Client, people: sa.Engine
) -> None:
    assert said_of(web, "bea", "qqqqqq1", "BJ") == said_of(web, "bea", "qqqqqq2", "BJ")
    # Who may read both is told that they do not go together: the control.
    assert said_of(web, "ann", "qqqqqq1", "BJ") != said_of(web, "ann", "qqqqqq2", "BJ")


def test_nor_is_it_told_of_where_nothing_is_stored(web: httpx.Client, people: sa.Engine) -> None:
    def asked(extends: str) -> str:
        text = CHILD.format(extends=extends, org="BJ")
        answer = post(web, "bea", "rulesets/edit", text=text, edits=[])
        return answer.text.replace("qqqqqq1", "X").replace("qqqqqq2", "X")

    assert asked("qqqqqq1") == asked("qqqqqq2")


def test_a_workbook_of_another_kind_is_as_unknown_as_none(
    web: httpx.Client, people: sa.Engine
) -> None:
    live = web.get(f"{API}/rulesets", headers=said("ann")).json()[0]["hash"]
    assert web.get(f"{API}/rulesets/{live}/xlsx", headers=said("ann")).status_code == 200
    assert web.get(f"{API}/rulesets/{live}/xlsx", headers=said("rob")).status_code == 404


def finding(file: str, message: str) -> Finding:
    return Finding("R501", Severity.ERROR, file, Span(1, 1), Text(message, message), None)


def test_a_refused_set_tells_what_is_ones_own(web: httpx.Client, people: sa.Engine) -> None:
    signed(web, branch_text("BJ", name="bj-approval"))
    with db.transaction(people) as session:
        rows = session.execute(sa.text("SELECT org_id, file FROM ruleset_version"))
        files = {str(one.org_id): str(one.file) for one in rows}
    hidden = finding(files["SH"], "row S7 is broken")
    named = finding(files["BJ"], "it disputes with qqqqqq1")
    own = finding(files["BJ"], "row A1 is broken")
    with db.transaction(people) as session:
        with pytest.raises(RulesetRefused) as told, telling(session, "bea"):
            raise RulesetRefused([hidden, named, own])
        assert told.value.findings == (own,)
        assert SECRET not in told.value.text.en
        with pytest.raises(RulebookError) as untold, telling(session, "bea"):
            raise RulesetRefused([hidden, named])
        assert (untold.value.code, untold.value.http_status) == ("RULESET_REFUSED", 422)
        with pytest.raises(RulesetRefused) as whole, telling(session, "ann"):
            raise RulesetRefused([hidden, named, own])
        assert len(whole.value.findings) == 3


def test_signing_into_a_broken_set_names_no_ruleset_of_another_branch(
    web: httpx.Client, people: sa.Engine
) -> None:
    """Two rulesets for one scope: who reads one of them alone is not told the other's name."""
    person(people, "bet", "treasurer", "BJ")
    signed(web, branch_text("BJ", name="bj-secret"))
    assert post(web, "oli", "rulesets/reload", reason="because").status_code == 200
    draft = post(web, "ann", "drafts", text=branch_text("BJ", name="bj-second")).json()
    body = {"seen": draft["hash"], "reason": "because"}
    hash = post(web, "ann", f"drafts/{draft['id']}/submit", **body).json()["hash"]
    refused = post(web, "bet", f"ruleset-versions/{hash}/sign", activate=True)
    assert (refused.status_code, refused.json()["code"]) == (422, "RULESET_REFUSED")
    assert "bj-secret" in refused.text  # his own branch: the control
    assert "qqqqqq1" not in refused.text
