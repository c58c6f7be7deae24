"""Pages say since when a version rules, by what it became live, and how every version stands."""

from __future__ import annotations

import html
import re

import httpx
import pytest
import sqlalchemy as sa

from engine.rulebook import propose, publish
from engine.rulebook.reloading import reload_signed, undo
from engine.rulebook.revisions import current_revision
from engine.rulebook.standing import runs_since, standings
from engine.rulebook.versions import send_back, stored_versions
from engine.runtime import db
from engine.runtime.clock import ManualClock
from tests.rulebook.support import NOW, approval_text
from tests.versions.support import FILE, said


@pytest.fixture
def played(ruled: sa.Engine) -> dict[int, str]:
    """Version -> hash. 2 rules by revisions 2, 4 and 6, 1 by the others; 3 was returned by tom,
    4 is signed, 5 waits."""
    hashes = {}
    with db.transaction(ruled) as session:
        for number in (2, 4):
            hashes[number] = publish(
                session,
                approval_text(version=number, large="45万"),
                FILE,
                author="ann",
                reviewer="tom",
                reason=f"number {number}",
                now=NOW,
            ).hash
            if number == 2:
                reload_signed(session, [hashes[2]], by="oli", reason="now", now=NOW)
                for to in (1, 2, 1, 2):
                    undo(session, to, by="oli", reason="to and fro", now=NOW)
                third = propose(
                    session,
                    approval_text(version=3, large="40万"),
                    FILE,
                    author="ann",
                    reason="lower",
                    now=NOW,
                )
                send_back(session, third.hash, by="tom", reason="too low", now=NOW)
        text = approval_text(version=5, large="40万")
        propose(session, text, FILE, author="ann", reason="again", now=NOW)
        return {one.version: one.hash for one in stored_versions(session)}


def text_of(web: httpx.Client, path: str, lang: str) -> str:
    answer = web.get(path, headers=said("aud") | {"Cookie": f"lang={lang}"})
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", answer.text)))


def test_a_version_rules_since_its_present_run_began(
    ruled: sa.Engine, played: dict[int, str]
) -> None:
    with db.transaction(ruled) as session:
        assert current_revision(session) == 6
        for live, version, first in ((2, 2, 2), (3, 1, 3), (4, 2, 4), (6, 2, 6), (1, 1, 1)):
            assert runs_since(session, live, [played[version]]) == {played[version]: first}
        undo(session, 5, by="oli", reason="back", now=NOW)
        found = standings(session, 7, stored_versions(session))
    assert [found[played[n]] for n in (1, 2, 3, 4, 5)] == [
        "live",
        "past",
        "returned",
        "signed",
        "proposed",
    ]


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ("Revision 6, activated", "by oli, by an undo back to revision 2.", "was live")),
        ("zh", ("第 6 次激活，oli 于", "撤销并恢复至第 2 次激活。", "曾生效")),
    ],
)
def test_pages_say_what_made_it_live_and_who_answers_for_what(
    web: httpx.Client, played: dict[int, str], clock: ManualClock, lang: str, words: tuple[str, ...]
) -> None:
    shelf = text_of(web, "/rulesets", lang)
    one = text_of(web, f"/rulesets/{played[2]}", lang)
    for page in (shelf, one):
        assert "None" not in page
        assert words[0] in page
        assert words[1] in page
    assert words[2] in one
    assert "too low" in one
    assert "tom ·" in one
    before = text_of(web, f"/rulesets/{played[1]}", lang)
    assert {"en": "approved by", "zh": "批准。"}[lang] in before
