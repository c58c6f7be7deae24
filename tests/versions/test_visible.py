"""Nobody learns of the rulesets of another branch, or of kinds that are not his, on whatever way he
asks."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from api.app import create_app
from api.routers import all_routes
from api.services import Services
from engine.runtime import db
from engine.runtime.postgres import EmbeddedServer
from engine.treasury.organisations.signin import set_token
from tests.prepared import built
from tests.rulebook.support import approval_text
from tests.starting import starting_clock
from tests.versions.support import grant_role, said, token
from tests.versions.test_drafts import begin, submitted
from tests.versions.test_reload import post, signed

pytestmark = pytest.mark.long

SECRET = "nobody in Beijing reads this"
OTHER = ("bea", "bet", "bob")
"""Analyst, treasurer and operator of Beijing."""


def branch_text(name: str, org: str, version: int = 1, large: str = "20万") -> str:
    """A ruleset of one branch alone."""
    text = approval_text(name=name, org=org, version=version, large=large)
    text = re.sub(r"(?m)^overrides: .*\n", "", text)
    return text.replace("Payment approval", SECRET) if org == "SH" else text


@dataclass(frozen=True)
class Shanghai:
    """What Shanghai has: hashes by state, a draft, a timed activation shared with Beijing."""

    live: str
    proposed: str
    timed: str
    draft: int
    shared: int
    revision: int
    beijing: str

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no answer may say."""
        hashes = (self.live, self.proposed, self.timed)
        return (SECRET, "sh-approval", "sh-a", "sh-b", "for Shanghai", *(h[:12] for h in hashes))


def limit(engine: sa.Engine, kinds: str) -> None:
    """Let those who ask hold their roles for the whole group and some kinds."""
    with db.transaction(engine) as session:
        session.execute(
            sa.text(
                "UPDATE role_grant SET org_id = 'GROUP', kinds = :kinds WHERE user_id = ANY(:us)"
            ),
            {"kinds": kinds, "us": list(OTHER)},
        )


def _made(web: httpx.Client, engine: sa.Engine) -> Shanghai:
    with db.transaction(engine) as session:
        grant_role(session, "bet", "treasurer", "BJ")
        set_token(session, "bet", token("bet"))
    live = signed(web, branch_text("sh-approval", "SH"))
    done = post(web, "rulesets/reload", reason="for Shanghai").json()
    timed = signed(web, branch_text("sh-approval", "SH", 2, "10万"))
    beijing = signed(web, branch_text("bj-approval", "BJ"))
    at = dt.datetime(2026, 12, 1, tzinfo=dt.UTC).isoformat()
    made = post(web, "scheduled-activations", hashes=[timed, beijing], activate_at=at).json()
    for name in ("sh-a", "sh-b"):
        signed(web, branch_text(name, "SH"))
    draft = int(str(begin(web, branch_text("sh-approval", "SH", 3, "15万"))["id"]))
    proposed = submitted(web, draft, "ann")
    kept = int(str(begin(web, branch_text("sh-approval", "SH", 4, "16万"))["id"]))
    return Shanghai(live, proposed, timed, kept, made["id"], done["revision"], beijing)


@pytest.fixture(scope="module")
def once(postgres_server: EmbeddedServer, ruled_template: str) -> Iterator[tuple[str, Shanghai]]:
    """The name of a database with all of it, built by Shanghai's own acts, only ever copied."""
    made: list[Shanghai] = []

    def build(engine: sa.Engine) -> None:
        with TestClient(create_app(Services(engine, starting_clock(), demo=False))) as client:
            made.append(_made(client, engine))

    with built(postgres_server, build, ruled_template) as name:
        yield name, made[0]


@pytest.fixture
def template(once: tuple[str, Shanghai]) -> str:
    """Every test here stands on a copy of it."""
    return once[0]


@pytest.fixture
def ruled(engine: sa.Engine) -> sa.Engine:
    """The group with Shanghai's rulesets."""
    return engine


@pytest.fixture
def shanghai(once: tuple[str, Shanghai]) -> Shanghai:
    """What Shanghai has."""
    return once[1]


@dataclass(frozen=True)
class Asked:
    """A request by somebody of Beijing; {live}, {draft} ... in texts are Shanghai's."""

    method: str
    path: str
    status: int = 404
    by_kind: int | None = None
    """The status where it is the kind that hides, if another."""
    user: str = "bea"
    fill: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    form: dict[str, str] | None = None
    file: bool = False


