"""The simulators as processes: ready line, exit codes, kill -9 and restart."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.simulators.messages import Line, batch_body, cms, pain001, parse

OURS = "9010000000000001"
GOOD_BANK = ["bank", "--profile", "bank_a", "--port", "0", "--store", "{}/a", "--token", "T"]
GOOD_SOURCE = ["source", "--port", "0", "--store", "{}/a", "--token", "T"]
ROOT = Path(__file__).resolve().parents[2]


def _command(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", f"simulators.{module}", *arguments]


def _bank(store: Path, *more: str) -> list[str]:
    return _command("bank", "--port", "0", "--store", str(store), "--token", "T", *more)


def _ended(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False
    )


@contextmanager
def _started(command: Sequence[str]) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            word, port = process.stdout.readline().split()
            assert word == "ready"
            headers = {"Authorization": "Bearer T"}
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers) as client:
                yield process, client
        finally:
            process.kill()


def _prepare(client: httpx.Client) -> None:
    account = {"number": OURS, "name": "示例保险", "balance": "1000000.00", "kind": "own"}
    assert client.post("/admin/accounts", json=[account]).status_code == 200
    clock = {"now": "2030-11-23T09:00:00+08:00", "frozen": True}
    assert client.post("/admin/clock", json=clock).status_code == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order_with_nothing_more_on_stdout(
    tmp_path: Path, number: signal.Signals
) -> None:
    with _started(_bank(tmp_path / "a.sqlite", "--profile", "bank_a")) as (process, client):
        assert client.get("/admin/stats").status_code == 200
        process.send_signal(number)
        rest, _ = process.communicate(timeout=10)
    assert (process.returncode, rest) == (0, "")


def test_killed_at_any_moment_it_has_each_message_whole_or_not_at_all(tmp_path: Path) -> None:
    command = _bank(tmp_path / "a.sqlite", "--profile", "bank_a")
    answered: set[str] = set()

    def submit(client: httpx.Client, number: int) -> None:
        message = pain001(f"M{number}", [Line(f"I{number}-{n}", "1.00") for n in range(50)])
        try:
            if client.post("/iso/payments", content=message).status_code == 202:
                answered.add(f"M{number}")
        except httpx.TransportError:
            return
        if len(answered) == 15:
            process.send_signal(signal.SIGKILL)

    with _started(command) as (process, client):
        _prepare(client)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda number: submit(client, number), range(60)))
    assert len(answered) < 60
    with _started(command) as (process, client):
        client.post("/admin/clock", json={"now": "2030-11-23T10:00:00+08:00"})
        found: dict[str, int] = {}
        for number in range(60):
            status = client.get(f"/iso/payments/M{number}")
            if status.status_code == 200:
                items = [i.text for i in parse(status.content).iter("{*}TxSts")]
                assert items == ["ACSC"] * 50
                found[f"M{number}"] = len(items)
        assert answered <= set(found)
        assert len(client.get("/admin/executions").json()) == 50 * len(found)


def test_a_restart_keeps_clock_accounts_items_and_statements(tmp_path: Path) -> None:
    command = _bank(tmp_path / "b.sqlite", "--profile", "bank_b")
    with _started(command) as (_, client):
        _prepare(client)
        body = cms("PAYBAT", batch_body("B1", [Line("I1", "100.00")]))
        client.post("/cgi/gateway", content=body)
        client.post("/admin/cut", json={"empty": True})
    with _started(command) as (_, client):
        assert client.get("/admin/clock").json() == {
            "now": "2030-11-23T09:00:00.000+08:00",
            "frozen": True,
        }
        client.post("/admin/clock", json={"now": "2030-11-23T19:00:00+08:00"})
        request = cms("QRYSTM", f"<ACCNO>{OURS}</ACCNO><AFTERSEQ>0</AFTERSEQ>")
        root = parse(client.post("/cgi/gateway", content=request).content)
        shown = [(s.findtext("SEQ"), s.findtext("CLOSEBAL")) for s in root.iter("STM")]
    assert shown == [("1", "1000000.00"), ("2", "999900.00")]


def test_options_come_from_a_file_and_the_token_from_the_environment(tmp_path: Path) -> None:
    options = tmp_path / "options.json"
    options.write_text(json.dumps({"processing_seconds": 0}), "utf-8")
    command = _command("bank", "--profile", "bank_a", "--port", "0")
    command += ["--store", str(tmp_path / "a.sqlite"), "--options", str(options)]
    os.environ["SIM_TOKEN"] = "T"
    try:
        with _started(command) as (_, client):
            _prepare(client)
            client.post("/iso/payments", content=pain001("M1", [Line("I1", "1.00")]))
            assert len(client.get("/admin/executions").json()) == 1
    finally:
        del os.environ["SIM_TOKEN"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["bank"], "required"),
        (["bank", "--profile", "bank_x", "--port", "0", "--store", "x"], "bank_x"),
        (["bank", "--profile", "bank_a", "--port", "70000", "--store", "x"], "--port"),
        (["bank", "--profile", "bank_a", "--port", "0", "--store", "{}/a"], "SIM_TOKEN"),
        (
            ["bank", "--profile", "bank_a", "--port", "0", "--store", "{}/no/a", "--token", "T"],
            "does not exist",
        ),
        (
            [*GOOD_BANK, "--options", "{}/missing.json"],
            "missing.json",
        ),
        (GOOD_SOURCE, "--product-url"),
        (
            [*GOOD_SOURCE, "--product-url", "ftp://x", "--product-token", "P"],
            "http",
        ),
    ],
)
def test_a_wrong_command_line_ends_with_2_and_says_why(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    command = _command(*(argument.replace("{}", str(tmp_path)) for argument in arguments))
    ended = _ended(command)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert ended.stdout == ""


def test_a_store_serves_one_process_and_one_profile(tmp_path: Path) -> None:
    command = _bank(tmp_path / "a.sqlite", "--profile", "bank_a")
    with _started(command):
        second = _ended(command)
    assert (second.returncode, second.stdout) == (1, "")
    other = _ended(_bank(tmp_path / "a.sqlite", "--profile", "bank_b"))
    assert other.returncode == 2
    assert "belongs to bank bank_a" in other.stderr


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = _command("bank", "--profile", "bank_a", "--port", port, "--token", "T")
        command += ["--store", str(tmp_path / "a.sqlite")]
        ended = _ended(command)
    assert ended.returncode == 1
    assert "choose another --port" in ended.stderr


def test_a_source_system_starts_and_stops(tmp_path: Path) -> None:
    command = _command("source", "--port", "0", "--store", str(tmp_path / "s.sqlite"))
    command += ["--token", "T", "--product-url", "http://127.0.0.1:9", "--product-token", "P"]
    with _started(command) as (process, client):
        assert client.get("/admin/stats").json()["received"] == 0
        process.terminate()
        rest, _ = process.communicate(timeout=10)
    assert (process.returncode, rest) == (0, "")
