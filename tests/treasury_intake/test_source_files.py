"""Files of a source system over real HTTP: whole or nothing, once, with a return file."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from api.app import create_app
from api.services import Services
from engine.runtime.clock import ManualClock
from tests.simulators.test_source import running_source
from tests.treasury_intake.serving import serving
from tests.treasury_intake.support import csv_file, documents, message, row

FILES = "/api/v1/source-files"
THREE = [row(1), row(2), row(3, direction="collect", creditor_type=None)]


@pytest.fixture
def http(live: Session, engine: sa.Engine, clock: ManualClock) -> Iterator[httpx.Client]:
    """The source system's connection to the served product."""
    live.commit()
    with serving(create_app(Services(engine, clock, demo=False))) as url:
        headers = {"Authorization": "Bearer claims-token-0123456789"}
        with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
            yield client


def _manifest(content: bytes, **changes: object) -> dict[str, object]:
    return {
        "sha256": hashlib.sha256(content).hexdigest(),
        "count": 3,
        "totals": [
            {"direction": "pay", "currency": "CNY", "count": 2, "amount": "203.00"},
            {"direction": "collect", "currency": "CNY", "count": 1, "amount": "103.00"},
        ],
        **changes,
    }


def _put(http: httpx.Client, content: bytes, name: str = "a.csv") -> httpx.Response:
    return http.put(f"{FILES}/{name}", content=content)


def _notify(
    http: httpx.Client, manifest: dict[str, object], key: str = "N1", name: str = "a.csv"
) -> httpx.Response:
    return http.post(
        f"{FILES}/{name}/notification", json=manifest, headers={"Idempotency-Key": key}
    )


def test_a_file_is_registered_whole_and_answered_row_by_row(
    http: httpx.Client, live: Session
) -> None:
    content = csv_file(THREE)
    assert _put(http, content).status_code == 201
    assert _put(http, content).status_code == 200
    assert http.get(f"{FILES}/a.csv/result").status_code == 404
    answer = _notify(http, _manifest(content))
    assert answer.status_code == 201, answer.text
    assert (answer.json()["rows"], answer.json()["outcome"]) == (3, "taken")
    assert {one.source_system for one in documents(live)} == {"claims"}
    lines = list(csv.DictReader(io.StringIO(http.get(f"{FILES}/a.csv/result").text)))
    assert [one["source_document_no"] for one in lines] == ["CL-00001", "CL-00002", "CL-00003"]
    numbers = {one.source_document_no: one.document_no for one in documents(live)}
    assert {one["source_document_no"]: one["document_no"] for one in lines} == numbers


@pytest.mark.parametrize(
    ("change", "code", "place"),
    [
        ({"count": 4}, "COUNT_DIFFERS", "count"),
        ({"sha256": "0" * 64}, "HASH_DIFFERS", "sha256"),
        (
            {
                "totals": [
                    {"direction": "pay", "currency": "CNY", "count": 2, "amount": "203.01"},
                    {"direction": "collect", "currency": "CNY", "count": 1, "amount": "103.00"},
                ]
            },
            "SUM_DIFFERS",
            "pay CNY",
        ),
        (
            {"totals": [{"direction": "pay", "currency": "CNY", "count": 2, "amount": "203.00"}]},
            "SUM_DIFFERS",
            "collect CNY",
        ),
    ],
)
def test_a_wrong_manifest_refuses_the_file_whole_and_names_the_place(
    http: httpx.Client, live: Session, change: dict[str, object], code: str, place: str
) -> None:
    content = csv_file(THREE)
    _put(http, content)
    answer = _notify(http, _manifest(content, **change))
    assert answer.status_code == 422
    assert [(one["code"], one["place"]) for one in answer.json()["findings"]] == [(code, place)]
    assert documents(live) == []
    assert code in http.get(f"{FILES}/a.csv/result").text
    assert _notify(http, _manifest(content, **change)).json() == answer.json()
    assert _notify(http, _manifest(content), "N2").status_code == 201


def test_a_row_without_an_amount_refuses_the_file_at_its_row(
    http: httpx.Client, live: Session
) -> None:
    content = csv_file([row(1), row(2, amount="x"), THREE[2]])
    _put(http, content)
    answer = _notify(http, _manifest(content))
    assert answer.status_code == 422
    assert [one["place"] for one in answer.json()["findings"]] == ["row 3"]
    assert documents(live) == []


def test_the_same_key_with_other_content_and_the_same_name_with_other_bytes_are_refused(
    http: httpx.Client, live: Session
) -> None:
    content = csv_file(THREE)
    _put(http, content)
    assert _notify(http, _manifest(content)).status_code == 201
    assert _notify(http, _manifest(content, count=4)).status_code == 409
    assert _put(http, csv_file(THREE[:2])).status_code == 409
    assert _notify(http, _manifest(content), "N2").json()["code"] == "FILE_SEEN"
    assert len(documents(live)) == 3


def test_fifty_notifications_at_once_are_one_batch(http: httpx.Client, live: Session) -> None:
    content = csv_file(THREE)
    _put(http, content)
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: _notify(http, _manifest(content)), range(50)))
    assert Counter(one.status_code for one in answers) == {201: 1, 200: 49}
    assert len({one.json()["batch_no"] for one in answers}) == 1
    assert len(documents(live)) == 3


def test_fifty_calls_of_one_document_at_once_are_one_document(
    http: httpx.Client, live: Session
) -> None:
    def send(_: int) -> httpx.Response:
        return http.post("/api/v1/documents", json=row(1), headers={"Idempotency-Key": "M1"})

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(send, range(50)))
    assert Counter(one.status_code for one in answers) == {201: 1, 200: 49}
    assert len({one.json()["document_no"] for one in answers}) == 1
    assert len(documents(live)) == 1
    other = {**row(1), "amount": "9.00"}
    changed = http.post("/api/v1/documents", json=other, headers={"Idempotency-Key": "M1"})
    assert changed.status_code == 409


def test_the_simulated_source_sends_a_file_and_reads_its_return_file(
    http: httpx.Client, live: Session, tmp_path: Path
) -> None:
    port = http.base_url.port or 0
    token = "claims-token-0123456789"
    sent = [message(1), message(2)]
    with running_source(tmp_path / "s.sqlite", port, product_token=token) as source:
        wrong = {"name": "w.csv", "documents": sent, "spoil": "sum"}
        refused = source.post("/admin/send-file", json=wrong, timeout=60).json()
        right = {"name": "r.csv", "documents": sent}
        taken = source.post("/admin/send-file", json=right, timeout=60).json()
        again = source.post("/admin/send-file", json=right, timeout=60).json()
    assert (refused["status"], taken["status"], again["status"]) == (422, 201, 200)
    assert "SUM_DIFFERS" in refused["result"]
    assert taken["result"].count("taken") == 2
    assert again == {**taken, "status": 200}
    assert len(documents(live)) == 2


def test_no_other_user_reaches_a_sources_file(http: httpx.Client) -> None:
    _put(http, csv_file(THREE))
    stranger = httpx.get(f"{http.base_url}{FILES[1:]}/a.csv/result")
    assert stranger.status_code == 401