API = "/api/v1"
WHY = {"reason": "because"}
HASH = {"hash": "{live}"}
DRAFT = {"draft_id": "{draft}"}
CASES = (
    Asked("GET", f"{API}/rulesets", 200),
    Asked("GET", f"{API}/rulesets/plan", 200),
    Asked("GET", f"{API}/rulesets/plan", params={"hash": "{timed}"}),
    Asked("GET", f"{API}/rulesets/undo-plan", 200, params={"revision": "1"}),
    Asked("GET", f"{API}/rulesets/as-of", 200, params={"kind": "approval", "org": "SH"}),
    Asked("GET", f"{API}/rulesets/diff", params={"old": "{live}", "new": "{timed}"}),
    Asked("GET", f"{API}/rulesets/{{hash}}/xlsx", fill=HASH),
    Asked("POST", f"{API}/rulesets/xlsx", form={"base": "{live}"}, file=True),
    Asked("POST", f"{API}/rulesets/reload", user="bob", body={"hashes": ["{timed}"], **WHY}),
    Asked("GET", f"{API}/ruleset-versions", 200),
    Asked("GET", f"{API}/ruleset-versions/{{hash}}", fill=HASH),
    Asked(
        "POST",
        f"{API}/ruleset-versions/{{hash}}/sign",
        user="bet",
        fill={"hash": "{proposed}"},
        body={"activate": False},
    ),
    Asked("POST", f"{API}/ruleset-versions/{{hash}}/return", fill={"hash": "{proposed}"}, body=WHY),
    Asked("GET", f"{API}/scheduled-activations", 200),
    Asked(
        "POST",
        f"{API}/scheduled-activations",
        user="bob",
        body={"hashes": ["{timed}"], "activate_at": "2026-12-02T00:00:00Z", **WHY},
    ),
    Asked(
        "POST",
        f"{API}/scheduled-activations/{{number}}/cancel",
        user="bob",
        fill={"number": "{shared}"},
        body=WHY,
    ),
    Asked("GET", f"{API}/revisions", 200),
    Asked("GET", f"{API}/revisions/{{number}}", 200, fill={"number": "{revision}"}),
    Asked("GET", f"{API}/drafts", 200),
    Asked("POST", f"{API}/drafts", body={"text": "x", "base_hash": "{live}"}),
    Asked("GET", f"{API}/drafts/{{draft_id}}", fill=DRAFT),
    Asked("PUT", f"{API}/drafts/{{draft_id}}", fill=DRAFT, body={"text": "x", "seen": "x"}),
    Asked("DELETE", f"{API}/drafts/{{draft_id}}", fill=DRAFT),
    Asked(
        "POST", f"{API}/drafts/{{draft_id}}/submit", fill=DRAFT, body={"seen": "x", "reason": "x"}
    ),
    Asked("POST", f"{API}/drafts/{{draft_id}}/claim", fill=DRAFT, body={"take_over": True}),
    Asked("DELETE", f"{API}/drafts/{{draft_id}}/claim", fill=DRAFT),
    Asked("GET", f"{API}/drafts/{{draft_id}}/watch", fill=DRAFT),
    Asked("GET", f"{API}/rulesets/{{hash}}/hits", fill=HASH),
    Asked("GET", "/drafts/{draft_id}", fill=DRAFT),
    Asked("POST", "/drafts/{draft_id}/text", fill=DRAFT, form={"text": "x", "seen": "x"}),
    Asked("POST", "/rulesets/{hash}/draft", fill=HASH),
    Asked("GET", f"{API}/drafts/{{draft_id}}/xlsx", fill=DRAFT),
    Asked("GET", f"{API}/drafts/{{draft_id}}/comments", fill=DRAFT),
    Asked("POST", f"{API}/drafts/{{draft_id}}/comments", fill=DRAFT, body={"text": "x"}),
    Asked("GET", f"{API}/ruleset-versions/{{hash}}/comments", fill=HASH),
    Asked("POST", f"{API}/ruleset-versions/{{hash}}/comments", fill=HASH, body={"text": "x"}),
    Asked("GET", "/rulesets", 200),
    Asked("GET", "/rulesets/counts/live", 200),
    Asked("GET", "/rulesets/{hash}/hits", fill=HASH),
    Asked("GET", "/rulesets/by-name/{name}", fill={"name": "sh-approval"}),
    Asked("GET", "/rulesets/{hash}", fill=HASH),
    Asked("GET", "/rulesets/{old}/changes/{new}", fill={"old": "{live}", "new": "{timed}"}),
    Asked("GET", "/rulesets/new", 200, params={"kind": "approval"}),
    Asked(
        "POST",
        "/rulesets/new",
        403,
        form={"kind": "approval", "subject": "payment", "name": "x", "org": "SH"},
    ),
    Asked(
        "POST",
        f"{API}/rulesets/new",
        409,
        body={
            "kind": "approval",
            "subject": "payment",
            "name": "sh-approval",
            "organisation": "BJ",
        },
        by_kind=403,
    ),
    Asked("GET", "/rulesets/{hash}/copy", fill=HASH),
    Asked("POST", "/rulesets/{hash}/copy", fill=HASH, form={"org": "BJ", "how": "full"}),
    Asked(
        "POST",
        f"{API}/ruleset-versions/{{hash}}/copy",
        fill=HASH,
        body={"organisation": "BJ", "how": "full"},
    ),
    Asked("GET", "/rulesets/waiting", 200, user="bob"),
    Asked("GET", "/rulesets/compare", params={"old": "{live}", "new": "{timed}"}),
    Asked("GET", "/rulesets/as-of", 200, params={"kind": "approval", "org": "SH"}),
    Asked("GET", "/revisions", 200),
    Asked("GET", "/operations/undo", 200, params={"to": "1"}),
    Asked("POST", "/operations/undo", 403, user="bob", form={"to": "1", "over": "2", **WHY}),
    Asked("GET", "/operations/reload", 200, user="bob"),
    Asked(
        "POST",
        "/operations/reload",
        user="bob",
        form={"over": "{revision}", "hash": "{timed}", **WHY},
    ),
    Asked("GET", "/operations/reload/impact/{hash}", fill={"hash": "{timed}"}),
    Asked(
        "POST",
        "/operations/timed/{number}/cancel",
        user="bob",
        fill={"number": "{shared}"},
        form=WHY,
    ),
    Asked("GET", "/rulesets/{hash}/review", fill=HASH),
    Asked("POST", "/rulesets/{hash}/sign", user="bet", fill={"hash": "{proposed}"}),
    Asked("POST", "/rulesets/{hash}/return", fill={"hash": "{proposed}"}, form=WHY),
    Asked("POST", "/rulesets/{hash}/activate", user="bob", fill={"hash": "{timed}"}, form=WHY),
    Asked(
        "POST",
        "/rulesets/{hash}/schedule",
        user="bob",
        fill={"hash": "{timed}"},
        form={"at": "2026-12-02T08:00", **WHY},
    ),
    Asked(
        "POST",
        "/rulesets/{hash}/schedules/{number}/cancel",
        user="bob",
        fill={"hash": "{timed}", "number": "{shared}"},
        form=WHY,
    ),
    Asked("POST", "/rulesets/{hash}/continue", fill=HASH),
    Asked("POST", "/rulesets/{hash}/comments", fill=HASH, form={"text": "x"}),
    Asked("GET", "/rulesets/{hash}/excel", fill=HASH),
    Asked("POST", "/rulesets/{hash}/excel", fill=HASH, form={}, file=True),
    Asked("POST", "/rulesets/{hash}/excel/keep", fill=HASH, form={"text": "x"}),
    Asked("GET", "/drafts/{draft_id}/review", fill=DRAFT),
    Asked("POST", "/drafts/{draft_id}/submit", fill=DRAFT, form={"seen": "x", **WHY}),
    Asked("POST", "/drafts/{draft_id}/drop", fill=DRAFT),
    Asked("POST", "/drafts/{draft_id}/comments", fill=DRAFT, form={"text": "x"}),
    Asked("GET", "/drafts/{draft_id}/excel", fill=DRAFT),
    Asked("POST", "/drafts/{draft_id}/excel", fill=DRAFT, form={}, file=True),
    Asked("POST", "/drafts/{draft_id}/excel/keep", fill=DRAFT, form={"text": "x"}),
)
ELSEWHERE = {
    # Needs history to answer at all: tests/preview/test_rest.py.
    ("POST", f"{API}/rulesets/preview"),
    # The same as a part of pages: tests/review/test_impact.py.
    ("GET", "/rulesets/compare/impact"),
    # The same: tests/shelf/test_hits.py.
    ("POST", f"{API}/rulesets/hits"),
    # Works on the text that comes with it.
    ("POST", f"{API}/rulesets/edit"),
    # Reads a text as previews do, and a decision the caller may see: tests/explain.
    ("POST", f"{API}/rulesets/example"),
    # Takes back for those who may activate everything that changes: test_reload.py.
    ("POST", f"{API}/rulesets/undo"),
}


