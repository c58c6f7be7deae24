"""The mailbox as a process: it takes mail and signed SMS, and shows them to who knows its token."""

from __future__ import annotations

import hashlib
import hmac
import json
import smtplib
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest

from tests.simulators.test_processes import _command, _ended, _started

SECRET = "secret-of-the-tests"


def mailbox(store: Path, *more: str) -> list[str]:
    return _command(
        "mailbox",
        *("--port", "0", "--store", str(store), "--token", "T", "--sms-secret", SECRET),
        *more,
    )


def mail(port: int, subject: str) -> None:
    message = EmailMessage()
    message["From"], message["To"] = "a@example.com", "b@example.com"
    message["Subject"], message["Message-ID"] = subject, "<1@example.com>"
    message.set_content("正文 <b>bold</b>")
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as smtp:
        smtp.send_message(message)


def sms(client: httpx.Client, text: str, secret: str = SECRET) -> httpx.Response:
    body = json.dumps({"id": "m1", "to": "13800000001", "text": text}).encode()
    signed = hmac.new(secret.encode(), b"1." + body, hashlib.sha256).hexdigest()
    headers = {
        "X-Sluice-Timestamp": "1",
        "X-Sluice-Signature": f"v1={signed}",
        "Idempotency-Key": "m1",
    }
    return client.post("/sms", content=body, headers=headers)


def test_it_keeps_each_message_once_and_shows_it_escaped(tmp_path: Path) -> None:
    with _started(mailbox(tmp_path / "m.sqlite")) as (_, client):
        port = client.get("/admin/stats").json()["smtp_port"]
        mail(port, "预警")
        mail(port, "预警")
        assert sms(client, "短信").json() == {"id": "sms-m1"}
        assert sms(client, "短信").status_code == 200
        assert sms(client, "forged", "other").status_code == 401
        stats = client.get("/admin/stats").json()
        assert (stats["email"], stats["sms"], stats["repeated"], stats["forged"]) == (1, 1, 2, 1)
        page = client.get("/", params={"token": "T"})
        assert "正文 &lt;b&gt;bold&lt;/b&gt;" in page.text
        assert client.get("/", headers={"Authorization": ""}).status_code == 401
        assert client.get("/admin/messages", headers={"Authorization": ""}).status_code == 401
    with _started(mailbox(tmp_path / "m.sqlite")) as (_, client):
        assert len(client.get("/admin/messages").json()) == 2


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"channel": "post", "fault": "message"}, 400),
        ({"channel": "sms", "fault": "bored"}, 400),
        ({"channel": "sms", "fault": "message", "times": 1, "how": 1}, 400),
        ({"channel": "sms", "fault": "message", "code": 503}, 201),
    ],
)
def test_faults_are_planned_or_refused(
    tmp_path: Path, fault: dict[str, object], status: int
) -> None:
    with _started(mailbox(tmp_path / "m.sqlite")) as (_, client):
        assert client.post("/admin/faults", json=fault).status_code == status
        assert sms(client, "x").status_code == (503 if status == 201 else 202)


def test_it_says_what_it_lacks(tmp_path: Path) -> None:
    command = _command("mailbox", "--port", "0", "--store", str(tmp_path / "a"), "--token", "T")
    ended = _ended(command)
    assert ended.returncode == 2
    assert "SIM_SMS_SECRET" in ended.stderr
