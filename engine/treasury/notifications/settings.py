"""How mail and SMS leave: from the environment alone, since passwords stand in it.

SLUICE_SMTP_HOST, _FROM (both needed), _PORT, _TLS (starttls, implicit, none), _USER, _PASSWORD,
_CA_FILE; SLUICE_SMS_URL and SLUICE_SMS_SECRET. No rule and no person's data names a host.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from engine.base.text import SluiceError, Text

ADDRESS = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
PHONE = re.compile(r"\+?[0-9]{5,20}")
SECURITY = {"starttls": 587, "implicit": 465, "none": 25}
"""Ways to protect the connection, and the usual port of each."""
SHORTEST_SECRET = 16


class NotificationSettingError(SluiceError):
    """A setting of a channel that cannot be used."""


@dataclass(frozen=True, slots=True)
class MailSettings:
    """A mail server to hand messages to."""

    host: str
    port: int
    security: str
    """starttls | implicit | none"""
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    """Certificates to trust instead of the system's."""


@dataclass(frozen=True, slots=True)
class SmsSettings:
    """An HTTP gateway that takes SMS."""

    url: str
    secret: str = field(repr=False)


def mail_settings(environ: Mapping[str, str]) -> MailSettings | None:
    """The mail server; None when none is named. Raises NotificationSettingError."""
    host, sender = environ.get("SLUICE_SMTP_HOST"), environ.get("SLUICE_SMTP_FROM")
    if not host:
        return None
    if not re.fullmatch(r"[A-Za-z0-9.:_-]+", host):
        raise _wrong("SLUICE_SMTP_HOST", "a host name", "主机名")
    if not sender or not ADDRESS.fullmatch(sender):
        raise _wrong("SLUICE_SMTP_FROM", "the address mail comes from", "发件人地址")
    security = environ.get("SLUICE_SMTP_TLS") or "starttls"
    if security not in SECURITY:
        raise _wrong("SLUICE_SMTP_TLS", "starttls, implicit or none", "starttls、implicit 或 none")
    port = environ.get("SLUICE_SMTP_PORT") or str(SECURITY[security])
    if not (port.isascii() and port.isdecimal() and 1 <= int(port) <= 65535):
        raise _wrong("SLUICE_SMTP_PORT", "a port, 1 to 65535", "1 至 65535 的端口")
    user, password = environ.get("SLUICE_SMTP_USER"), environ.get("SLUICE_SMTP_PASSWORD")
    if bool(user) != bool(password):
        raise _wrong("SLUICE_SMTP_PASSWORD", "given exactly when _USER is", "与 _USER 同时设置")
    if user and security == "none" and not _loopback(host):
        raise _wrong(
            "SLUICE_SMTP_TLS",
            "not none where a password is sent to another machine",
            "向其他主机发送密码时不得为 none",
        )
    ca_file = environ.get("SLUICE_SMTP_CA_FILE") or None
    if ca_file is not None and not Path(ca_file).is_file():
        raise _wrong("SLUICE_SMTP_CA_FILE", "a file of certificates", "证书文件")
    return MailSettings(host, int(port), security, sender, user or None, password or None, ca_file)


def sms_settings(environ: Mapping[str, str]) -> SmsSettings | None:
    """The SMS gateway; None when none is named. Raises NotificationSettingError."""
    given, secret = environ.get("SLUICE_SMS_URL"), environ.get("SLUICE_SMS_SECRET")
    if not given:
        return None
    try:
        url = httpx.URL(given)
    except httpx.InvalidURL:
        raise _wrong("SLUICE_SMS_URL", "a URL", "网址") from None
    safe = url.scheme == "https" or (url.scheme == "http" and _loopback(url.host))
    if not (safe and url.host) or url.userinfo or url.fragment:
        raise _wrong(
            "SLUICE_SMS_URL",
            "an https URL without user and fragment (http on this machine alone)",
            "不含用户与片段的 https 网址(http 仅限本机)",
        )
    if not secret or len(secret) < SHORTEST_SECRET:
        raise _wrong(
            "SLUICE_SMS_SECRET",
            f"a secret of {SHORTEST_SECRET} characters or more",
            f"至少 {SHORTEST_SECRET} 个字符的密钥",
        )
    return SmsSettings(str(url), secret)


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _wrong(name: str, en: str, zh: str) -> NotificationSettingError:
    return NotificationSettingError(
        "NOTIFICATION_SETTING",
        Text(
            f"{name} has to be {en}; see docs/notifications.md",
            f"{name} 应为{zh};请参阅 docs/notifications.md",
        ),
    )