def _filled(value: Any, facts: dict[str, object]) -> Any:
    if isinstance(value, str):
        for name, fact in facts.items():
            value = value.replace("{" + name + "}", str(fact))
        return value
    if isinstance(value, list):
        return [_filled(one, facts) for one in value]
    if isinstance(value, dict):
        return {name: _filled(one, facts) for name, one in value.items()}
    return value


def answered(web: httpx.Client, shanghai: Shanghai, asked: Asked) -> httpx.Response:
    """What somebody is answered."""
    facts = {name: getattr(shanghai, name) for name in Shanghai.__dataclass_fields__}
    path = asked.path
    for name, value in asked.fill.items():
        path = path.replace("{" + name + "}", _filled(value, facts))
    return web.request(
        asked.method,
        path,
        params=_filled(asked.params, facts),
        json=_filled(asked.body, facts),
        data=_filled(asked.form, facts),
        files={"file": ("a.xlsx", b"PK")} if asked.file else None,
        headers=said(asked.user),
    )


@pytest.mark.parametrize("hidden_by", ["organisation", "kind"])
@pytest.mark.parametrize("asked", CASES, ids=lambda one: f"{one.method} {one.path}")
def test_whose_rules_they_are_not_learns_nothing(
    web: httpx.Client, ruled: sa.Engine, shanghai: Shanghai, asked: Asked, hidden_by: str
) -> None:
    if hidden_by == "kind":
        limit(ruled, "{routing,sweep}")
    answer = answered(web, shanghai, asked)
    other = asked.by_kind if hidden_by == "kind" else None
    assert answer.status_code == (other or asked.status), answer.text
    if asked.status == 200:
        assert [one for one in shanghai.secrets if one in answer.text] == []
    else:
        # A refusal may say again what was asked for.
        assert SECRET not in answer.text


