"""What I may do: for people and for programs."""

from __future__ import annotations

from typing import get_args

import pytest

from api.pages.language import catalog
from engine.base.text import Lang
from engine.treasury.organisations.mine import Held, allowed
from engine.treasury.organisations.models import Organisation
from engine.treasury.organisations.permissions import Permission, RulePermission
from tests.pages.world import World

EVERY = {*get_args(Permission), *get_args(RulePermission)}


def org(path: str) -> Organisation:
    return Organisation(
        id=path.rpartition("/")[2], level="", name_en="", name_zh="", legal_entity_id="", path=path
    )


@pytest.mark.parametrize("lang", get_args(Lang))
def test_every_permission_is_said_in_words(lang: Lang) -> None:
    assert {one for one in EVERY if f"word.permission.{one}" not in catalog(lang)} == set()


def test_what_another_role_gives_already_is_left_out() -> None:
    found = allowed(
        [
            Held("analyst", org("GROUP/BJ"), ("approval",)),
            Held("audit", org("GROUP"), ("approval", "sweep")),
            Held("audit", org("GROUP/BJ"), None),
        ]
    )
    shown = {(one.permission, one.organisation.id, one.kinds) for one in found if one.of_rules}
    assert shown == {
        ("rulesets.edit", "BJ", ("approval",)),
        ("rulesets.read", "GROUP", ("approval", "sweep")),
        ("rulesets.read", "BJ", None),
    }
    assert [one.organisation.id for one in found if one.permission == "documents.read"] == ["GROUP"]


def test_programs_get_roles_kinds_and_organisations(read_only: World) -> None:
    found = read_only.client("bj.analyst").http.get("/api/v1/me/permissions").json()
    limited = ["approval", "routing"]
    assert found["roles"] == [{"role": "analyst", "organisation": "BJ", "kinds": limited}]
    kinds = {one["permission"]: one["kinds"] for one in found["permissions"]}
    assert (kinds["rulesets.edit"], kinds["documents.read"]) == (limited, None)
    assert found["account_numbers"] == []
    mine = read_only.client("treasurer").http.get("/api/v1/me/permissions").json()
    assert mine["account_numbers"] == ["GROUP"]


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", ("What I may do", "Beijing branch and below", "Approval, Channel", "nowhere")),
        ("zh", ("我的权限", "北京分公司及下级", "审批，", "无此权限")),
    ],
)
def test_a_page_says_it_in_words(read_only: World, lang: str, said: tuple[str, ...]) -> None:
    page = read_only.client("bj.analyst", lang).http.get("/me/permissions")
    assert page.status_code == 200
    assert [one for one in said if one not in page.text] == []
    assert read_only.client(None, lang).http.get("/me/permissions").status_code == 303


def test_every_page_leads_there(read_only: World) -> None:
    assert 'href="/me/permissions"' in read_only.client("cashier").http.get("/").text
