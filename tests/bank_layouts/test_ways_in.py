"""From a bank's file to a live layout by REST and command line; the page says how each stands."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import sqlalchemy as sa
from typer.testing import Result

from tests.bank_layouts.support import SAMPLE, layout
from tests.operations.test_commands import sluice
from tests.pages.fixtures import played, world
from tests.pages.world import World
from tests.permissions.support import API, code, get, person, post
from tests.versions.conftest import ruled, web
from tests.versions.support import said

__all__ = ["played", "ruled", "sluice", "web", "world"]


def begun(web: httpx.Client, user: str, text: str, org: str = "GROUP") -> httpx.Response:
    return web.post(
        f"{API}/bank-layouts/drafts",
        data={"organisation": org, "text": text},
        files={"sample": ("nov.csv", SAMPLE)},
        headers=said(user),
    )


def test_a_sample_becomes_a_live_layout_by_two_persons(web: httpx.Client, ruled: sa.Engine) -> None:
    person(ruled, "ann", "analyst")
    person(ruled, "tom", "treasurer")
    draft = begun(web, "ann", layout(credit="贷方")).json()
    refused = get(web, "ann", f"bank-layouts/drafts/{draft['id']}/rows").json()[0]
    assert "贷方" in refused["refused_zh"]
    text = layout()
    saved = web.put(
        f"{API}/bank-layouts/drafts/{draft['id']}",
        json={"text": text, "seen": draft["hash"]},
        headers=said("ann"),
    ).json()
    assert saved["findings"] == []
    (read,) = get(web, "ann", f"bank-layouts/drafts/{draft['id']}/rows").json()
    row = read["rows"][0]
    assert (row["cells"]["credit"], row["text"].strip()) == (
        "10000",
        "2026-11-20,,100.00,100.00,利息",
    )
    assert bytes.fromhex(row["raw"]) in SAMPLE
    made = post(
        web,
        "ann",
        f"bank-layouts/drafts/{draft['id']}/submit",
        seen=saved["hash"],
        reason="new bank",
    ).json()
    assert made["state"] == "proposed"
    assert code(post(web, "ann", f"bank-layouts/{made['hash']}/sign"))[0] == 403
    assert post(web, "tom", f"bank-layouts/{made['hash']}/sign").json()["state"] == "live"
    shown = get(web, "tom", f"bank-layouts/{made['hash']}").json()
    assert shown["text"] == text
    assert [one["cause"] for one in shown["activations"]] == ["approved"]


def test_another_branch_does_not_learn_of_a_layout(web: httpx.Client, ruled: sa.Engine) -> None:
    person(ruled, "bea", "analyst", "BJ")
    person(ruled, "sid", "analyst", "SH")
    draft = begun(web, "bea", layout(org="BJ"), "BJ").json()
    assert get(web, "sid", f"bank-layouts/drafts/{draft['id']}").status_code == 404
    assert get(web, "sid", "bank-layouts/drafts").json() == []
    path = f"bank-layouts/drafts/{draft['id']}/submit"
    made = post(web, "bea", path, seen=draft["hash"], reason="x").json()
    assert get(web, "sid", f"bank-layouts/{made['hash']}").status_code == 404
    assert made["hash"] not in {one["hash"] for one in get(web, "sid", "bank-layouts").json()}


def test_the_command_line_submits_signs_compares_and_undoes(
    sluice: Callable[..., Result], ruled: sa.Engine, tmp_path: Path
) -> None:
    person(ruled, "ann", "analyst")
    person(ruled, "tom", "treasurer")
    sample = tmp_path / "nov.csv"
    sample.write_bytes(SAMPLE)
    hashes = []
    for version in (1, 2):
        file = tmp_path / f"{version}.yaml"
        file.write_text(layout(version), "utf-8")
        words = ("--as", "ann", "--reason", "new", "--sample", str(sample), "--format", "json")
        made = json.loads(sluice("bank", "layouts", "submit", str(file), *words).output)
        hashes.append(made["hash"])
        sluice("bank", "layouts", "sign", made["hash"][:12], "--as", "tom")
    read = sluice("bank", "layouts", "read", str(sample), hashes[0], "--as", "ann").output
    assert "credit=10000" in read
    diff = sluice("bank", "layouts", "diff", *hashes, "--as", "ann").output
    assert "-version: 1" in diff
    assert "+version: 2" in diff
    sluice("bank", "layouts", "undo", "own-statement", "--as", "tom", "--reason", "wrong")
    listed = json.loads(sluice("bank", "layouts", "ls", "--as", "ann", "--format", "json").output)
    states = {one["hash"]: one["state"] for one in listed}
    assert [states[one] for one in hashes] == ["live", "signed"]


def test_what_was_learned_is_handed_over_with_the_sample_kept_beside_it(
    sluice: Callable[..., Result], ruled: sa.Engine, tmp_path: Path
) -> None:
    person(ruled, "ann", "analyst")
    given = tmp_path / "nov.csv"
    given.write_bytes(SAMPLE + "2026-11-21,30.00,,70.00,手续费\n".encode("gb18030"))
    out = tmp_path / "layouts"
    learned = ("--name", "learned", "--bank", "bank_a", "--out", str(out))
    assert sluice("bank", "learn", str(given), *learned).exit_code == 0
    words = ("--as", "ann", "--reason", "new", "--format", "json")
    made = sluice("bank", "layouts", "submit", str(out / "learned.yaml"), *words)
    assert json.loads(made.output)["state"] == "proposed"
    with ruled.connect() as connection:
        kept = connection.execute(sa.text("SELECT content FROM bank_layout_sample")).scalars().all()
    assert [bytes(one) for one in kept] == [given.read_bytes()]
    (out / "samples" / "learned.csv").unlink()
    missing = sluice("bank", "layouts", "submit", str(out / "learned.yaml"), *words, code=2)
    assert "B040" in missing.output + missing.stderr


def test_the_page_lists_layouts_and_shows_one(world: World) -> None:
    client = world.client("treasurer").http
    page = client.get("/operations/layouts")
    assert page.status_code == 200
    assert "bars-payment" in page.text
    address = page.text.split('href="/operations/layouts/')[1].split('"')[0]
    assert "kind: bank_layout" in client.get(f"/operations/layouts/{address}").text
    assert world.client("cashier").http.get("/operations/layouts").status_code == 403


def test_a_layout_is_learned_from_a_sample_alone(web: httpx.Client, ruled: sa.Engine) -> None:
    person(ruled, "ann", "analyst")
    rows = "2026-11-20,,100.00,100.00,利息\n2026-11-20,30.00,,70.00,手续费\n"
    rows += "2026-11-21,,5.50,75.50,退款\n"
    sample = ("记账日期,支出,收入,余额,摘要\n" + rows).encode("gb18030")
    form = {"organisation": "GROUP", "bank": "bank_a", "name": "learned-statement"}
    made = web.post(
        f"{API}/bank-layouts/drafts/learn",
        data=form,
        files={"sample": ("nov.csv", sample)},
        headers=said("ann"),
    )
    assert made.status_code == 201, made.text
    body = made.json()
    assert (body["complete"], body["amount_rule"]) == (True, "debit_credit")
    assert {one["role"] for one in body["columns"]} >= {"booking_date", "debit", "credit"}
    draft = body["draft"]
    submit = f"bank-layouts/drafts/{draft['id']}/submit"
    done = post(web, "ann", submit, seen=draft["hash"], reason="new bank")
    assert done.json()["state"] == "proposed", done.text
