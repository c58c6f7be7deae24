"""The wire: TLS, passwords, settings that are refused, servers that do not answer."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult

from engine.treasury.notifications.carriers import Message, NotNow, Taken
from engine.treasury.notifications.mail import MailCarrier
from engine.treasury.notifications.settings import (
    MailSettings,
    NotificationSettingError,
    SmsSettings,
    mail_settings,
    sms_settings,
)
from engine.treasury.notifications.sms import SmsCarrier, signature
from simulators.common.store import Store
from simulators.mailbox.box import Box
from simulators.mailbox.schema import SCHEMA
from simulators.mailbox.smtp import MailServer

NOW = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)


def message(**more: str) -> Message:
    given = {
        "message_id": "a1b2",
        "address": "li@example.com",
        "subject": "大额支付",
        "body": "正文",
        "language": "zh",
        "template": "standard",
        **more,
    }
    return Message(**given, made_at=NOW, at=NOW)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of this machine's own, with its key in the same file."""
    place = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-keyout", str(place / "key.pem"), "-out", str(place / "crt.pem")),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
        ],
        check=True,
        capture_output=True,
    )
    return place


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(Store(tmp_path / "box.sqlite", SCHEMA))


@contextmanager
def guarded(box: Box, certificate: Path) -> Iterator[int]:
    """A server that wants TLS and a password."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate / "crt.pem", certificate / "key.pem")

    def check(*given: object) -> AuthResult:
        login = given[-1]
        good = getattr(login, "password", b"") == b"open sesame"
        return AuthResult(success=good, handled=good)

    server = MailServer(
        box,
        tls_context=context,
        require_starttls=True,
        authenticator=check,
        auth_required=True,
    )
    yield server.port
    server.stop()


def settings(port: int, **more: str | None) -> MailSettings:
    given: dict[str, str | None] = {"security": "none", "user": None, "password": None, **more}
    return MailSettings(
        "localhost",
        port,
        str(given["security"]),
        "treasury@example.com",
        given["user"],
        given["password"],
        given.get("ca_file"),
    )


def test_starttls_and_a_password(box: Box, certificate: Path) -> None:
    trusted = str(certificate / "crt.pem")
    with guarded(box, certificate) as port:
        good = settings(
            port, security="starttls", user="t", password="open sesame", ca_file=trusted
        )
        assert isinstance(MailCarrier(good).carry(message()), Taken)
        assert box.messages()[0]["subject"] == "大额支付"
        wrong = settings(port, security="starttls", user="t", password="no", ca_file=trusted)
        said = MailCarrier(wrong).carry(message())
        assert isinstance(said, NotNow)
        assert said.cause.startswith("535")


def test_a_certificate_nobody_vouches_for_is_not_trusted(box: Box, certificate: Path) -> None:
    with guarded(box, certificate) as port:
        own = settings(port, security="starttls", user="t", password="open sesame")
        said = MailCarrier(own).carry(message())
    assert isinstance(said, NotNow)
    assert "CERTIFICATE_VERIFY_FAILED" in said.cause
    assert box.messages() == []


def test_nothing_goes_in_the_clear_where_starttls_is_wanted(box: Box) -> None:
    server = MailServer(box)
    said = MailCarrier(settings(server.port, security="starttls")).carry(message())
    server.stop()
    assert isinstance(said, NotNow)
    assert "STARTTLS" in said.cause
    assert box.messages() == []


@contextmanager
def silent() -> Iterator[int]:
    """A port that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def test_a_server_that_says_nothing_is_left_in_time() -> None:
    with silent() as port:
        said = MailCarrier(settings(port), seconds=0.2).carry(message())
        assert isinstance(said, NotNow)
        url = f"http://127.0.0.1:{port}/sms"
        said = SmsCarrier(SmsSettings(url, "x" * 16), read_seconds=0.2).carry(message())
        assert isinstance(said, NotNow)
        assert "Timeout" in said.cause


def test_the_signature_is_over_timestamp_and_body() -> None:
    seen: list[bytes] = []

    def serve(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            seen.append(connection.recv(65536))
            while b"template" not in seen[-1]:
                seen[-1] += connection.recv(65536)
            connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,))
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/sms"
        said = SmsCarrier(SmsSettings(url, "a secret of sixteen")).carry(message())
        thread.join()
    assert said == Taken("HTTP 204")
    head, _, body = seen[0].partition(b"\r\n\r\n")
    stamp = str(int(NOW.timestamp()))
    wanted = signature("a secret of sixteen", stamp, body)
    assert f"x-sluice-signature: {wanted}".encode() in head.lower()
    assert b"idempotency-key: a1b2" in head.lower()
    assert b"secret" not in seen[0]


GOOD = {"SLUICE_SMTP_HOST": "mail.example", "SLUICE_SMTP_FROM": "t@example.com"}


def test_the_usual_port_of_each_way_to_protect_the_connection() -> None:
    for security, port in (("starttls", 587), ("implicit", 465), ("none", 25)):
        found = mail_settings({**GOOD, "SLUICE_SMTP_TLS": security})
        assert found is not None
        assert found.port == port


def test_nothing_named_is_nothing_set_up() -> None:
    assert mail_settings({}) is None
    assert sms_settings({"SLUICE_SMS_SECRET": "x" * 16}) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SLUICE_SMTP_HOST", "mail example"),
        ("SLUICE_SMTP_FROM", "x@y\r\nBcc: z@y"),
        ("SLUICE_SMTP_FROM", ""),
        ("SLUICE_SMTP_TLS", "yes"),
        ("SLUICE_SMTP_PORT", "0"),
        ("SLUICE_SMTP_PORT", "٢٥"),
        ("SLUICE_SMTP_USER", "alone"),
        ("SLUICE_SMTP_CA_FILE", "/nowhere/at/all"),
    ],
)
def test_mail_settings_that_cannot_be_used_name_their_variable(name: str, value: str) -> None:
    with pytest.raises(NotificationSettingError) as refused:
        mail_settings({**GOOD, name: value})
    assert name in refused.value.text.en or name == "SLUICE_SMTP_USER"


def test_a_password_never_goes_to_another_machine_in_the_clear() -> None:
    login = {"SLUICE_SMTP_USER": "t", "SLUICE_SMTP_PASSWORD": "p", "SLUICE_SMTP_TLS": "none"}
    with pytest.raises(NotificationSettingError, match="SLUICE_SMTP_TLS"):
        mail_settings({**GOOD, **login})
    assert mail_settings({**GOOD, **login, "SLUICE_SMTP_HOST": "127.0.0.1"}) is not None


@pytest.mark.parametrize(
    "url",
    [
        "http://gateway.example/sms",
        "file:///etc/passwd",
        "ftp://gateway.example/",
        "gateway.example",
        "https://user:pass@gateway.example/",
        "https://",
    ],
)
def test_sms_leaves_over_https_alone(url: str) -> None:
    with pytest.raises(NotificationSettingError, match="SLUICE_SMS_URL"):
        sms_settings({"SLUICE_SMS_URL": url, "SLUICE_SMS_SECRET": "x" * 16})


def test_a_short_secret_is_refused_and_no_secret_is_ever_printed() -> None:
    url = {"SLUICE_SMS_URL": "https://gateway.example/sms"}
    with pytest.raises(NotificationSettingError, match="SLUICE_SMS_SECRET"):
        sms_settings({**url, "SLUICE_SMS_SECRET": "short"})
    good = sms_settings({**url, "SLUICE_SMS_SECRET": "a secret of sixteen"})
    assert "sixteen" not in repr(good)
    assert "pw" not in repr(settings(25, user="u", password="pw"))