def test_whose_rules_they_are_sees_all_of_it(web: httpx.Client, shanghai: Shanghai) -> None:
    def told(path: str) -> str:
        return web.get(path, headers=said("aud")).text

    assert shanghai.live in told(f"{API}/rulesets")
    assert SECRET in told(f"/rulesets/{shanghai.live}")
    assert shanghai.timed in told(f"{API}/scheduled-activations")
    assert "for Shanghai" in told(f"{API}/revisions")
    assert "sh-b" in told(f"{API}/rulesets/plan")
    own = web.get(f"{API}/scheduled-activations", headers=said("bea")).json()
    assert [one["hashes"] for one in own] == [[shanghai.beijing]]


@pytest.mark.parametrize("asked", CASES, ids=lambda one: f"{one.method} {one.path}")
def test_a_limit_to_their_kind_hides_nothing(
    web: httpx.Client, ruled: sa.Engine, shanghai: Shanghai, asked: Asked
) -> None:
    limit(ruled, "{approval}")
    answer = answered(web, shanghai, asked)
    # Here nobody keeps history: hits are told of nothing, whoever asks.
    assert answer.status_code != 404 or "NO_HISTORY" in answer.text, answer.text
    if asked.status == 200:
        assert [one for one in shanghai.secrets if one in answer.text]


def test_no_way_to_rulesets_is_left_out() -> None:
    ways = re.compile(r"ruleset|draft|/revisions|scheduled|/operations/(reload|undo|timed)")
    others = re.compile(r"/bank-layouts\b")  # drafts too, and nobody's rules
    found = [one for one in all_routes() if ways.search(one.path) and not others.search(one.path)]
    known = {(method, one.path) for one in found for method in one.methods or ()}
    assert known == {(one.method, one.path) for one in CASES} | ELSEWHERE
