"""The source system: sends claims, repeats some, acknowledges, loses some."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from simulators.common.fields import Fields, Refused
from simulators.common.http import Outcome, Request, Response, Silence, json_response
from simulators.common.store import Store
from simulators.source.bulk import BulkSender
from simulators.source.inbox import Inbox
from simulators.source.options import read_options
from simulators.source.schema import SCHEMA
from simulators.source.sender import Sender
from simulators.source.server import source_application
from tests.simulators.running import TOKEN, listening


class Product:
    """Stands for the product: answers documents by idempotency key, and can be down at first."""

    def __init__(self, failures: int = 0) -> None:
        self.calls: Counter[str] = Counter()
        self.headers: list[str] = []
        self._failures = failures
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Outcome:
        key = request.headers["idempotency-key"]
        with self._lock:
            self.headers.append(request.headers["authorization"])
            if self._failures > 0:
                self._failures -= 1
                return Silence.RESET if self._failures % 2 else Response(503)
            self.calls[key] += 1
            repeated = self.calls[key] > 1
        document = json.loads(request.body)
        if document["amount"] == "-1.00":
            return json_response({"findings": ["amount"]}, 422)
        return json_response({"document_no": f"D-{key}"}, 200 if repeated else 201)


@contextmanager
def running_source(
    store: Path | Store,
    product_port: int = 9,
    seed: int = 1,
    product_token: str = "product-token",
    **options: object,
) -> Iterator[httpx.Client]:
    """A source system whose product listens on that port."""
    opened = store if isinstance(store, Store) else Store(store, SCHEMA)
    read = read_options(Fields(options, "options"))
    product = f"http://127.0.0.1:{product_port}/"
    sender = Sender(opened, read, seed, product, product_token)
    bulk = BulkSender(opened, product, product_token, 0.1)
    inbox = Inbox(opened, read, seed)
    sender.start()
    with (
        listening(source_application(opened, inbox, sender, TOKEN, bulk)) as port,
        httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {TOKEN}"}
        ) as client,
    ):
        yield client
    sender.stop()
    sender.join()
    if opened is not store:
        opened.close()


def _documents(count: int, amount: str = "100.00") -> list[dict[str, str]]:
    return [{"source_document_no": f"C{n}", "amount": amount} for n in range(count)]


def _message(number: int, sequence: int = 1, status: str = "PAID") -> dict[str, object]:
    return {
        "message_id": f"MSG-{number}",
        "kind": "document_status",
        "document_no": f"D-{number % 10}",
        "source_document_no": f"C-{number % 10}",
        "sequence": sequence,
        "status": status,
    }


def _stats(source: httpx.Client) -> dict[str, int]:
    found: dict[str, int] = source.get("/admin/stats").json()
    return found


def test_documents_are_sent_once_and_a_tenth_is_repeated_with_the_same_key(
    tmp_path: Path,
) -> None:
    product = Product()
    with listening(product) as port, running_source(tmp_path / "s.sqlite", port) as source:
        answer = source.post(
            "/admin/send", json={"documents": _documents(200), "repeat_percent": 10, "wait": True}
        )
        sent = answer.json()["sent"]
    assert answer.status_code == 200
    assert set(product.headers) == {"Bearer product-token"}
    assert len(product.calls) == 200
    repeated = [s for s in sent if s["repeated"]]
    assert 8 <= len(repeated) <= 35
    assert {s["message_id"] for s in repeated} == {k for k, n in product.calls.items() if n == 2}
    assert all(s["repeat_status"] == 200 and s["repeat_answer"] == s["answer"] for s in repeated)


def test_a_refusal_is_an_answer_and_is_kept(tmp_path: Path) -> None:
    with listening(Product()) as port, running_source(tmp_path / "s.sqlite", port) as source:
        answer = source.post(
            "/admin/send", json={"documents": _documents(1, "-1.00"), "wait": True}
        )
    (sent,) = answer.json()["sent"]
    assert (sent["status"], sent["answer"]) == (422, {"findings": ["amount"]})


def test_a_product_that_fails_gets_the_document_again_until_it_answers(tmp_path: Path) -> None:
    product = Product(failures=6)
    with (
        listening(product) as port,
        running_source(tmp_path / "s.sqlite", port, retry_seconds=0) as source,
    ):
        source.post("/admin/send", json={"documents": _documents(3), "wait": True})
        assert _stats(source)["answered"] == 3
    assert set(product.calls.values()) == {1}


def test_documents_not_sent_before_a_restart_are_sent_after_it(tmp_path: Path) -> None:
    store = tmp_path / "s.sqlite"
    with running_source(store) as source:
        queued = source.post("/admin/send", json={"documents": _documents(3)})
        assert queued.status_code == 202
    product = Product()
    with listening(product) as port, running_source(store, port) as source:
        source.post("/admin/send", json={"documents": [], "wait": True})
        last = source.post("/admin/send", json={"documents": _documents(1), "wait": True})
        assert last.json()["message_ids"] == ["SRC1-00000004"]
    assert set(queued.json()["message_ids"]) <= set(product.calls)


def test_a_message_is_acknowledged_and_counted_once(tmp_path: Path) -> None:
    with running_source(tmp_path / "s.sqlite") as source:
        for _ in range(3):
            assert source.post("/messages", json=_message(1)).json() == {"ack": "MSG-1"}
        assert source.post("/messages", json=_message(1, status="VOID")).status_code == 409
        assert source.get("/admin/messages").json() == [
            {"times": 3, "lost": 0, "message": _message(1)}
        ]
        stats = _stats(source)
    assert (stats["received"], stats["distinct"], stats["conflicts"]) == (4, 1, 1)


def test_a_later_message_before_an_earlier_one_is_noticed(tmp_path: Path) -> None:
    with running_source(tmp_path / "s.sqlite") as source:
        for number, sequence in ((1, 1), (11, 3), (21, 2), (2, 1)):
            source.post("/messages", json=_message(number, sequence))
        assert _stats(source)["out_of_order"] == 1


@pytest.mark.parametrize(
    ("change", "status"),
    [({"message_id": None}, 400), ({"sequence": "1"}, 400), ({"status": "LOST"}, 422)],
)
def test_a_message_that_is_wrong_is_not_acknowledged(
    tmp_path: Path, change: dict[str, object], status: int
) -> None:
    with running_source(tmp_path / "s.sqlite") as source:
        assert source.post("/messages", json=_message(1) | change).status_code == status
        assert source.get("/admin/messages").json() == []


def _losses(store: Path, seed: int) -> tuple[list[str], dict[str, int]]:
    """Send 40 messages until each is acknowledged; what came of each try, and the figures."""
    outcomes: list[str] = []
    with running_source(store, seed=seed, lose_percent=40, lose_ack_percent=20) as source:
        for number in range(40):
            acknowledged = False
            while not acknowledged:
                try:
                    answer = source.post("/messages", json=_message(number))
                except httpx.RemoteProtocolError:
                    outcomes.append("closed")
                else:
                    outcomes.append(str(answer.status_code))
                    acknowledged = answer.status_code == 200
        return outcomes, _stats(source)


def test_lost_messages_arrive_when_sent_again_and_the_seed_decides(tmp_path: Path) -> None:
    outcomes, stats = _losses(tmp_path / "1.sqlite", 1)
    assert set(outcomes) == {"200", "503", "closed"}
    assert stats["distinct"] == 40
    assert stats["lost"] + stats["acks_lost"] == len(outcomes) - 40
    assert min(stats["lost"], stats["acks_lost"]) > 0
    assert _losses(tmp_path / "2.sqlite", 1)[0] == outcomes
    assert _losses(tmp_path / "3.sqlite", 2)[0] != outcomes


def test_only_the_token_opens_the_door(tmp_path: Path) -> None:
    with running_source(tmp_path / "s.sqlite") as source:
        answer = httpx.post(f"{source.base_url}/messages", json=_message(1))
    assert answer.status_code == 401


@pytest.mark.parametrize("options", [{"lose_percent": 101}, {"loose": 1}, {"send_workers": 0}])
def test_bad_options_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(Refused):
        read_options(Fields(options, "options"))
