"""Drafts and versions of the shipped payment approval, and forms as a browser sends them."""

from __future__ import annotations

import html
import re
from pathlib import Path

import httpx

from tests.pages.world import World

FILE = Path(__file__).parents[2] / "rulesets/approval/payment-approval.yaml"


def approval(large: str = "30万", version: int = 3, org: str = "GROUP") -> str:
    """The shipped payment approval under another threshold."""
    text = FILE.read_text("utf-8").replace("large: 50万}", f"large: {large}}}")
    text = re.sub(r"(?m)^version: \d+$", f"version: {version}", text)
    if org != "GROUP":
        text = re.sub(r"(?m)^overrides: .*\n", "", text).replace("org: GROUP", f"org: {org}")
        text = text.replace("name: payment-approval", f"name: {org.lower()}-approval")
    return text


def draft(world: World, text: str | None = None, user: str = "analyst", note: str = "") -> int:
    """A draft of `text`; its number."""
    browser = world.client(user)
    base = world.one(
        "SELECT hash FROM ruleset_version WHERE name = 'payment-approval' AND version = 2"
    )
    made = browser.http.post(
        "/api/v1/drafts",
        json={"text": approval() if text is None else text, "base_hash": base, "note": note},
        headers={"X-CSRF-Token": browser.csrf},
    )
    assert made.status_code == 201, made.text
    return int(made.json()["id"])


def send(world: World, user: str, address: str, lang: str = "en", **fields: str) -> httpx.Response:
    """A form, with the session's token."""
    browser = world.client(user, lang)
    answer: httpx.Response = browser.http.post(address, data={"csrf": browser.csrf, **fields})
    return answer


def look(world: World, user: str, address: str, lang: str = "en") -> httpx.Response:
    """A page."""
    answer: httpx.Response = world.client(user, lang).http.get(address)
    return answer


def seen(world: World, number: int) -> str:
    """The hash of a draft's text as its page carries it."""
    return world.one("SELECT text_hash FROM ruleset_draft WHERE id = :id", id=number)


def submitted(world: World, number: int, reason: str = "two are too few above 300,000") -> str:
    """Submit a draft as the analyst; the version's hash."""
    answer = send(
        world, "analyst", f"/drafts/{number}/submit", seen=seen(world, number), reason=reason
    )
    assert answer.status_code == 303, answer.text
    found = re.match(r"/rulesets/([0-9a-f]{64})/review\?", answer.headers["location"])
    assert found is not None
    return found[1]


def words(answer: httpx.Response) -> str:
    """What a page says, without its tags."""
    text = re.sub(r"<(script|style).*?</\1>", " ", answer.text, flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def forms(answer: httpx.Response) -> set[str]:
    """The addresses that the forms of a page post to, without the session's own."""
    found = re.findall(r'<form[^>]*method="post"[^>]*action="([^"]+)"', answer.text)
    found += re.findall(r'formaction="([^"]+)"', answer.text)
    return {one.rsplit("/", 1)[1] for one in found} - {"sign-out"}
